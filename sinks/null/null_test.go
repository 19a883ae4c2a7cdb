package null

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"yamabiko/event"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

func open(t testing.TB, lanes int) *Sink {
	s, err := Open(Config{}, sinks.Env{Name: "none", Lanes: lanes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	sinktest.Run(t, sinktest.Harness{Open: func(t *testing.T, lanes int) sinks.Sink { return open(t, lanes) }})
}

// Two runs of the same events agree however they are cut into chunks and lanes; one changed byte shows.
func TestTotalsKnowNoOrder(t *testing.T) {
	batches := func(last string) []*event.Batch {
		var all []*event.Batch
		for i := range 200 {
			all = append(all, sinktest.Batch("x", nil).Log(1, "i", i).Log(2, "text", "a").Build())
		}
		return append(all, sinktest.Batch("x", nil).Log(3, "text", last).Build())
	}
	one := open(t, 1)
	if err := one.Write(context.Background(), sinktest.Chunk(0, batches("b")...)); err != nil {
		t.Fatal(err)
	}
	many := open(t, 4)
	shuffled := batches("b")
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			for i := lane; i < len(shuffled); i += 4 {
				if err := many.Write(context.Background(), sinktest.Chunk(lane, shuffled[i])); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if one.Totals() != many.Totals() || one.Totals().Events != 401 {
		t.Errorf("one lane %v, four %v; want 401 events", one.Totals(), many.Totals())
	}
	other := open(t, 1)
	if err := other.Write(context.Background(), sinktest.Chunk(0, batches("c")...)); err != nil {
		t.Fatal(err)
	}
	if other.Totals().Sum == one.Totals().Sum {
		t.Error("a changed event left the sum as it was")
	}
}

func TestBarriersAndWhatTheViewLeavesOutDoNotCount(t *testing.T) {
	s := open(t, 1)
	table := sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int))
	b := sinktest.Batch("x", nil).Log(1, "a", 1).Log(2, "a", 2).Build()
	for _, c := range []*event.Chunk{
		sinktest.Chunk(0, sinktest.Batch("x", table).Barrier(event.Truncate, 1).Build()),
		sinktest.ChunkOf(0, event.View{Batch: b, Sel: []uint32{1}}),
	} {
		if err := s.Write(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Totals(); got.Events != 1 || got.Bytes != uint64(b.Entries[1].Len) {
		t.Errorf("%v, want the one event of %d bytes", got, b.Entries[1].Len)
	}
}

func TestWriteAllocatesNothing(t *testing.T) {
	s := open(t, 1)
	c := sinktest.Chunk(0, sinktest.Batch("x", nil).Log(1, "a", 1).Build())
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Write(ctx, c); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a Write", n)
	}
}

func TestCloseLogsTheTotals(t *testing.T) {
	var out strings.Builder
	s, err := Open(Config{}, sinks.Env{Log: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), sinktest.Chunk(0, sinktest.Batch("x", nil).Log(1, "a", 1).Build())); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("events=1 bytes=%d sum=%016x", s.Totals().Bytes, s.Totals().Sum); !strings.Contains(out.String(), want) {
		t.Errorf("log %q, want %q", out.String(), want)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{200, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, 1)
			batch := sinktest.Batch("x", nil)
			for i := range 1000 {
				batch.Log(uint64(i+1), "text", strings.Repeat("x", size-20))
			}
			c := sinktest.Chunk(0, batch.Build())
			ctx := context.Background()
			b.SetBytes(c.Bytes)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Write(ctx, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
