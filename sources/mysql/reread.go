package mysql

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	t := st.known(name{schema, tableName})
	if t == nil {
		return fmt.Errorf("mysql %s: %s.%s is not a table that is watched: its rows cannot be read again", s.env.Name, schema, tableName)
	}
	for len(keys) > 0 {
		if keys, err = r.some(ctx, t, keys); err != nil {
			return err
		}
	}
	return nil
}

// some reads rows again until a key is left whose table changed its definition meanwhile.
func (r *reader) some(ctx context.Context, t *table, keys [][]byte) (left [][]byte, err error) {
	plan, err := r.describe(r.conn, name{t.schema, t.table})
	if err != nil {
		return nil, err
	}
	if plan == nil || len(plan.Table().Key) == 0 {
		return nil, fmt.Errorf("mysql %s: %s has no primary key, or does not exist: its rows cannot be read again by key", r.env.Name, t.name)
	}
	for i, key := range keys {
		err := r.one(ctx, t, plan, key)
		if errors.Is(err, errAgain) {
			return keys[i:], nil
		}
		if err != nil {
			return nil, fmt.Errorf("mysql %s: %s: key %s: %w", r.env.Name, t.name, key, err)
		}
	}
	return nil, nil
}

// one reads one row again, as a chunk does.
func (r *reader) one(ctx context.Context, t *table, plan *rowdec.Plan, key []byte) error {
	def := plan.Table()
	cells, err := keyCells(def, key)
	if err != nil {
		return err
	}
	ch := &chunk{reader: r, t: t, plan: plan}
	defer ch.drop()
	gtids, err := ch.low(ctx)
	if errors.Is(err, errAgain) {
		return errors.New("the table is stopped")
	}
	if err != nil {
		return err
	}
	if err := r.visible(ctx, gtids); err != nil {
		return err
	}
	sql := fmt.Sprintf("SELECT %s FROM %s.%s WHERE %s", strings.Join(plan.SelectList(), ", "),
		rowdec.QuoteName(def.Schema), rowdec.QuoteName(def.Name), whereKey(def, cells))
	switch err := r.selectRows(ctx, sql, ch.add); {
	case retaken(err):
		return errAgain
	case err != nil:
		return r.explain("read a row again", err)
	}
	return r.boundary(ctx, func(ctx context.Context) error { return ch.enterOne(ctx, cells) })
}

// enterOne emits the row, or a Delete where there is none, unless the stream has changed it meanwhile.
func (ch *chunk) enterOne(ctx context.Context, key [][]byte) error {
	if ch.rec.ddl {
		return errAgain
	}
	if ch.rows == 0 {
		b := ch.pool.Get(ch.t.tag, ch.env.Name, ch.plan.Table())
		ch.batches = append(ch.batches, b)
		h := rowdec.ReadHeader{Time: time.Now(), Seq: ch.seq}
		if err := ch.plan.AppendTextDelete(b, h, key, &ch.scratch); err != nil {
			return err
		}
	}
	if err := ch.rejectLarge(ctx); err != nil {
		return err
	}
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	return ch.handOver(ctx, ch.settled())
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
		cell, err := keyCell(c, v)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

// keyCell turns a value as the envelope writes it (docs/types.md) into the text of a SELECT.
func keyCell(c event.Column, v any) ([]byte, error) {
	if labels, ok := v.([]any); ok && c.Kind == event.Set {
		var b []byte
		for i, l := range labels {
			if i > 0 {
				b = append(b, ',')
			}
			b = fmt.Append(b, l)
		}
		return b, nil
	}
	text := fmt.Sprint(v)
	switch c.Kind {
	case event.Binary:
		return base64.StdEncoding.DecodeString(text)
	case event.Float32: // the shortest text of 32 bits is another number in 64, in which the server compares
		f, err := strconv.ParseFloat(text, 32)
		return strconv.AppendFloat(nil, f, 'g', -1, 64), err
	case event.Timestamp, event.DateTime:
		text = strings.Replace(strings.TrimSuffix(text, "Z"), "T", " ", 1)
	}
	return []byte(text), nil
}

// whereKey writes a key as a condition. A string's must match to the byte: another spelling that the collation takes for the same is
// another key to a sink.
func whereKey(t *event.Table, cells [][]byte) string {
	var conds []string
	for i, at := range t.Key {
		c := t.Columns[at]
		column, value := rowdec.QuoteName(c.Name), sqlValue(c.Kind, cells[i])
		conds = append(conds, column+" = "+value)
		if c.Kind == event.String {
			conds = append(conds, "CONVERT("+column+" USING utf8mb4) COLLATE utf8mb4_0900_bin = "+value)
		}
	}
	return strings.Join(conds, " AND ")
}
