// Package sinks says what a sink is: something that makes chunks of events durable downstream.
package sinks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"yamabiko/event"
)

// Sink writes to one downstream.
type Sink interface {
	// Write returns nil only when every event of c is durable downstream, or rejected through c.Reject. c is valid
	// only until it returns. Called by at most one goroutine a lane. A barrier chunk (c.Barrier) is written when every
	// event before it is durable and none after it is in flight. A *RetryError names the events that are to be
	// sent again; any other error means all of them. The router retries, with backoff, for ever by default: a sink only
	// retries by itself what it must split or send to another address at once.
	Write(ctx context.Context, c *event.Chunk) error
	Close() error
}

// RetryError says that only some of a chunk's events are to be sent again.
type RetryError struct {
	Indices []int // event numbers in the chunk, rising
	Err     error
}

func (e *RetryError) Error() string {
	return fmt.Sprintf("%d events to send again: %v", len(e.Indices), e.Err)
}

func (e *RetryError) Unwrap() error { return e.Err }

// Env is what a sink is given beside its configuration.
type Env struct {
	Name  string
	Lanes int // how many goroutines will call Write, unless the sink is a Laner: then it says so itself
	Log   *slog.Logger
	// Suspect reports a refusal for a version above what the event carried: stored is the version found (rule S6).
	// It must be called before the Write that met it returns.
	Suspect func(stream string, stored uint64)
	Limits  Limits
}

// Limits are bounds of the configuration that a sink needs, in bytes.
type Limits struct{ Chunk int64 }

// Plugin is a kind of sink. Make one with Define.
type Plugin struct {
	Type string
	New  func() any
	Open func(conf any, env Env) (Sink, error)
}

// Define makes a Plugin of a configuration struct with its defaults and a constructor. Open connects to nothing.
func Define[C any](typ string, defaults C, open func(C, Env) (Sink, error)) Plugin {
	return Plugin{
		Type: typ,
		New:  func() any { c := defaults; return &c },
		Open: func(conf any, env Env) (Sink, error) { return open(*conf.(*C), env) },
	}
}

// Checker looks at the real downstream for `check --connect`.
type Checker interface {
	// Check reports what it finds for the tables and tags that routes send here.
	Check(ctx context.Context, tables []*event.Table) ([]Finding, error)
}

// Finding is one line of `check --connect`.
type Finding struct {
	OK     bool
	What   string
	Remedy string // what mends it, empty where OK
}

// Placer tells in which place of the downstream (an index, say) a table's rows end, so that `check` and `run` can refuse
// two tables or sources that meet in one (rule E5).
type Placer interface {
	Place(t *event.Table, tag string) (place string, shared bool)
}

// Laner is implemented by sinks that say how many lanes they want.
type Laner interface{ Lanes() int }

type rejected struct{ error }

// AsPermanent marks an error that no retry can mend and that concerns the whole sink, not a record.
func AsPermanent(err error) error { return rejected{err} }

func (r rejected) Unwrap() error { return r.error }

// IsPermanent tells whether err was marked by AsPermanent.
func IsPermanent(err error) bool {
	var r rejected
	return errors.As(err, &r)
}
