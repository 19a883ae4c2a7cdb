package mysql

import (
	"context"
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
	where, err := whereKey(plan.Table(), key)
	if err != nil {
		return fmt.Errorf("mysql %s: %s.%s: %w", r.env.Name, plan.Table().Schema, plan.Table().Name, err)
	}
	def := plan.Table()
	sql := fmt.Sprintf("SELECT %s FROM %s.%s WHERE %s", strings.Join(plan.SelectList(), ", "),
		rowdec.QuoteName(def.Schema), rowdec.QuoteName(def.Name), where)
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
			return ch.enterOne(ctx, key)
		})
		if err != nil || !moved {
			return err
		}
		ch.drop()
	}
}

// enterOne emits the row, or a Delete where there is none.
func (ch *chunk) enterOne(ctx context.Context, key []byte) error {
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	if ch.rows == 0 {
		b := ch.pool.Get(ch.t.tag, ch.env.Name, ch.plan.Table())
		b.First = time.Now()
		e := event.Entry{Seq: ch.seq, Old: event.NoOld, Tx: event.NoTx, Op: event.Delete}
		b.Data = event.AppendHead(b.Data, b.First)
		b.Data = appendKeyRecord(b.Data, ch.plan.Table(), key)
		e.Len = uint32(len(b.Data))
		b.Keys = event.AppendKey(b.Keys, key)
		b.Entries = append(b.Entries, e)
		ch.batches = append(ch.batches, b)
	}
	return ch.handOver(ctx, ch.batches)
}

// appendKeyRecord writes a record of the key columns alone.
func appendKeyRecord(dst []byte, t *event.Table, key []byte) []byte {
	dst = event.AppendMapHeader(dst, len(t.Key))
	n, rest, err := event.ReadArrayHeader(key)
	for i := 0; err == nil && i < n && i < len(t.Key); i++ {
		dst = event.AppendString(dst, t.Columns[t.Key[i]].Name)
		var next []byte
		if next, err = event.Skip(rest); err == nil {
			dst = append(dst, rest[:len(rest)-len(next)]...)
			rest = next
		}
	}
	return dst
}

// whereKey writes a key as a condition.
func whereKey(t *event.Table, key []byte) (string, error) {
	v, _, err := event.Decode(key)
	if err != nil {
		return "", err
	}
	values, ok := v.([]any)
	if !ok || len(values) != len(t.Key) {
		return "", fmt.Errorf("a key of %d columns was expected", len(t.Key))
	}
	var conds []string
	for i, v := range values {
		c := t.Columns[t.Key[i]]
		var text string
		switch x := v.(type) {
		case string:
			if text = x; c.Kind == event.Timestamp {
				text = strings.TrimSuffix(x, "Z")
			}
		case []byte:
			text = string(x)
		case []any: // a SET
			labels := make([]string, len(x))
			for j := range x {
				labels[j] = fmt.Sprint(x[j])
			}
			text = strings.Join(labels, ",")
		default:
			text = fmt.Sprint(x)
		}
		cond := rowdec.QuoteName(c.Name) + " = " + sqlValue(c.Kind, []byte(text))
		if c.Kind == event.String {
			// By bytes: a collation may hold two spellings for one key, and it is this one that was refused.
			cond = rowdec.QuoteName(c.Name) + " = " + literal(text)
		}
		conds = append(conds, cond)
	}
	return strings.Join(conds, " AND "), nil
}
