package router_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/router"
	"yamabiko/router/buffer/buffertest"
	"yamabiko/sinks"
)

// The history of rule O1: key k at 10 gets an item 429, the next chunk holds k at 12: it must not go out before 10.
func TestO1_RetryKeepsLaneShut(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: failing(&sinks.RetryError{Indices: []int{1}, Err: errDown}, errDown)}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 4)})
		g.emit("a", "1", row(9, "k"), row(10, "k"), row(11, "k"))
		g.after(25 * time.Millisecond)
		g.emit("a", "2", row(12, "k"), row(13, "k"))
		g.after(time.Minute)
		var got [][]uint64
		for _, c := range s.seen() {
			got = append(got, c.seqs)
		}
		want := [][]uint64{{9, 10, 11}, {10}, {10}, {12, 13}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("wrote %d, want %d", got, want)
		}
		g.wantMark("2")
		if n := g.counts.get(g.counts.delivered, "s"); n != 5 {
			t.Fatalf("counted %d events delivered, want 5", n)
		}
		if n := g.counts.get(g.counts.retried, "s"); n != 2 {
			t.Fatalf("counted %d retries, want 2", n)
		}
	})
}

func TestO1_OtherLanesGoOnWhileOneRetries(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error {
			if c.Lane == event.Lane(buffertest.Key("a"), 4) {
				return errDown
			}
			return nil
		}}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 4)})
		other := "b"
		for event.Lane(buffertest.Key(other), 4) == event.Lane(buffertest.Key("a"), 4) {
			other += "b"
		}
		for i := range uint64(5) {
			g.emit("t", fmt.Sprint(i), row(2*i, "a"), row(2*i+1, other))
			g.after(time.Minute)
		}
		if got := s.written(); !slices.Equal(got, []uint64{1, 3, 5, 7, 9}) {
			t.Fatalf("the other lane wrote %d", got)
		}
		g.wantMark("") // and no position passes what the shut lane holds
	})
}

func TestO1_BarrierWaitsForEveryLane(t *testing.T) {
	test(t, func(t *testing.T) {
		var busy atomic.Int64
		s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error {
			defer busy.Add(-1)
			if n := busy.Add(1); n > 1 && c.Views[0].Entries[c.Views[0].At(0)].Op.Barrier() {
				t.Errorf("the barrier came while %d lanes were writing", n-1)
			}
			<-time.After(time.Second * time.Duration(1+c.Lane))
			return nil
		}}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 4)})
		const n = 40
		var events []buffertest.Event
		for i := range uint64(n) {
			events = append(events, row(i, fmt.Sprint(i)))
		}
		events[n/2] = buffertest.Event{Seq: n / 2, Op: event.Truncate}
		g.emit("t", "1", events...)
		g.after(time.Minute)
		got := s.written()
		if at := slices.Index(got, n/2); len(got) != n || at != n/2 || slices.Max(got[:at]) > n/2 || slices.Min(got[at+1:]) < n/2 {
			t.Fatalf("wrote %d around the barrier %d", got, n/2)
		}
	})
}

// Rule O3: what one sink does with its view must not change another's.
func TestO3_SinksSeeTheSameBatchWhateverTheyDo(t *testing.T) {
	test(t, func(t *testing.T) {
		fails := &fakeSink{write: failing(&sinks.RetryError{Indices: []int{0}, Err: errDown})}
		rejects := &fakeSink{write: func(_ context.Context, c *event.Chunk) error { return c.Reject(c.Events-1, errors.New("bad")) }}
		plain := &fakeSink{}
		g := start(t, to("fails", "rejects", "plain"), map[string]router.SinkTarget{
			"fails": target(fails, 1), "rejects": target(rejects, 1), "plain": target(plain, 3),
		})
		var events []buffertest.Event
		for i := range uint64(20) {
			events = append(events, row(i, fmt.Sprint("key", i)))
		}
		g.emit("t", "1", events...)
		g.after(time.Minute)
		if got := plain.written(); len(got) != 20 {
			t.Fatalf("the sink beside the others wrote %d of 20", len(got))
		}
		if calls := fails.seen(); len(calls[0].seqs) != 20 || !slices.Equal(calls[1].seqs, []uint64{0}) {
			t.Fatalf("the failing sink's chunks: %v", calls)
		}
		g.wantMark("1")
	})
}

func TestP1_PositionWaitsForEverySink(t *testing.T) {
	test(t, func(t *testing.T) {
		open := make(chan struct{})
		stalled := &fakeSink{write: func(context.Context, *event.Chunk) error { <-open; return nil }}
		quick := &fakeSink{}
		g := start(t, to("quick", "stalled"), map[string]router.SinkTarget{"quick": target(quick, 2), "stalled": target(stalled, 2)})
		for i := range uint64(5) {
			g.emit("t", fmt.Sprint(i), row(i, "k"))
			g.after(time.Minute)
		}
		if got := quick.written(); len(got) != 5 {
			t.Fatalf("the quick sink has %d of 5", len(got))
		}
		g.wantMark("")
		close(open)
		g.after(time.Second)
		g.wantMark("4")
	})
}

func TestP1_RejectIsDurableBeforeTheChunkCommits(t *testing.T) {
	for _, op := range []string{faultfs.Mkdir, faultfs.Open, faultfs.SyncDir, faultfs.Write, faultfs.Sync} {
		t.Run(op, func(t *testing.T) {
			test(t, func(t *testing.T) {
				s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error {
					for n, ref := range c.All() {
						if ref.Entries[ref.I].Seq == 2 {
							if err := c.Reject(n, errors.New("mapping conflict")); err != nil {
								return &sinks.RetryError{Indices: []int{n}, Err: err}
							}
						}
					}
					return nil
				}}
				g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
				g.fs.Fail(op, "*", 0, syscall.ENOSPC)
				g.emit("t", "1", row(1, "a"), row(2, "b"), row(3, "c"))
				g.after(time.Hour)
				g.wantMark("")
				if st := g.Status()[0]; !errors.Is(st.Err, syscall.ENOSPC) {
					t.Fatalf("the state shows %v, want the full disk", st.Err)
				}
				g.fs.Heal()
				g.after(time.Hour)
				g.wantMark("1")
				l := g.letters()
				if len(l) != 1 || l[0].Seq != 2 || l[0].Error != "mapping conflict" || l[0].Sink != "s" || l[0].Route != "**" || string(l[0].Key) != `{"id":"b"}` {
					t.Fatalf("dead letters: %+v", l)
				}
				if n, r := g.counts.get(g.counts.delivered, "s"), g.counts.get(g.counts.rejected, "s"); n != 2 || r != 1 {
					t.Fatalf("counted %d delivered and %d rejected, want 2 and 1", n, r)
				}
				if st := g.Status()[0]; st.Err != nil {
					t.Fatalf("the state still shows %v", st.Err)
				}
			})
		})
	}
}

// A crash while the reject is written: the position must not have passed.
func TestP1_CrashInReject(t *testing.T) {
	for nth := 1; nth <= 6; nth++ {
		test(t, func(t *testing.T) {
			s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error { return c.Reject(0, errors.New("bad")) }}
			g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
			g.fs.Crash(nth)
			g.emit("t", "1", row(1, "a"))
			g.after(time.Hour)
			g.wantMark("")
		})
	}
}

// A mapping conflict of a whole table must not cost an fsync a row.
func TestP1_RejectAllWaitsForTheDiskOnce(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error {
			var all []event.Rejection
			for n := c.Events - 1; n > 0; n-- { // in any order
				all = append(all, event.Rejection{I: n, Why: fmt.Errorf("bad %d", n)})
			}
			return c.RejectAll(all)
		}}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
		var events []buffertest.Event
		for i := range uint64(500) {
			events = append(events, row(i, "k"))
		}
		g.fs.Fail(faultfs.Sync, "*", 1, syscall.EIO)
		g.emit("t", "1", events...)
		g.after(time.Minute)
		g.wantMark("1")
		l := g.letters()
		if len(l) != 499 {
			t.Fatalf("%d dead letters, want 499", len(l))
		}
		for _, l := range l {
			if l.Error != fmt.Sprint("bad ", l.Seq) || l.Attempt != 2 {
				t.Fatalf("letter of %d: %q at attempt %d", l.Seq, l.Error, l.Attempt)
			}
		}
		syncs := 0
		for _, op := range g.fs.Log() {
			if strings.HasPrefix(op, "sync ") {
				syncs++
			}
		}
		if syncs != 2 {
			t.Fatalf("%d fsyncs for one chunk that failed once", syncs)
		}
	})
}

func TestRejectedEventIsNotRejectedAgain(t *testing.T) {
	test(t, func(t *testing.T) {
		failed := false
		s := &fakeSink{write: func(_ context.Context, c *event.Chunk) error {
			if failed {
				return nil
			}
			failed = true
			if err := c.Reject(1, errors.New("bad")); err != nil {
				return err
			}
			return errDown // the whole chunk
		}}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
		g.emit("t", "1", row(1, "a"), row(2, "a"), row(3, "a"))
		g.after(time.Minute)
		if got := s.written(); !slices.Equal(got, []uint64{1, 3}) {
			t.Fatalf("retried %d, want all but the dead letter", got)
		}
		if l := g.letters(); len(l) != 1 {
			t.Fatalf("%d dead letters", len(l))
		}
		g.wantMark("1")
	})
}

func TestRetryBacksOffWithoutEnd(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: func(context.Context, *event.Chunk) error { return errDown }}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
		g.emit("t", "1", row(1, "a"))
		g.after(time.Hour)
		calls := s.seen()
		expected := time.Second
		for i := 1; i < len(calls); i++ {
			wait := calls[i].at.Sub(calls[i-1].at)
			if low, high := expected/2, min(expected*3/2, time.Minute); wait < low || wait > high+time.Millisecond {
				t.Fatalf("wait %d is %v, want within %v and %v", i, wait, low, high)
			}
			expected = min(2*expected, time.Minute)
		}
		if len(calls) < 50 || len(calls) > 140 {
			t.Fatalf("%d attempts in an hour of failure with a minute's wait at most", len(calls))
		}
		st := g.Status()[0]
		if !errors.Is(st.Err, errDown) || st.Permanent || st.Attempt != len(calls) || time.Since(st.Since) < 59*time.Minute {
			t.Fatalf("status %+v after %d attempts", st, len(calls))
		}
		g.wantMark("")
	})
}

func TestPermanentErrorIsShownAndNeverDropped(t *testing.T) {
	test(t, func(t *testing.T) {
		denied := sinks.AsPermanent(errors.New("401 unauthorized"))
		s := &fakeSink{write: failing(denied, fmt.Errorf("bulk: %w", denied), denied)}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
		g.emit("t", "1", row(1, "a"))
		g.after(2*time.Minute + time.Second)
		if st := g.Status()[0]; !st.Permanent || st.Attempt != 3 {
			t.Fatalf("status %+v; want permanent, tried three times in two minutes", st)
		}
		g.after(time.Minute)
		if got := s.written(); !slices.Equal(got, []uint64{1}) {
			t.Fatalf("wrote %d once mended", got)
		}
		if st := g.Status()[0]; st.Err != nil || st.Permanent {
			t.Fatalf("status once mended: %+v", st)
		}
		g.wantMark("1")
	})
}

func TestAttemptsEndInDeadLetters(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: failing(&sinks.RetryError{Indices: []int{0, 2}, Err: errDown}, errDown, errDown, errDown)}
		tgt := target(s, 1)
		tgt.Retry.Attempts = 3
		g := start(t, to("s"), map[string]router.SinkTarget{"s": tgt})
		g.fs.Fail(faultfs.Sync, "*", 1, syscall.EIO) // the first attempt to bury them fails: one more round
		g.emit("t", "1", row(1, "a"), row(2, "a"), row(3, "a"))
		g.after(time.Hour)
		l := g.letters()
		if len(l) != 2 || l[0].Seq != 1 || l[1].Seq != 3 || l[0].Attempt != 4 || l[0].Error != "down" {
			t.Fatalf("dead letters: %+v", l)
		}
		g.emit("t", "2", row(4, "a"))
		g.after(time.Minute)
		if got := s.written(); !slices.Equal(got, []uint64{4}) {
			t.Fatalf("then wrote %d", got)
		}
		g.wantMark("2")
	})
}

func TestP2_DispatchBlocksWhileABufferIsFull(t *testing.T) {
	test(t, func(t *testing.T) {
		open := make(chan struct{})
		s := &fakeSink{write: func(context.Context, *event.Chunk) error { <-open; return nil }}
		tgt := target(s, 1)
		tgt.Buffer.Limit = 3000
		g := start(t, to("s"), map[string]router.SinkTarget{"s": tgt})
		emitted := 0
		go func() {
			for i := range uint64(100) {
				g.emit("t", fmt.Sprint(i), buffertest.Event{Seq: i, Key: "k", Op: event.Insert, Size: 500})
				emitted++
			}
		}()
		g.after(time.Hour)
		if emitted < 2 || emitted > 6 {
			t.Fatalf("%d batches of 500 bytes went into a buffer of 3000", emitted)
		}
		close(open)
		g.after(time.Hour)
		if got := s.written(); len(got) != 100 || !slices.IsSorted(got) {
			t.Fatalf("wrote %d", got)
		}
		g.wantMark("99")
	})
}

func TestDrainDeliversEverythingAndEndsRun(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: failing(errDown)}
		tgt := target(s, 3)
		tgt.Buffer.Age = time.Hour
		g := start(t, to("s"), map[string]router.SinkTarget{"s": tgt})
		for i := range uint64(30) {
			g.emit("t", fmt.Sprint(i), row(i, fmt.Sprint(i)))
		}
		if err := g.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.written(); len(got) != 30 {
			t.Fatalf("wrote %d of 30", len(got))
		}
		if err := <-g.stopped; err != nil {
			t.Fatalf("Run after a drain: %v", err)
		}
		g.wantMark("29")
		if g.counts.buffered != 0 {
			t.Fatalf("%d bytes are still counted", g.counts.buffered)
		}
		b := buffertest.Batch("t", row(99, "k"))
		b.Emitted(func() { t.Error("settled a batch that was refused") })
		if err := g.Dispatch(t.Context(), b); err == nil {
			t.Fatal("a drained router took a batch")
		}
	})
}

// A write that the stop itself cut short is not an attempt: its events are read again at the next start.
func TestStopMakesNoDeadLetters(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: func(ctx context.Context, _ *event.Chunk) error {
			<-ctx.Done()
			return fmt.Errorf("bulk: %w", ctx.Err())
		}}
		tgt := target(s, 1)
		tgt.Retry.Attempts = 1
		g := start(t, to("s"), map[string]router.SinkTarget{"s": tgt})
		g.emit("t", "1", row(1, "k"))
		g.after(time.Second)
		g.stop()
		if err := <-g.stopped; !errors.Is(err, context.Canceled) {
			t.Fatalf("Run: %v", err)
		}
		if l := g.letters(); l != nil {
			t.Fatalf("the stop made dead letters: %+v", l)
		}
		g.wantMark("")
	})
}

func TestDrainIsBounded(t *testing.T) {
	test(t, func(t *testing.T) {
		s := &fakeSink{write: func(ctx context.Context, _ *event.Chunk) error { <-ctx.Done(); return ctx.Err() }}
		g := start(t, to("s"), map[string]router.SinkTarget{"s": target(s, 1)})
		g.emit("t", "1", row(1, "k"))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := g.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("drain of a sink that hangs: %v", err)
		}
		g.stop()
		synctest.Wait()
		if err := <-g.stopped; !errors.Is(err, context.Canceled) {
			t.Fatalf("Run: %v", err)
		}
		g.wantMark("")
	})
}
