package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"yamabiko/checkpoint"
	"yamabiko/event"
	"yamabiko/sources"
)

// pipeline is one source with its ledger: what it emits is tracked, dispatched, and its position saved once everything before it is durable.
// It belongs to the source's name and outlives each of its runs.
type pipeline struct {
	name   string
	source sources.Source
	ledger *checkpoint.Ledger
	store  *checkpoint.Store
	log    *slog.Logger
	// dispatch hands a batch to the router. It ends only with the engine, not with one run of the source: a batch that some sinks
	// have taken and others not could neither be taken back nor be done.
	dispatch func(*event.Batch) error

	saving sync.Mutex     // one save at a time
	told   event.Position // what the upstream has been told; guarded by saving

	mu      sync.Mutex
	last    event.Position // emitted last: where the next run starts
	saved   event.Position
	sync    *syncWait // the Sync that waits; nil mostly
	saveErr error
	runErr  error // why the source is not running
	over    bool  // it will not be started again
	suspect uint64
}

// syncWait is a Sync that waits until pos is saved.
type syncWait struct {
	pos  event.Position
	done chan struct{}
}

// Emit implements sources.Emitter.
func (p *pipeline) Emit(ctx context.Context, b *event.Batch, pos event.Position) error {
	var size int64
	if b != nil {
		size = b.Size()
	}
	done, err := p.ledger.Track(ctx, pos, size)
	if err != nil {
		if b != nil {
			b.Emitted(nil)
			b.Release()
		}
		return err
	}
	if pos != nil {
		p.mu.Lock()
		p.last = pos
		p.mu.Unlock()
	}
	if b == nil {
		done()
		return nil
	}
	b.Emitted(done)
	return p.dispatch(b)
}

// Sync implements sources.Emitter.
func (p *pipeline) Sync(ctx context.Context, pos event.Position) error {
	w := &syncWait{pos, make(chan struct{})}
	p.setSync(w)
	defer p.setSync(nil)
	if err := p.Emit(ctx, nil, pos); err != nil {
		return err
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipeline) setSync(w *syncWait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sync = w
}

// saveEvery is the least time between two saves: each costs three fsyncs.
const saveEvery = 200 * time.Millisecond

// saveLoop saves the mark whenever it has moved, until ctx ends.
func (p *pipeline) saveLoop(ctx context.Context) error {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			p.settleSuspect()
		case <-p.ledger.Changed():
			if !p.waitsForSync() {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return nil
				}
			}
			if err := p.saveUntilDone(ctx); err != nil {
				return err
			}
		}
	}
}

func (p *pipeline) waitsForSync() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sync != nil
}

// saveUntilDone tries until the mark is saved: a full disk is a state that passes, and until then the position stands.
func (p *pipeline) saveUntilDone(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = saveEvery, 30*time.Second
	for {
		err := p.save(ctx)
		p.mu.Lock()
		first := p.saveErr == nil
		p.saveErr = err
		p.mu.Unlock()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if first {
			p.log.Error("the position cannot be saved; it is tried again", "err", err)
		}
		select {
		case <-time.After(wait.NextBackOff()):
		case <-ctx.Done():
			return nil
		}
	}
}

// save stores the mark if it has moved, and tells the upstream.
func (p *pipeline) save(ctx context.Context) error {
	p.saving.Lock()
	defer p.saving.Unlock()
	// Here too: under load one move of the mark follows another, and the tick that settles is always spent on waiting between two saves.
	p.settleSuspect()
	pos, moved := p.ledger.Mark()
	if pos == nil {
		return nil
	}
	if moved || string(pos) != string(p.savedPosition()) {
		if err := p.store.Save(p.name, epoch, p.state(pos)); err != nil {
			return err
		}
		p.wasSaved(pos)
	}
	if string(pos) == string(p.told) {
		return nil
	}
	if err := p.source.Commit(ctx, pos); err != nil {
		return fmt.Errorf("tell the upstream of %s what is durable: %w", p.name, err)
	}
	p.told = pos
	return nil
}

// epoch is the owner's number: one process owns a state folder for as long as it is locked.
const epoch = 1

func (p *pipeline) state(pos event.Position) checkpoint.State {
	st := checkpoint.State{Position: pos}
	if d, ok := p.source.(sources.Describer); ok {
		st.Identity, st.Rule, st.Seq = d.Describe(pos)
	}
	return st
}

func (p *pipeline) savedPosition() event.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.saved
}

// wasSaved lets a Sync go whose position this is: a source emits nothing more while it waits for one.
func (p *pipeline) wasSaved(pos event.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saved = pos
	if p.sync != nil && string(p.sync.pos) == string(pos) {
		close(p.sync.done)
		p.sync = nil
	}
}
