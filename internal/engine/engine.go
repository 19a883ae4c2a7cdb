// Package engine joins what a configuration names: sources with their ledgers, the router with its sinks, the state folder, the
// admin server and the control socket. It knows plugins by registry only.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"yamabiko/admin"
	"yamabiko/checkpoint"
	"yamabiko/config"
	"yamabiko/internal/faultfs"
	"yamabiko/router"
	"yamabiko/sinks"
	"yamabiko/sources"
)

// Options are what an engine needs beside its configuration.
type Options struct {
	Registry Registry
	// Log returns the logger of a component, such as "sources/mysql" or "router".
	Log func(component string) *slog.Logger
	FS  faultfs.FS
	// Version is what status shows.
	Version string
}

// Engine runs one configuration.
type Engine struct {
	conf    *config.File
	opt     Options
	log     *slog.Logger
	store   *checkpoint.Store
	dead    *router.DeadLetters
	router  *router.Router
	sources []*pipeline
	sinks   map[string]sinks.Sink
	metrics *admin.Metrics
	started time.Time
}

// New opens what conf names: the state folder, which it locks, sinks and sources. It connects to nothing.
func New(conf *config.File, opt Options) (*Engine, error) {
	e := &Engine{conf: conf, opt: opt, log: opt.Log("engine"), sinks: map[string]sinks.Sink{}, metrics: admin.NewMetrics(), started: time.Now()}
	var err error
	if e.store, err = checkpoint.OpenStore(conf.State.Dir, opt.FS); err != nil {
		return nil, err
	}
	if err := e.open(); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *Engine) open() (err error) {
	e.dead = router.NewDeadLetters(filepath.Join(e.conf.State.Dir, "dead"), e.opt.FS)
	if err := e.openRouter(); err != nil {
		return err
	}
	for _, c := range e.conf.Sources {
		if err := e.openSource(c); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) openRouter() error {
	targets := map[string]router.SinkTarget{}
	for _, c := range e.conf.Sinks {
		t, err := e.openSink(c)
		if err != nil {
			return fmt.Errorf("sink %s: %w", c.Name, err)
		}
		e.sinks[c.Name] = t.Sink
		targets[c.Name] = t
	}
	var err error
	e.router, err = router.New(routesOf(e.conf), targets, router.Options{Dead: e.dead, Log: e.opt.Log("router"), Hooks: e.hooks()})
	return err
}

func (e *Engine) openSink(c config.Component) (router.SinkTarget, error) {
	s, err := e.opt.Registry.sink(c.Type).Open(c.Conf, sinks.Env{
		Name: c.Name, Lanes: 1, Log: e.opt.Log("sinks/"+c.Type).With("sink", c.Name), Suspect: e.suspect,
		Limits: sinks.Limits{Chunk: int64(c.Buffer.Chunk.Bytes)},
	})
	if err != nil {
		return router.SinkTarget{}, err
	}
	lanes := 1
	if l, ok := s.(sinks.Laner); ok {
		lanes = l.Lanes()
	}
	return router.SinkTarget{
		Name: c.Name, Sink: s, Lanes: lanes, Buffer: bufferOf(c),
		Retry: router.Retry{First: c.Retry.First.Std(), Max: c.Retry.Max.Std(), Attempts: c.Retry.Attempts},
	}, nil
}

// openSource opens a source where its saved position left off.
func (e *Engine) openSource(c config.Component) error {
	log := e.opt.Log("sources/"+c.Type).With("source", c.Name)
	st, loaded, err := e.store.Load(c.Name)
	if err != nil {
		return err
	}
	if loaded.Previous {
		log.Error("the newest saved position is unreadable: the one before it is used, and Seq rises", "why", loaded.Why)
	}
	p := &pipeline{name: c.Name, ledger: checkpoint.NewLedger(int64(e.conf.Limits.InFlight)), store: e.store, log: log}
	p.last, p.saved = st.Position, st.Position
	p.source, err = e.opt.Registry.source(c.Type).Open(c.Conf, sources.Env{
		Name: c.Name, StateDir: e.conf.State.Dir, Log: log, Restored: loaded.Restored || loaded.Previous,
		Limits: sources.Limits{Row: int64(e.conf.Limits.Row), InFlight: int64(e.conf.Limits.InFlight)},
		Reject: func(ctx context.Context, d sources.DeadLetter) error { return e.router.RejectSource(ctx, c.Name, d) },
		Count:  e.counter(c.Name),
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", c.Name, err)
	}
	e.sources = append(e.sources, p)
	return nil
}

// suspect routes a sink's suspicion to the source whose Seq it is (rule S6).
func (e *Engine) suspect(stream string, stored uint64) {
	for _, p := range e.sources {
		if p.name == stream {
			p.suspected(stored)
		}
	}
}
