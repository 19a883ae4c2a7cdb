package sources

import (
	"context"
	"errors"
	"time"

	"yamabiko/event"
)

// The interfaces below are optional: what commands and the admin server need beyond reading.

// Checker looks at the real upstream for `check --connect`.
type Checker interface {
	// Check reports everything it finds, good and bad. An error means that the upstream could not be asked.
	Check(ctx context.Context) ([]Finding, error)
}

// Lister names the tables that a source watches at the moment, for `check --connect`.
type Lister interface {
	Tables(ctx context.Context) ([]Listed, error)
}

// Listed is a watched table and the tag of its events.
type Listed struct {
	Tag   string
	Table *event.Table
}

// Finding is one line of `check --connect`.
type Finding struct {
	OK     bool
	What   string // "binlog_row_metadata is FULL"
	Remedy string // the SQL that mends it, empty where OK
}

// Positioner shows and sets positions.
type Positioner interface {
	// ShowPosition returns a JSON object for people.
	ShowPosition(pos event.Position) ([]byte, error)
	// ParsePosition makes a position of what a person typed; current is the saved one, or nil. Seq rises (rule S3).
	ParsePosition(text string, current event.Position) (event.Position, error)
}

// Describer says what State keeps beside a position: who the upstream is, the counting rule and Seq.
type Describer interface {
	Describe(pos event.Position) (identity, rule string, seq uint64)
}

// Statuser tells how the source is doing.
type Statuser interface{ Status() Status }

// Status is a source's state at one moment.
type Status struct {
	Phase    string        // "connecting", "snapshot", "streaming", "stopped"
	Lag      time.Duration // behind the upstream; meaningless unless LagKnown
	LagKnown bool          // false while the source does not know: never report 0 then
	LagBytes int64         // 0 when caught up, -1 unknown
	CaughtUp bool          // has passed, since the start of Run, what the upstream held when Run began
	AtTip    bool          // has read everything that the upstream has now
	Seq      uint64        // the highest Seq assigned
	Moved    time.Time     // when anything last arrived from the upstream, heartbeats included
	Err      error         // why it is not running
	Tables   []TableStatus
}

// TableStatus is one table's state.
type TableStatus struct {
	Schema, Table string
	Stopped       string // why the table is stopped, with the remedy; empty while it is not
	Snapshot      string // "", "waiting", "reading", "done"
	Rows, Total   int64  // snapshot rows read, and the server's estimate (0 unknown)
}

// Rereader reads rows again by key, for `replay` (rule E3).
type Rereader interface {
	// Reread reads the rows with these keys (JSON objects, as an envelope has them) where the running stream stands and
	// emits each as Read, or as Delete where it is gone, with the Seq of that moment. It returns once they are
	// emitted; Run must be running.
	Reread(ctx context.Context, schema, table string, keys [][]byte) error
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that trying again cannot mend: wrong password, missing privilege, purged binlog.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// IsPermanent tells whether err was marked by Permanent.
func IsPermanent(err error) bool {
	var p permanent
	return errors.As(err, &p)
}
