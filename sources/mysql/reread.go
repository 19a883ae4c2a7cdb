package mysql

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"yamabiko/event"
	"yamabiko/sources/mysql/rowdec"
)

// Reread implements sources.Rereader: rows are read by key where the running stream stands, like a chunk of a snapshot, and a key whose
// row is gone becomes a Delete (rule E3). Keys that the stream changes meanwhile are left to it.
func (s *source) Reread(ctx context.Context, schema, tableName string, keys [][]byte) error {
	s.mu.Lock()
	st := s.stream
	s.mu.Unlock()
	if st == nil {
		return fmt.Errorf("mysql %s: rows cannot be read again: the source is not running", s.env.Name)
	}
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	r := &reader{stream: st, conn: c}
	defer func() { r.conn.Close() }()
	plan, err := st.describe(c, name{schema, tableName})
	if err != nil {
		return err
	}
	if plan == nil || len(plan.Table().Key) == 0 {
		return fmt.Errorf("mysql %s: %s.%s has no primary key, or does not exist: its rows cannot be read again by key", s.env.Name, schema, tableName)
	}
	for _, key := range keys {
		if err := r.one(ctx, plan, key); err != nil {
			return err
		}
	}
	return nil
}

// one reads one row again.
func (r *reader) one(ctx context.Context, plan *rowdec.Plan, key []byte) error {
	cells, err := keyCells(plan.Table(), key)
	if err != nil {
		return fmt.Errorf("mysql %s: %s.%s: key %s: %w", r.env.Name, plan.Table().Schema, plan.Table().Name, key, err)
	}
	def := plan.Table()
	sql := fmt.Sprintf("SELECT %s FROM %s.%s WHERE %s", strings.Join(plan.SelectList(), ", "),
		rowdec.QuoteName(def.Schema), rowdec.QuoteName(def.Name), whereKey(def, cells))
	for {
		// A table that is being read in chunks has its own recorder; the key is looked up beside it.
		var gtids string
		var seq uint64
		if err := r.boundary(ctx, func(context.Context) error { gtids, seq = r.gtids.String(), r.stream.seq; return nil }); err != nil {
			return err
		}
		if err := r.visible(ctx, gtids); err != nil {
			return err
		}
		ch := &chunk{reader: r, t: &table{name: def.Name, schema: def.Schema, table: def.Name, tag: r.conf.tagOf(r.env.Name, def.Schema, def.Name)}, plan: plan, seq: seq}
		if err := r.selectRows(ctx, sql, ch.add); err != nil {
			return r.explain("read a row again", err)
		}
		moved := false
		err := r.boundary(ctx, func(ctx context.Context) error {
			if moved = r.stream.seq != seq; moved {
				return nil // something changed meanwhile, perhaps this row
			}
			return ch.enterOne(ctx, cells)
		})
		if err != nil || !moved {
			return err
		}
		ch.drop()
	}
}

// enterOne emits the row, or a Delete where there is none.
func (ch *chunk) enterOne(ctx context.Context, key [][]byte) error {
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	if ch.rows == 0 {
		b := ch.pool.Get(ch.t.tag, ch.env.Name, ch.plan.Table())
		h := rowdec.ReadHeader{Time: time.Now(), Seq: ch.seq}
		if err := ch.plan.AppendTextDelete(b, h, key, &ch.scratch); err != nil {
			return err
		}
		ch.batches = append(ch.batches, b)
	}
	return ch.handOver(ctx, ch.batches)
}

// keyCells turns a key, a JSON object, into the text cells that a SELECT of its columns would give, in key order.
func keyCells(t *event.Table, key []byte) ([][]byte, error) {
	var values map[string]any
	d := json.NewDecoder(bytes.NewReader(key))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	var cells [][]byte
	for _, i := range t.Key {
		c := t.Columns[i]
		v, ok := values[c.Name]
		if !ok || v == nil {
			return nil, fmt.Errorf("it has no value for column %s", c.Name)
		}
		text := fmt.Sprint(v)
		switch {
		case c.Kind == event.Binary:
			raw, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", c.Name, err)
			}
			text = string(raw)
		case c.Kind == event.Set:
			text = strings.Join(strings.Fields(strings.Trim(text, "[]")), ",")
		case c.Kind == event.Timestamp || c.Kind == event.DateTime:
			text = strings.Replace(strings.TrimSuffix(text, "Z"), "T", " ", 1)
		}
		cells = append(cells, []byte(text))
	}
	return cells, nil
}

// whereKey writes a key as a condition.
func whereKey(t *event.Table, cells [][]byte) string {
	var conds []string
	for i, at := range t.Key {
		c := t.Columns[at]
		conds = append(conds, rowdec.QuoteName(c.Name)+" = "+sqlValue(c.Kind, cells[i]))
	}
	return strings.Join(conds, " AND ")
}
