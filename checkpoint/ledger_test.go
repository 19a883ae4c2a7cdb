package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"yamabiko/event"
)

func track(t testing.TB, l *Ledger, pos string, bytes int64) func() {
	t.Helper()
	var p event.Position
	if pos != "" {
		p = event.Position(pos)
	}
	done, err := l.Track(t.Context(), p, bytes)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func wantMark(t testing.TB, l *Ledger, want string, wantMoved bool) {
	t.Helper()
	if pos, moved := l.Mark(); string(pos) != want || moved != wantMoved {
		t.Fatalf("mark %q, moved %v; want %q, %v", pos, moved, want, wantMoved)
	}
}

// naive is the ledger as one would write it without thinking of memory: everything ever tracked, in order.
type naive struct {
	pos   []string
	bytes []int64
	done  []bool
	mark  string
	shown string
}

func (n *naive) inFlight() (sum int64) {
	for i, b := range n.bytes {
		if !n.done[i] {
			sum += b
		}
	}
	return sum
}

func (n *naive) finish(i int) {
	n.done[i] = true
	n.mark = ""
	for i := 0; i < len(n.done) && n.done[i]; i++ {
		if n.pos[i] != "" {
			n.mark = n.pos[i]
		}
	}
}

func TestP1_LedgerAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const limit = 100
		l, m := NewLedger(limit), &naive{}
		dones := map[int]func(){}
		held := false
		rt.Repeat(map[string]func(*rapid.T){
			"track": func(rt *rapid.T) {
				bytes := rapid.SampledFrom([]int64{0, 0, 1, 10, 30, 150}).Draw(rt, "bytes")
				fits := bytes == 0 || m.inFlight() == 0 || m.inFlight()+bytes <= limit
				pos := ""
				if rapid.Bool().Draw(rt, "restartable") {
					pos = fmt.Sprint(len(m.pos))
				}
				ctx, cancel := context.WithCancel(context.Background())
				if !fits {
					cancel() // it would block: it must come back with ctx's error and leave no trace
				}
				defer cancel()
				var p event.Position
				if pos != "" {
					p = event.Position(pos)
				}
				done, err := l.Track(ctx, p, bytes)
				if fits != (err == nil) {
					rt.Fatalf("track of %d bytes beside %d: %v", bytes, m.inFlight(), err)
				}
				if !fits {
					return
				}
				dones[len(m.pos)] = done
				m.pos, m.bytes, m.done = append(m.pos, pos), append(m.bytes, bytes), append(m.done, false)
			},
			"done": func(rt *rapid.T) {
				if len(dones) == 0 {
					rt.Skip("nothing in flight")
				}
				var open []int
				for i := range m.done {
					if !m.done[i] {
						open = append(open, i)
					}
				}
				i := rapid.SampledFrom(open).Draw(rt, "entry")
				dones[i]()
				delete(dones, i)
				m.finish(i)
			},
			"hold": func(rt *rapid.T) {
				held = !held
				l.Hold(held)
			},
			"mark": func(rt *rapid.T) {
				want := m.shown
				if !held {
					want = m.mark
				}
				pos, moved := l.Mark()
				if string(pos) != want || moved != (want != m.shown) {
					rt.Fatalf("mark %q moved %v, the model has %q after %q", pos, moved, want, m.shown)
				}
				m.shown = want
			},
			"": func(rt *rapid.T) {
				if l.InFlight() != m.inFlight() || l.Idle() != (len(dones) == 0) {
					rt.Fatalf("in flight %d, idle %v; the model has %d of %d", l.InFlight(), l.Idle(), m.inFlight(), len(dones))
				}
				if n := l.length(); n > 2*len(dones)+1 {
					rt.Fatalf("%d entries for %d in flight", n, len(dones))
				}
			},
		})
	})
}

func (l *Ledger) length() (n int) {
	for e := l.first; e != nil; e = e.next {
		n++
	}
	return n
}

func TestP2_StalledEntryKeepsMemoryBounded(t *testing.T) {
	l := NewLedger(1000)
	stalled := track(t, l, "stalled", 100)
	const n = 100_000
	last := func() {}
	for i := range n {
		// Two in flight, the later done first: finished entries stand between unfinished ones.
		done := track(t, l, fmt.Sprint(i), 400)
		last()
		last = done
		if got := l.length(); got > 3 {
			t.Fatalf("%d entries after %d batches behind one that stalls", got, i)
		}
	}
	last()
	if got := l.InFlight(); got != 100 {
		t.Fatalf("%d bytes in flight; the stalled entry has 100: what is done must free its bytes before the mark moves", got)
	}
	wantMark(t, l, "", false)
	stalled()
	wantMark(t, l, fmt.Sprint(n-1), true)
}

func TestP2_NilPositionIsNoPointToRestartFrom(t *testing.T) {
	l := NewLedger(1000)
	first, inside, end := track(t, l, "1", 1), track(t, l, "", 1), track(t, l, "2", 1)
	inside()
	first()
	wantMark(t, l, "1", true)
	end()
	wantMark(t, l, "2", true)
	track(t, l, "", 1)()
	wantMark(t, l, "2", false)
}

func TestP2_BarePositionNeverBlocks(t *testing.T) {
	l := NewLedger(10)
	batch := track(t, l, "1", 10)
	track(t, l, "2", 0)() // an idle selection goes on moving though the room is taken
	batch()
	wantMark(t, l, "2", true)
}

func TestP2_TrackBlocksAtTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLedger(100)
		huge := track(t, l, "1", 1<<30) // larger than the limit, and alone: admitted
		entered := false
		go func() {
			track(t, l, "2", 60)
			entered = true
		}()
		synctest.Wait()
		if entered {
			t.Fatal("a second batch entered beside one that takes the whole limit")
		}
		huge()
		synctest.Wait()
		if !entered {
			t.Fatal("the batch did not enter when room was made")
		}
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		go func() { _, err = l.Track(ctx, nil, 60) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("blocked Track after cancel: %v", err)
		}
		if got := l.InFlight(); got != 60 {
			t.Fatalf("%d bytes in flight after a cancelled Track, want 60", got)
		}
	})
}

func TestS6_HoldKeepsTheMark(t *testing.T) {
	l := NewLedger(100)
	track(t, l, "1", 1)()
	wantMark(t, l, "1", true)
	l.Hold(true)
	track(t, l, "2", 1)()
	wantMark(t, l, "1", false)
	if l.InFlight() != 0 {
		t.Fatal("a held ledger must go on freeing bytes")
	}
	<-l.Changed() // of position 1 or 2
	l.Hold(false)
	<-l.Changed()
	wantMark(t, l, "2", true)
}

func TestLedgerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLedger(100)
		if err := l.Wait(t.Context()); err != nil {
			t.Fatalf("an idle ledger: %v", err)
		}
		done := track(t, l, "1", 1)
		var got, cut error = errors.New("not back"), nil
		ctx, cancel := context.WithCancel(t.Context())
		go func() { got = l.Wait(t.Context()) }()
		go func() { cut = l.Wait(ctx) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(cut, context.Canceled) || got == nil {
			t.Fatalf("with an entry open: cancelled Wait %v, other Wait %v", cut, got)
		}
		done()
		synctest.Wait()
		if got != nil {
			t.Fatalf("Wait once all is done: %v", got)
		}
	})
}
