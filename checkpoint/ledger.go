// Package checkpoint keeps how far a source has come: a Ledger of what is in flight, and a Store of what is saved.
package checkpoint

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"yamabiko/event"
)

// Ledger is the ordered watermark of one source's name (rules P1, P2): entries are tracked in source order, done in any order, and the mark is the
// last position up to which everything is done. It is safe for several goroutines, but the order of positions is the order
// of the calls of Track, so one goroutine tracks.
type Ledger struct {
	limit   int64
	room    *semaphore.Weighted
	changed chan struct{}

	mu       sync.Mutex
	first    *entry // oldest first; a run of finished entries is one entry
	last     *entry
	open     int // entries that are not done
	inFlight int64
	mark     event.Position
	moved    bool
	shown    event.Position // what Mark returned last
	held     bool
	idle     chan struct{} // closed when open falls to 0; nil while nobody waits
}

type entry struct {
	prev, next *entry
	pos        event.Position // nil: not a point to restart from
	bytes      int64
	done       bool
}

// NewLedger returns a ledger that admits limit bytes in flight.
func NewLedger(limit int64) *Ledger {
	return &Ledger{limit: limit, room: semaphore.NewWeighted(limit), changed: make(chan struct{}, 1)}
}

// Track adds an entry at the end of the order: once it and all before it are done, pos may be saved. A nil pos is not a
// point to restart from. Track blocks, until ctx ends, while bytes do not fit beside what is in flight; whatever its
// size, one entry is admitted when nothing is in flight, and a bare position (0 bytes) always is. The ledger keeps pos: the caller must not
// change its bytes. done is called exactly once, from any goroutine.
func (l *Ledger) Track(ctx context.Context, pos event.Position, bytes int64) (done func(), err error) {
	if bytes > 0 {
		// Capped, so that the largest batch takes the whole room and no more: it enters when nothing else is in flight.
		if err := l.room.Acquire(ctx, min(bytes, l.limit)); err != nil {
			return nil, err
		}
	}
	e := &entry{pos: pos, bytes: bytes}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.first = e
	} else {
		e.prev, l.last.next = l.last, e
	}
	l.last = e
	l.open++
	l.inFlight += bytes
	return func() { l.finish(e) }, nil
}

// finish frees e's bytes at once, whatever stands before it, and lets it run together with its finished neighbours: a
// stalled entry holds up the mark, but not memory.
func (l *Ledger) finish(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.done {
		panic("BUG: checkpoint: ledger entry done twice")
	}
	e.done = true
	l.open--
	l.inFlight -= e.bytes
	if e.bytes > 0 {
		l.room.Release(min(e.bytes, l.limit))
	}
	if e.prev != nil && e.prev.done {
		e = l.merge(e.prev, e)
	}
	if e.next != nil && e.next.done {
		e = l.merge(e, e.next)
	}
	if e.prev == nil {
		l.pass(e)
	}
	if l.open == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// merge makes one finished entry of two, with the last position of both, and returns it.
func (l *Ledger) merge(a, b *entry) *entry {
	if b.pos != nil {
		a.pos = b.pos
	}
	a.next = b.next
	if b.next != nil {
		b.next.prev = a
	} else {
		l.last = a
	}
	return a
}

// pass moves the mark over e, the first entry and finished.
func (l *Ledger) pass(e *entry) {
	l.first = e.next
	if e.next != nil {
		e.next.prev = nil
	} else {
		l.last = nil
	}
	if e.pos != nil {
		l.mark, l.moved = e.pos, true
		l.signal()
	}
}

func (l *Ledger) signal() {
	select {
	case l.changed <- struct{}{}:
	default: // one signal is already waiting
	}
}

// Mark returns the position up to which everything is done, nil at first, and whether it moved since the last call. While the
// ledger is held it returns what it returned before, unmoved.
func (l *Ledger) Mark() (pos event.Position, moved bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held || !l.moved {
		return l.shown, false
	}
	l.shown, l.moved = l.mark, false
	return l.shown, true
}

// Hold keeps the mark where it is (rule S6: a suspect refusal is not yet success), or lets it go. Entries go on being
// done and their bytes freed meanwhile.
func (l *Ledger) Hold(held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = held
	if !held && l.moved {
		l.signal()
	}
}

// Changed yields a value after the mark has moved; several moves may yield one. It is for one reader.
func (l *Ledger) Changed() <-chan struct{} { return l.changed }

// InFlight returns the bytes tracked and not done.
func (l *Ledger) InFlight() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight
}

// Idle tells whether everything tracked is done.
func (l *Ledger) Idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open == 0
}

// Wait returns once everything tracked is done, or with ctx's error.
func (l *Ledger) Wait(ctx context.Context) error {
	l.mu.Lock()
	if l.open == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
