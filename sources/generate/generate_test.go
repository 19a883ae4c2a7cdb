package generate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/sourcetest"
)

func open(t testing.TB, c Config) *Source {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(c, sources.Env{Name: "gen", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	rows, paced, logs := Defaults(), Defaults(), Defaults()
	rows.Keys, rows.Tables, rows.Count = 100, 3, 20_000
	paced.Keys, paced.Rate = 10, 5000
	logs.Size = 1000
	for name, c := range map[string]Config{"rows": rows, "paced": paced, "logs": logs} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Harness{
				Open:   func(t *testing.T) sources.Source { return open(t, c) },
				Events: 1000, // 256 KiB holds fewer than this of the logs, so there is more than one batch
			})
		})
	}
}

// collect runs a source until it has emitted n events.
func collect(t *testing.T, s *Source, n int) []sourcetest.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var r sourcetest.Recorder
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, nil, &r) }()
	if err := r.WaitEvents(ctx, n); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	return r.Events()
}

// The rows are a history that can be: only what is absent is inserted, only what is there is changed or deleted.
func TestRowsMakeAHistory(t *testing.T) {
	c := Defaults()
	c.Keys, c.Tables, c.Count = 50, 2, 10_000
	there := map[string]bool{}
	seen := map[event.Op]int{}
	for i, e := range collect(t, open(t, c), 10_000) {
		key := fmt.Sprintf("%s.%x", e.Table.Name, e.Key)
		if (e.Op == event.Insert) == there[key] {
			t.Fatalf("event %d: %s of %s, which is there: %v", i, e.Op, key, there[key])
		}
		there[key] = e.Op != event.Delete
		seen[e.Op]++
	}
	if len(there) != 100 || seen[event.Insert] <= 100 || seen[event.Update] == 0 || seen[event.Delete] == 0 {
		t.Errorf("%d keys, %v; want 100 keys and every op, with inserts after deletes", len(there), seen)
	}
}

func TestSeedMakesAnotherStream(t *testing.T) {
	c := Defaults()
	c.Count = 10
	other := c
	other.Seed = 2
	a, b := collect(t, open(t, c), 10), collect(t, open(t, other), 10)
	equal := 0
	for i := range a {
		if a[i].Same(b[i]) {
			equal++
		}
	}
	if equal > 2 {
		t.Errorf("%d of 10 events are the same under another seed", equal)
	}
}

func TestCountEndsTheStreamAndRunStaysIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Defaults()
		c.Count = 500
		s := open(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		var r sourcetest.Recorder
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx, nil, &r) }()
		synctest.Wait() // Run blocks for good: nothing but ctx can move it
		if n := len(r.Events()); n != 500 {
			t.Errorf("%d events, want 500", n)
		}
		if st := s.Status(); st.Phase != "streaming" || !st.CaughtUp || st.Seq != 500 {
			t.Errorf("status %+v", st)
		}
		cancel()
		<-ended
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Defaults()
		c.Rate = 1000
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second+time.Millisecond)
		defer cancel()
		var r sourcetest.Recorder
		_ = open(t, c).Run(ctx, nil, &r)
		if n := len(r.Events()); n < 2970 || n > 3001 {
			t.Errorf("%d events in 3 s at 1000 a second", n)
		}
		if n := len(r.Marks()); n < 140 {
			t.Errorf("%d batches in 3 s, want one every 20 ms", n)
		}
	})
}

func TestForeignPositionIsPermanent(t *testing.T) {
	var r sourcetest.Recorder
	err := open(t, Defaults()).Run(context.Background(), event.Position("binlog.000007:4711"), &r)
	if !sources.IsPermanent(err) || !strings.Contains(err.Error(), "binlog.000007") {
		t.Errorf("Run: %v", err)
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	c := Config{Rate: -1, Size: config.Size(2 << 20), Tag: "x.{nope}"}
	err := c.Check()
	for _, field := range []string{"rate", "size", "tables", "tag"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%q does not name %s", err, field)
		}
	}
	c = Defaults()
	c.Tables = 2
	if err := c.Check(); err == nil {
		t.Error("several tables of logs are taken")
	}
}

func BenchmarkRun(b *testing.B) {
	c := Defaults()
	c.Keys = 100_000
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	n := uint64(0)
	out := &drop{func(e *event.Batch) {
		b.SetBytes(int64(len(e.Data)) / int64(len(e.Entries)))
		if n += uint64(len(e.Entries)); n >= uint64(b.N) {
			cancel()
		}
	}}
	b.ReportAllocs()
	_ = open(b, c).Run(ctx, nil, out)
}

// drop releases every batch at once.
type drop struct{ see func(*event.Batch) }

func (d *drop) Emit(_ context.Context, b *event.Batch, _ event.Position) error {
	d.see(b)
	b.Emitted(nil)
	b.Release()
	return nil
}

func (d *drop) Sync(context.Context, event.Position) error { return nil }
