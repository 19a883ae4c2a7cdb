package engine

import (
	"context"
	"sync"
	"time"

	"yamabiko/event"
	"yamabiko/sinks"
	"yamabiko/sources"
)

// gate is a sink that a test opens and shuts; it remembers what it took.
type gate struct {
	mu     sync.Mutex
	shut   chan struct{} // closed when the gate opens; nil while it is open
	reject bool          // every event
	seqs   map[uint64]int
	max    uint64
}

func newGate(open bool) *gate {
	g := &gate{seqs: map[uint64]int{}}
	if !open {
		g.shut = make(chan struct{})
	}
	return g
}

// plugin makes the gate a type of sink.
func (g *gate) plugin(typ string) sinks.Plugin {
	return sinks.Define(typ, struct{}{}, func(struct{}, sinks.Env) (sinks.Sink, error) { return g, nil })
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut = nil
}

// Write implements sinks.Sink.
func (g *gate) Write(ctx context.Context, c *event.Chunk) error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		select {
		case <-shut:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if g.reject {
		var all []event.Rejection
		for n := range c.All() {
			all = append(all, event.Rejection{I: n, Why: errTest})
		}
		return c.RejectAll(all)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ref := range c.All() {
		seq := ref.Entries[ref.I].Seq
		g.seqs[seq]++
		g.max = max(g.max, seq)
	}
	return nil
}

// Close implements sinks.Sink.
func (g *gate) Close() error { return nil }

// took is how many different events the gate has taken.
func (g *gate) took() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.seqs)
}

// puppet is a source whose state a test sets; it emits nothing but what it is told to.
type puppet struct {
	mu       sync.Mutex
	env      sources.Env
	st       sources.Status
	sync     bool // Run begins with a Sync
	failures []error
	commits  []error     // what Commit returns, in turn; then nil
	told     []string    // positions that Commit was told
	emit     chan string // positions that Run is to emit
}

func newPuppet() *puppet {
	return &puppet{emit: make(chan string), st: sources.Status{Phase: "streaming", CaughtUp: true, AtTip: true, LagBytes: -1}}
}

// plugin makes the puppet a type of source.
func (p *puppet) plugin(typ string) sources.Plugin {
	return sources.Define(typ, struct{}{}, func(_ struct{}, env sources.Env) (sources.Source, error) {
		p.env = env
		return p, nil
	})
}

// Run implements sources.Source.
func (p *puppet) Run(ctx context.Context, _ event.Position, out sources.Emitter) error {
	if err := p.nextFailure(); err != nil {
		return err
	}
	if p.sync {
		if err := out.Sync(ctx, event.Position("synced")); err != nil {
			return err
		}
		p.set(func(st *sources.Status) { st.Phase = "streaming" })
	}
	for {
		select {
		case pos := <-p.emit:
			if err := out.Emit(ctx, nil, event.Position(pos)); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *puppet) nextFailure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failures) == 0 {
		return nil
	}
	err := p.failures[0]
	p.failures = p.failures[1:]
	return err
}

// Commit implements sources.Source.
func (p *puppet) Commit(_ context.Context, pos event.Position) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.commits) > 0 {
		err := p.commits[0]
		p.commits = p.commits[1:]
		return err
	}
	p.told = append(p.told, string(pos))
	return nil
}

// Status implements sources.Statuser.
func (p *puppet) Status() sources.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := p.st
	st.Moved = time.Now()
	return st
}

func (p *puppet) set(f func(*sources.Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.st)
}
