package router_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/checkpoint"
	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/router"
	"yamabiko/router/buffer"
	"yamabiko/router/buffer/buffertest"
)

// fakeSink does as its script says and remembers what it wrote.
type fakeSink struct {
	write func(ctx context.Context, c *event.Chunk) error // nil: success
	mu    sync.Mutex
	calls []call
}

type call struct {
	lane int
	seqs []uint64
	at   time.Time
	err  error
}

func (f *fakeSink) Write(ctx context.Context, c *event.Chunk) (err error) {
	at := time.Now()
	seqs := buffertest.Seqs(c)
	if f.write != nil {
		err = f.write(ctx, c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call{c.Lane, seqs, at, err})
	return err
}

func (f *fakeSink) Close() error { return nil }

func (f *fakeSink) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// written returns the numbers of all that was written successfully.
func (f *fakeSink) written() (seqs []uint64) {
	for _, c := range f.seen() {
		if c.err == nil {
			seqs = append(seqs, c.seqs...)
		}
	}
	return seqs
}

// failing makes a script: the first calls return the given errors, later ones succeed.
func failing(errs ...error) func(context.Context, *event.Chunk) error {
	return func(context.Context, *event.Chunk) error {
		if len(errs) == 0 {
			return nil
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

var errDown = errors.New("down")

// rig is a router that runs, with a ledger before it and a folder for dead letters.
type rig struct {
	*testing.T
	*router.Router
	ledger  *checkpoint.Ledger
	fs      *faultfs.Injector
	dead    string
	dropped int
	counts  counts
	stopped chan error
	stop    context.CancelFunc
}

type counts struct {
	sync.Mutex
	delivered, retried, rejected map[string]int
	buffered                     int64
}

func target(s *fakeSink, lanes int) router.SinkTarget {
	return router.SinkTarget{
		Sink: s, Lanes: lanes, Retry: router.Retry{First: time.Second, Max: time.Minute},
		Buffer: buffer.Options{Limit: 1 << 20, ChunkBytes: 1 << 18, ChunkCount: 1000, Age: 20 * time.Millisecond},
	}
}

func start(t *testing.T, routes []router.Route, to map[string]router.SinkTarget) *rig {
	t.Helper()
	g := &rig{T: t, ledger: checkpoint.NewLedger(1 << 20), fs: faultfs.NewInjector(), dead: filepath.Join(t.TempDir(), "dead"), stopped: make(chan error, 1)}
	g.counts.delivered, g.counts.retried, g.counts.rejected = map[string]int{}, map[string]int{}, map[string]int{}
	dead := router.NewDeadLetters(g.dead, g.fs)
	r, err := router.New(routes, to, router.Options{Dead: dead, Log: slog.New(slog.DiscardHandler), Hooks: router.Hooks{
		Delivered: func(s string, n int, _ int64) { g.counts.add(g.counts.delivered, s, n) },
		Retried:   func(s string) { g.counts.add(g.counts.retried, s, 1) },
		Rejected:  func(s string, n int) { g.counts.add(g.counts.rejected, s, n) },
		Dropped:   func(_, _ string, n int) { g.dropped += n },
		Buffered:  func(_ string, d int64) { g.counts.Lock(); defer g.counts.Unlock(); g.counts.buffered += d },
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.Router = r
	ctx, cancel := context.WithCancel(context.Background())
	g.stop = cancel
	go func() { g.stopped <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
		if err := dead.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func (c *counts) add(m map[string]int, sink string, n int) {
	c.Lock()
	defer c.Unlock()
	m[sink] += n
}

func (c *counts) get(m map[string]int, sink string) int {
	c.Lock()
	defer c.Unlock()
	return m[sink]
}

// emit does what the engine does with a batch that a source emits.
func (g *rig) emit(tag, pos string, events ...buffertest.Event) {
	g.Helper()
	b := buffertest.Batch(tag, events...)
	done, err := g.ledger.Track(g.Context(), event.Position(pos), b.Size())
	if err != nil {
		g.Fatal(err)
	}
	b.Emitted(done)
	if err := g.Dispatch(g.Context(), b); err != nil {
		g.Fatal(err)
	}
}

// after lets time pass.
func (g *rig) after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (g *rig) wantMark(want string) {
	g.Helper()
	if pos, _ := g.ledger.Mark(); string(pos) != want {
		g.Fatalf("the position is %q, want %q", pos, want)
	}
}

// letters returns the dead letters on disk.
func (g *rig) letters() (all []router.StoredLetter) {
	g.Helper()
	files, err := filepath.Glob(g.dead + "/*.ndjson")
	if err != nil {
		g.Fatal(err)
	}
	for _, f := range files {
		for l, err := range router.ReadDeadLetters(f) {
			if err != nil {
				g.Fatal(err)
			}
			all = append(all, l)
		}
	}
	return all
}

func row(seq uint64, key string) buffertest.Event {
	return buffertest.Event{Seq: seq, Key: key, Op: event.Update}
}

func test(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func to(sinks ...string) []router.Route { return []router.Route{{Match: []string{"**"}, To: sinks}} }
