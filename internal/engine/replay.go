package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"yamabiko/event"
	"yamabiko/router"
	"yamabiko/sources"
)

// ReplayReport says what became of the dead letters of a replay.
type ReplayReport struct {
	Reread   int      `json:"reread"`   // rows read again at their source, or found gone there
	Resent   int      `json:"resent"`   // events without a key, sent as they were
	Problems []string `json:"problems"` // "path:line: why", for each that was left
}

// Replay puts dead letters back. A row with a key is read again at its source: its stored image may be older than what the sink holds by now
// (rule E3). What has no key is sent as it stands to the sink that refused it. It returns once everything is on its way; what is refused again
// becomes a dead letter again. A letter that cannot be put back keeps no other back.
func (e *Engine) Replay(ctx context.Context, files []string) (ReplayReport, error) {
	r := replay{Engine: e, rows: map[tableRef][]row{}, seen: map[string]bool{}, tables: map[tableRef]*event.Table{}}
	r.report.Problems = []string{}
	for _, f := range files {
		for l, err := range router.ReadDeadLetters(f) {
			if err == nil {
				if err = r.take(ctx, l); err != nil {
					err = fmt.Errorf("%s:%d: %w", l.Path, l.Line, err)
				}
			}
			if err != nil {
				r.report.Problems = append(r.report.Problems, err.Error())
			}
		}
	}
	for _, t := range r.order {
		r.reread(ctx, t)
	}
	return r.report, ctx.Err()
}

type tableRef struct{ source, schema, table string }

// row is a row that is to be read again, and where its letter stands.
type row struct {
	key json.RawMessage
	at  string
}

type replay struct {
	*Engine
	order  []tableRef // of rows
	rows   map[tableRef][]row
	seen   map[string]bool           // keys taken already: a row that was refused twice is read once
	tables map[tableRef]*event.Table // of letters without a key, as their source knows them
	report ReplayReport
}

func (e *Engine) pipeline(name string) *pipeline {
	for _, p := range e.sources {
		if p.name == name {
			return p
		}
	}
	return nil
}

// take sorts one letter.
func (r *replay) take(ctx context.Context, l router.StoredLetter) error {
	if len(l.RawKey) > 0 {
		return errors.New("it is a row whose key could not be written: look it up in raw_key, and change the row at its source")
	}
	if len(l.Key) == 0 {
		return r.resend(ctx, l)
	}
	p := r.pipeline(l.Source)
	if p == nil {
		return fmt.Errorf("the configuration has no source %q", l.Source)
	}
	if _, ok := p.source.(sources.Rereader); !ok {
		return fmt.Errorf("source %q cannot read rows again", l.Source)
	}
	t := tableRef{l.Source, l.Schema, l.Table}
	id := fmt.Sprintf("%q %s", t, l.Key)
	if r.seen[id] {
		return nil
	}
	r.seen[id] = true
	if r.rows[t] == nil {
		r.order = append(r.order, t)
	}
	r.rows[t] = append(r.rows[t], row{l.Key, fmt.Sprintf("%s:%d", l.Path, l.Line)})
	return nil
}

// reread has a table's rows read again.
func (r *replay) reread(ctx context.Context, t tableRef) {
	src, rows := r.pipeline(t.source).source.(sources.Rereader), r.rows[t]
	keys := make([][]byte, len(rows))
	for i, w := range rows {
		keys[i] = w.key
	}
	if src.Reread(ctx, t.schema, t.table, keys) == nil {
		r.report.Reread += len(rows)
		return
	}
	// One by one shows which it was; to read a row twice does no harm.
	for _, w := range rows {
		if ctx.Err() != nil {
			return // Replay says so
		}
		if err := src.Reread(ctx, t.schema, t.table, [][]byte{w.key}); err != nil {
			r.report.Problems = append(r.report.Problems, fmt.Sprintf("%s: %v", w.at, err))
			continue
		}
		r.report.Reread++
	}
}
