// Package router carries batches from sources to sinks: by tag to routes, into each sink's buffer, and from there, in lanes, to
// the sink, with retries and dead letters. It knows no sink by name and no ledger: a batch settles by its last Release.
package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yamabiko/event"
	"yamabiko/router/buffer"
	"yamabiko/sinks"
	"yamabiko/sources"
)

// SinkTarget is a sink and how it is fed.
type SinkTarget struct {
	Name   string
	Sink   sinks.Sink // stays the caller's to close, after Run
	Lanes  int        // goroutines that write; overrides Buffer.Lanes
	Buffer buffer.Options
	Retry  Retry
}

// Retry says how often a chunk that a sink failed on is written again. Each wait is twice the one before, with jitter.
type Retry struct {
	First    time.Duration // after the first failure; 0: 1 s
	Max      time.Duration // the longest wait, and that between attempts at a permanent error; 0: 5 min
	Attempts int           // then the events left become dead letters; 0: without end
}

// Options are what a router needs beside routes and sinks.
type Options struct {
	Dead  *DeadLetters // where rejects go; needed
	Log   *slog.Logger // needed
	Hooks Hooks
}

// Hooks are told what happens, for metrics. They are called by many goroutines and must not block; each may be nil.
type Hooks struct {
	Delivered func(sink string, events int, bytes int64) // durable downstream; bytes as held in memory
	Retried   func(sink string)                          // a chunk, or what is left of it, is to be written again
	Rejected  func(sink string, events int)              // became dead letters; sink is empty where none was reached
	Dropped   func(where, reason string, events int)     // on purpose, by the configuration
	Buffered  func(sink string, delta int64)             // bytes in a sink's buffer
}

// Router is made by New and used by Dispatch from any goroutine while Run runs.
type Router struct {
	table   *table
	targets []*target // by name
	dead    *DeadLetters
	hooks   Hooks
	log     *slog.Logger
	drain   sync.Once
	drained chan struct{} // closed when Drain begins
}

// New compiles routes and makes each sink's buffer. It reports all mistakes of the configuration at once.
func New(routes []Route, to map[string]SinkTarget, opt Options) (*Router, error) {
	r := &Router{dead: opt.Dead, hooks: opt.Hooks.filled(), log: opt.Log, drained: make(chan struct{})}
	byName := map[string]*target{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(to)) {
		st := to[name]
		st.Name = name
		t, err := r.newTarget(st)
		if err != nil {
			errs = append(errs, fmt.Errorf("sink %s: %w", name, err))
		}
		byName[name] = t
		r.targets = append(r.targets, t)
	}
	var err error
	if r.table, err = newTable(routes, byName); err != nil {
		errs = append(errs, err)
	}
	return r, errors.Join(errs...)
}

func (h Hooks) filled() Hooks {
	if h.Delivered == nil {
		h.Delivered = func(string, int, int64) {}
	}
	if h.Retried == nil {
		h.Retried = func(string) {}
	}
	if h.Rejected == nil {
		h.Rejected = func(string, int) {}
	}
	if h.Dropped == nil {
		h.Dropped = func(string, string, int) {}
	}
	if h.Buffered == nil {
		h.Buffered = func(string, int64) {}
	}
	return h
}

// Dispatch hands b, for which the caller has called Emitted and whose one reference it holds, to the sinks of its route. It
// takes that reference over, whatever it returns. It blocks while a sink's buffer is full. An error (ctx
// ended, or the router was drained) means that some sink did not get b: b is then never settled, so that no position passes it, and nobody
// may use it again.
func (r *Router) Dispatch(ctx context.Context, b *event.Batch) error {
	to := r.table.find(b.Tag)
	switch {
	case len(b.Entries) == 0:
	case to == nil:
		if err := r.unrouted(ctx, b); err != nil {
			return err
		}
	case len(to.targets) == 0:
		r.hooks.Dropped("route", to.name, len(b.Entries))
	default:
		b.Retain(len(to.targets))
		for _, t := range to.targets {
			if err := t.buf.Append(ctx, event.View{Batch: b}); err != nil {
				return fmt.Errorf("sink %s: %w", t.name, err)
			}
		}
	}
	b.Release()
	return nil
}

// unrouted makes dead letters of a batch that no route matches.
func (r *Router) unrouted(ctx context.Context, b *event.Batch) error {
	letters := make([]DeadLetter, len(b.Entries))
	for i := range b.Entries {
		letters[i] = DeadLetter{Ref: event.Ref{Batch: b, I: i}, Why: errNoRoute}
	}
	return r.bury(ctx, len(letters), func() error { return r.dead.Write(letters...) })
}

var errNoRoute = errors.New("no route")

// Targets returns the names of the sinks that events of a tag go to; none where they are dropped or have no route.
func (r *Router) Targets(tag string) (names []string) {
	if to := r.table.find(tag); to != nil {
		for _, t := range to.targets {
			names = append(names, t.name)
		}
	}
	return names
}

// RejectSource makes a dead letter of what a source could read but not emit. It returns once the letter is durable, or with ctx's error.
func (r *Router) RejectSource(ctx context.Context, source string, l sources.DeadLetter) error {
	return r.bury(ctx, 1, func() error { return r.dead.WriteSource(source, l) })
}

// Run delivers until ctx ends, or until Drain has emptied every buffer: then it returns nil.
func (r *Router) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, t := range r.targets {
		for lane := range t.lanes {
			group.Go(func() error {
				if err := t.deliver(ctx, lane); err != nil {
					return fmt.Errorf("sink %s: %w", t.name, err)
				}
				return nil
			})
		}
	}
	return group.Wait()
}

// Drain refuses further batches, those too that Dispatch waits with, and returns once all that was dispatched is durable, or with ctx's error. Run must be running.
func (r *Router) Drain(ctx context.Context) error {
	r.drain.Do(func() { close(r.drained) })
	errs := make([]error, len(r.targets))
	var wg sync.WaitGroup
	for i, t := range r.targets {
		wg.Go(func() {
			if err := t.buf.Close(ctx); err != nil {
				errs[i] = fmt.Errorf("sink %s: %w", t.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
