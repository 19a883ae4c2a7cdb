// Package generate is a source that makes its events up: rows or logs for demonstrations, tests and benchmarks.
// Event i depends on the configuration and i alone, its Seq is i+1 and the position after it i+1 too, so a resume
// repeats the same events with the same Seqs.
package generate

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/sources"
)

// Plugin is the `generate` type of source.
func Plugin() sources.Plugin {
	return sources.Define("generate", Defaults(), func(c Config, env sources.Env) (sources.Source, error) { return Open(c, env) })
}

// Defaults are the defaults that Config's fields name.
func Defaults() Config { return Config{Size: config.Size(100), Tables: 1, Seed: 1} }

// Source generates. Status may be asked while Run runs.
type Source struct {
	conf   Config
	env    sources.Env
	tables []table
	pool   event.Pool
	next   atomic.Uint64 // index of the event after the last that was emitted
	moved  atomic.Int64  // when, in nanoseconds since 1970
	state  atomic.Pointer[string]
}

// table is a table's description, nil for logs, and the tag of its events.
type table struct {
	tag  string
	desc *event.Table
}

// Open makes the source of a checked configuration.
func Open(c Config, env sources.Env) (*Source, error) {
	s := &Source{conf: c, env: env}
	for i := range c.Tables {
		name := "t" + strconv.FormatUint(i, 10)
		t := table{tag: c.tag(env.Name, name)}
		if c.Keys > 0 {
			t.desc = &event.Table{Source: env.Name, Schema: schema, Name: name, Columns: columns(), Key: []int{0}}
		}
		s.tables = append(s.tables, t)
	}
	return s, nil
}

// Run emits events from position from on, at the configured rate, until ctx ends.
func (s *Source) Run(ctx context.Context, from event.Position, out sources.Emitter) error {
	i, err := parse(from)
	if err != nil {
		return sources.Permanent(fmt.Errorf("generate %s: %w", s.env.Name, err))
	}
	s.next.Store(i)
	r := run{Source: s, content: newContent(&s.conf), out: out, pace: newPace(s.conf.Rate, i)}
	defer r.pace.stop()
	s.phase("streaming")
	err = r.loop(ctx, i)
	s.phase("stopped")
	return fmt.Errorf("generate %s: %w", s.env.Name, err)
}

// Commit does nothing: there is no upstream to tell.
func (s *Source) Commit(context.Context, event.Position) error { return nil }

// Describe implements sources.Describer.
func (s *Source) Describe(pos event.Position) (identity, rule string, seq uint64) {
	i, err := parse(pos)
	if err != nil {
		i = 0
	}
	return s.conf.identity(), "index", i
}

// Status implements sources.Statuser.
func (s *Source) Status() sources.Status {
	n := s.next.Load()
	st := sources.Status{Phase: "connecting", LagKnown: true, CaughtUp: true, AtTip: true, Seq: n, Moved: time.Unix(0, s.moved.Load())}
	if p := s.state.Load(); p != nil {
		st.Phase = *p
	}
	return st
}

func (s *Source) phase(p string) {
	s.state.Store(&p)
	s.moved.Store(time.Now().UnixNano())
}

func parse(pos event.Position) (uint64, error) {
	if pos == nil {
		return 0, nil
	}
	i, err := strconv.ParseUint(string(pos), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("position %q is no index", pos)
	}
	return i, nil
}
