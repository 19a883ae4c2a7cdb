package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"yamabiko/event"
)

// Event is one emitted event, copied out of its batch.
type Event struct {
	Tag, Stream      string
	Table            *event.Table
	Op               event.Op
	Seq              uint64
	Key, Old, Record []byte // nil where there is none
	Time             time.Time
	Tx               string
	TxLast           bool
}

// Same tells whether two runs gave the same event.
func (e Event) Same(o Event) bool {
	return e.Tag == o.Tag && e.Stream == o.Stream && e.Op == o.Op && e.Seq == o.Seq && e.Tx == o.Tx && e.TxLast == o.TxLast &&
		bytes.Equal(e.Key, o.Key) && bytes.Equal(e.Old, o.Old) && bytes.Equal(e.Record, o.Record) && e.Time.Equal(o.Time)
}

// String is for failure messages.
func (e Event) String() string {
	return fmt.Sprintf("%s %s seq %d key %x at %s", e.Tag, e.Op, e.Seq, e.Key, e.Time.Format(time.RFC3339Nano))
}

// Mark is one emitted position and how many events had been emitted by then.
type Mark struct {
	Pos    event.Position
	Events int
	Synced bool
}

// Recorder is a sources.Emitter that keeps a copy of everything, checks that every batch is well formed, and
// releases each at once, so that a pool reuses it. The zero value is ready; its reading methods are safe beside Run.
type Recorder struct {
	// OnEmit, if set, runs before a batch or a position is taken; its error is Emit's.
	OnEmit func(ctx context.Context, b *event.Batch, pos event.Position) error

	mu       sync.Mutex
	events   []Event
	marks    []Mark
	batches  int
	problems []error
	changed  chan struct{}
}

// Emit implements sources.Emitter.
func (r *Recorder) Emit(ctx context.Context, b *event.Batch, pos event.Position) error {
	if r.OnEmit != nil {
		if err := r.OnEmit(ctx, b, pos); err != nil {
			return err
		}
	}
	r.take(b, pos, false)
	return nil
}

// Sync implements sources.Emitter: what was emitted counts as durable at once.
func (r *Recorder) Sync(ctx context.Context, pos event.Position) error {
	if r.OnEmit != nil {
		if err := r.OnEmit(ctx, nil, pos); err != nil {
			return err
		}
	}
	r.take(nil, pos, true)
	return nil
}

// take looks at no context: an Emit that need not wait may never notice that it ended, so the source itself has to.
func (r *Recorder) take(b *event.Batch, pos event.Position, synced bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b != nil {
		if err := wellFormed(b); err != nil {
			r.problems = append(r.problems, fmt.Errorf("batch %d: %w", r.batches, err))
		} else {
			r.events = appendEvents(r.events, b)
		}
		r.batches++
		b.Emitted(nil)
		b.Release()
	}
	if pos != nil {
		r.marks = append(r.marks, Mark{bytes.Clone(pos), len(r.events), synced})
	}
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

func appendEvents(dst []Event, b *event.Batch) []Event {
	for i := range b.Entries {
		e := &b.Entries[i]
		ev := Event{Tag: b.Tag, Stream: b.Stream, Table: b.Table, Op: e.Op, Seq: e.Seq, Time: b.Time(i),
			Key: bytes.Clone(b.KeyOf(i)), Old: bytes.Clone(b.OldOf(i)), Record: bytes.Clone(b.Record(i))}
		if tx, last := b.TxOf(i); tx != nil {
			ev.Tx, ev.TxLast = tx.ID, last
		}
		dst = append(dst, ev)
	}
	return dst
}

// Events returns what was emitted so far, in order.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// Marks returns the positions emitted so far, in order.
func (r *Recorder) Marks() []Mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Mark(nil), r.marks...)
}

// Last returns the position emitted last, or nil.
func (r *Recorder) Last() event.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.marks) == 0 {
		return nil
	}
	return r.marks[len(r.marks)-1].Pos
}

// Problems returns what was wrong with the batches that were emitted.
func (r *Recorder) Problems() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error(nil), r.problems...)
}

// WaitFor returns once cond holds; it is looked at again after every Emit and Sync. It returns ctx's error, with the
// number of events so far, when ctx ends first.
func (r *Recorder) WaitFor(ctx context.Context, cond func(*Recorder) bool) error {
	for {
		r.mu.Lock()
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed, n := r.changed, len(r.events)
		r.mu.Unlock()
		if cond(r) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("after %d events: %w", n, ctx.Err())
		}
	}
}

// WaitEvents returns once n events were emitted.
func (r *Recorder) WaitEvents(ctx context.Context, n int) error {
	return r.WaitFor(ctx, func(r *Recorder) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.events) >= n
	})
}
