package engine

import (
	"context"
	"encoding/json"
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
// becomes a dead letter again.
func (e *Engine) Replay(ctx context.Context, files []string) (ReplayReport, error) {
	r := replay{Engine: e, keys: map[tableRef][][]byte{}, seen: map[string]bool{}}
	r.report.Problems = []string{}
	for _, f := range files {
		for l, err := range router.ReadDeadLetters(f) {
			if err == nil {
				err = r.take(ctx, l)
			}
			if err != nil {
				r.report.Problems = append(r.report.Problems, fmt.Sprintf("%s:%d: %v", f, l.Line, err))
			}
		}
	}
	for t, keys := range r.keys {
		p := e.pipeline(t.source)
		if err := p.source.(sources.Rereader).Reread(ctx, t.schema, t.table, keys); err != nil {
			r.report.Problems = append(r.report.Problems, fmt.Sprintf("%s.%s: %v", t.schema, t.table, err))
			continue
		}
		r.report.Reread += len(keys)
	}
	return r.report, ctx.Err()
}

type tableRef struct{ source, schema, table string }

type replay struct {
	*Engine
	keys   map[tableRef][][]byte
	seen   map[string]bool // keys taken already: a row that was refused twice is read once
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
	id := fmt.Sprint(t, string(l.Key))
	if !r.seen[id] {
		r.seen[id] = true
		r.keys[t] = append(r.keys[t], l.Key)
	}
	return nil
}

// resend makes an event of a letter without a key and sends it to the sink that refused it, or by its route where none was reached.
func (r *replay) resend(ctx context.Context, l router.StoredLetter) error {
	b, err := batchOf(l)
	if err != nil {
		return err
	}
	b.Emitted(nil)
	if err := r.router.DispatchTo(ctx, b, l.Sink); err != nil {
		return err
	}
	r.report.Resent++
	return nil
}

// batchOf makes a batch of a stored letter.
func batchOf(l router.StoredLetter) (*event.Batch, error) {
	record := l.Record
	if len(record) == 0 {
		record = l.Row
	}
	b := &event.Batch{Tag: l.Tag, Stream: l.Source}
	e := event.Entry{Seq: l.Seq, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx}
	if l.Table != "" {
		b.Table = &event.Table{Source: l.Source, Schema: l.Schema, Name: l.Table}
		op, ok := event.ParseOp(l.Op)
		if !ok {
			return nil, fmt.Errorf("op %q is unknown", l.Op)
		}
		e.Op = op
	}
	switch {
	case l.Raw != nil:
		b.Data = l.Raw
	case len(record) == 0:
		return nil, fmt.Errorf("it has neither a key nor a record")
	default:
		t, err := parseTime(l.Time)
		if err != nil {
			return nil, err
		}
		b.First = t
		if b.Data, err = appendJSONValue(event.AppendHead(nil, t), json.RawMessage(record)); err != nil {
			return nil, err
		}
	}
	if _, _, _, err := event.ReadMessage(b.Data); err != nil {
		return nil, err
	}
	e.Len = uint32(len(b.Data))
	b.Entries = []event.Entry{e}
	return b, nil
}
