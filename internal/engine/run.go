package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"yamabiko/event"
)

// Run runs everything until ctx ends, then drains within the configured bound, saves and returns nil. It returns an error when no source is
// left running, or when something of the frame itself fails. Run is called once; it closes what New opened.
func (e *Engine) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, e.close()) }()
	ln, err := e.listenAdmin() // first: where a port is taken, nothing shall have been read
	if err != nil {
		return err
	}
	// life outlasts ctx: what is in flight when ctx ends is still delivered and saved.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var frame sync.WaitGroup
	failed := make(chan error, 2+len(e.sources))
	start := func(what string, f func(context.Context) error) {
		frame.Go(func() {
			if err := f(life); err != nil && life.Err() == nil {
				failed <- fmt.Errorf("%s: %w", what, err)
				stop()
			}
		})
	}
	start("router", e.router.Run)
	start("admin", func(ctx context.Context) error { return e.serveAdmin(ctx, ln) })
	start("control socket", e.serveControl)
	for _, p := range e.sources {
		p.dispatch = func(b *event.Batch) error { return e.router.Dispatch(life, b) }
		start("checkpoint", p.saveLoop)
	}
	err = e.runSources(ctx, life)
	e.saveAll(life)
	end()
	frame.Wait()
	select {
	case f := <-failed:
		return errors.Join(f, err)
	default:
		return err
	}
}

// runSources runs the sources until ctx ends, or none of them can go on, and drains what they emitted.
func (e *Engine) runSources(ctx, life context.Context) error {
	var group sync.WaitGroup
	errs := make([]error, len(e.sources))
	for i, p := range e.sources {
		group.Go(func() { errs[i] = p.supervise(ctx) })
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	bound, cancel := context.WithTimeout(life, e.conf.Stop.Drain.Std())
	defer cancel()
	if err := e.router.Drain(bound); err != nil {
		e.log.Warn("not everything was delivered before the stop; it is read again at the next start", "err", err)
	}
	<-ended // sources that wait for room are refused by now
	if ctx.Err() == nil {
		return errors.Join(errs...)
	}
	return nil
}

// saveAll saves each mark a last time.
func (e *Engine) saveAll(ctx context.Context) {
	for _, p := range e.sources {
		if err := p.save(ctx); err != nil {
			e.log.Error("the last position could not be saved; what came after the one before is read again", "source", p.name, "err", err)
		}
	}
}

// close closes sinks, dead letters and the state folder.
func (e *Engine) close() error {
	var errs []error
	for name, s := range e.sinks {
		if err := s.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close sink %s: %w", name, err))
		}
	}
	if e.dead != nil {
		errs = append(errs, e.dead.Close())
	}
	return errors.Join(append(errs, e.store.Close())...)
}
