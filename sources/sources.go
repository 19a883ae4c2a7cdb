// Package sources says what a source is: something that reads an upstream and emits batches of tagged events.
package sources

import (
	"context"
	"log/slog"
	"time"

	"yamabiko/event"
)

// Source reads one upstream.
type Source interface {
	// Run reads from `from` (nil: the configured start) until ctx ends or the upstream fails; the supervisor
	// restarts it with backoff from the position last emitted, unless IsPermanent(err). Run is called by one
	// goroutine at a time; when it returns, everything that it started has ended.
	Run(ctx context.Context, from event.Position, out Emitter) error
	// Commit tells the upstream that everything up to pos is durable in every sink and that pos is saved.
	// It may be called while Run runs, by one goroutine.
	Commit(ctx context.Context, pos event.Position) error
}

// Emitter takes what a source reads. It is used by one goroutine.
type Emitter interface {
	// Emit hands b over, also where it fails; it blocks while this source's in-flight bytes are at their limit. After
	// an error Run returns it: what was not taken is read again. pos nil: not a point to restart from (inside a
	// transaction). b nil: only a position (rule P2). The emitter keeps pos.
	Emit(ctx context.Context, b *event.Batch, pos event.Position) error
	// Sync emits pos alone and returns once everything before it is durable in every sink and pos is saved and
	// fsynced. A rise of Seq is synced before the first event that uses it (rule S1).
	Sync(ctx context.Context, pos event.Position) error
}

// Env is what a source is given beside its configuration.
type Env struct {
	Name     string // the source's name in the configuration
	StateDir string // the state folder; the checkpoint in it is not the source's to touch
	Log      *slog.Logger
	Limits   Limits
	// Restored says that the saved position comes from a state folder that was copied or restored, or from the
	// previous generation because the newest was unreadable: Seq must rise (rules S1, S3).
	Restored bool
	// Reject makes a dead letter of something that cannot become an event, and returns once it is durable.
	Reject func(ctx context.Context, d DeadLetter) error
	// Count counts events by schema, table and op; for yamabiko_source_rows_total. Cheap: once a batch.
	Count func(schema, table string, op event.Op, n int)
}

// Limits are the bounds that the configuration's `limits` sets, in bytes.
type Limits struct {
	Row      int64 // a larger row goes to the dead letters with its key
	InFlight int64 // bytes emitted by one source and not yet durable
}

// DeadLetter is an event that a source could read but not emit.
type DeadLetter struct {
	Tag    string
	Table  *event.Table
	Op     event.Op
	Seq    uint64
	Key    []byte // msgpack array of the key's values, or nil
	Record []byte // msgpack map, or nil where it is too large
	Time   time.Time
	Tx     string
	Why    error
}

// Plugin is a kind of source. Make one with Define.
type Plugin struct {
	Type string
	// New returns a pointer to a fresh configuration that holds the defaults.
	New func() any
	// Open makes a source of a configuration that New returned and config decoded and checked.
	Open func(conf any, env Env) (Source, error)
}

// Define makes a Plugin of a configuration struct with its defaults and a constructor. Open connects to nothing.
func Define[C any](typ string, defaults C, open func(C, Env) (Source, error)) Plugin {
	return Plugin{
		Type: typ,
		New:  func() any { c := defaults; return &c },
		Open: func(conf any, env Env) (Source, error) { return open(*conf.(*C), env) },
	}
}
