package engine

import (
	"context"
	"errors"
	"fmt"

	"yamabiko/event"
	"yamabiko/router"
	"yamabiko/sources"
)

// resend makes an event of a letter without a key and sends it to the sink that refused it, or by its route where none was reached.
func (r *replay) resend(ctx context.Context, l router.StoredLetter) error {
	t, err := r.table(ctx, l)
	if err != nil {
		return err
	}
	b, err := batchOf(l, t)
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

// table describes the table of a letter as its source knows it today: a sink that has to make the index again needs the columns. It gives the
// same table for all letters of one table, since sinks number equal rows by it. Nil is for logs.
func (r *replay) table(ctx context.Context, l router.StoredLetter) (*event.Table, error) {
	if l.Table == "" {
		return nil, nil
	}
	ref := tableRef{l.Source, l.Schema, l.Table}
	if t := r.tables[ref]; t != nil {
		return t, nil
	}
	t := &event.Table{Source: l.Source, Schema: l.Schema, Name: l.Table} // of a table that is gone by now
	if p := r.pipeline(l.Source); p != nil {
		if lister, ok := p.source.(sources.Lister); ok {
			all, err := lister.Tables(ctx)
			if err != nil {
				return nil, err
			}
			for _, listed := range all {
				if listed.Table.Schema == l.Schema && listed.Table.Name == l.Table {
					t = listed.Table
				}
			}
		}
	}
	r.tables[ref] = t
	return t, nil
}

// batchOf makes a batch of a stored letter.
func batchOf(l router.StoredLetter, t *event.Table) (*event.Batch, error) {
	b := &event.Batch{Tag: l.Tag, Stream: l.Source, Table: t}
	e := event.Entry{Seq: l.Seq, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx}
	if t != nil {
		if len(t.Key) > 0 {
			return nil, fmt.Errorf("%s.%s has a primary key by now, and the letter has none", t.Schema, t.Name)
		}
		op, ok := event.ParseOp(l.Op)
		if !ok {
			return nil, fmt.Errorf("op %q is unknown", l.Op)
		}
		e.Op = op
	}
	if err := fill(b, l); err != nil {
		return nil, err
	}
	if _, _, _, err := event.ReadMessage(b.Data); err != nil {
		return nil, err
	}
	e.Len = uint32(len(b.Data))
	b.Entries = []event.Entry{e}
	return b, nil
}

// fill writes the letter's record, or its row, or what was kept of it as it was.
func fill(b *event.Batch, l router.StoredLetter) (err error) {
	if l.Raw != nil {
		b.Data = l.Raw
		return nil
	}
	if len(l.Record) == 0 && (b.Table == nil || len(l.Row) == 0 || string(l.Row) == "null") {
		return errors.New("it has neither a key nor a record")
	}
	if b.First, err = parseTime(l.Time); err != nil {
		return err
	}
	b.Data = event.AppendHead(nil, b.First)
	if len(l.Record) > 0 {
		b.Data, err = appendJSONValue(b.Data, l.Record)
	} else {
		b.Data, err = appendRow(b.Data, b.Table, l.Row)
	}
	return err
}
