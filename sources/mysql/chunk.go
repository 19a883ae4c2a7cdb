package mysql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// firstChunk is how many rows are asked for before it is known how large they are; chunkBytes is what a chunk aims at, and chunkMax
// ends one whose rows turn out larger. Waiting chunks are held beside the in-flight limit, one at a time (rule N3).
const (
	firstChunk = 500
	chunkBytes = 4 << 20
	chunkMax   = 16 << 20
)

// chunk is a stretch of a table's rows on their way into the stream.
type chunk struct {
	*reader
	t       *table
	plan    *rowdec.Plan
	limit   int // rows asked for
	batches []*event.Batch
	rejects []*rowdec.TooLarge
	seq     uint64
	rows    int
	bytes   int64
	after   []string // the last key read
	last    bool     // the table ends with this chunk
	rec     *recorder
}

// read takes the low mark, waits until the connection sees all of it, and reads.
func (ch *chunk) read(ctx context.Context) error {
	gtids, err := ch.low(ctx)
	if err != nil {
		return err
	}
	if err := ch.visible(ctx, gtids); err != nil {
		return err
	}
	keys := newKeyset(ch.plan)
	full := false
	err = ch.selectRows(ctx, keys.query(ch.plan.Table(), ch.after, ch.limit), func(cells [][]byte) error {
		if err := ch.add(cells[:len(ch.plan.Table().Columns)]); err != nil {
			return err
		}
		ch.after = keys.literals(cells)
		if full = ch.bytes > chunkMax; full {
			return errFull
		}
		return nil
	})
	switch {
	case full:
		return ch.reconnect(ctx) // what the server was still to send is not wanted
	case retaken(err):
		return errAgain
	case err != nil:
		return ch.explain("read "+ch.t.name, err)
	}
	ch.last = ch.rows < ch.limit
	return nil
}

var errFull = errors.New("chunk is full")

// selectRows runs a query and hands every row's cells on, nil for NULL; they are valid until the next row.
func (r *reader) selectRows(ctx context.Context, sql string, row func([][]byte) error) error {
	defer closing(ctx, r.conn)()
	var cells [][]byte
	var text []byte
	var result gomysql.Result
	return r.conn.ExecuteSelectStreaming(sql, &result, func(fields []gomysql.FieldValue) error {
		cells, text = cells[:0], text[:0]
		for i := range fields {
			f := &fields[i]
			from := len(text)
			switch f.Type {
			case gomysql.FieldValueTypeNull:
				cells = append(cells, nil)
				continue
			case gomysql.FieldValueTypeString:
				cells = append(cells, nonNil(f.AsString()))
				continue
			case gomysql.FieldValueTypeUnsigned:
				text = strconv.AppendUint(text, f.AsUint64(), 10)
			case gomysql.FieldValueTypeSigned:
				text = strconv.AppendInt(text, f.AsInt64(), 10)
			case gomysql.FieldValueTypeFloat:
				text = strconv.AppendFloat(text, f.AsFloat64(), 'g', -1, 64)
			}
			cells = append(cells, text[from:len(text):len(text)])
		}
		return row(cells)
	}, nil)
}

// nonNil keeps an empty string apart from NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// add decodes a row into the chunk.
func (ch *chunk) add(cells [][]byte) error {
	n := len(ch.batches)
	if n == 0 || len(ch.batches[n-1].Data) >= batchBytes {
		ch.batches = append(ch.batches, ch.pool.Get(ch.t.tag, ch.env.Name, ch.plan.Table()))
		n++
	}
	b := ch.batches[n-1]
	before := b.Size()
	h := rowdec.ReadHeader{Time: time.Now(), Seq: ch.seq, Limit: ch.env.Limits.Row}
	err := ch.plan.AppendTextRow(b, h, cells, &ch.scratch)
	var large *rowdec.TooLarge
	if errors.As(err, &large) {
		ch.rejects = append(ch.rejects, large)
		err = nil
	}
	ch.rows++
	ch.bytes += b.Size() - before
	return err
}

// enter puts the chunk into the stream, which stands at its high mark: rows whose keys changed since the low mark are dropped
// (rule N2). After a DDL, or where the table was stopped or is to be read anew, nothing of the chunk can be used (rule N3).
func (ch *chunk) enter(ctx context.Context) error {
	t, rec, p := ch.t, ch.rec, ch.t.progress
	t.forget(rec)
	if rec.ddl || p.State == tableStopped {
		return errAgain
	}
	if p.State == tableWaiting {
		p.State, p.Gen, p.Def = tableReading, ch.seq, digest(ch.plan.Table())
	}
	if err := ch.rejectLarge(ctx); err != nil {
		return err
	}
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	emitted := ch.settled()
	p.After, p.Rows = ch.after, p.Rows+int64(ch.rows)
	ch.tail.dirty = true
	ch.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Rows = p.Rows })
	if err := ch.handOver(ctx, emitted); err != nil {
		return err
	}
	if ch.last {
		return ch.finish(ctx, t, ch.plan.Table())
	}
	return nil
}

// settled narrows the batches to the rows that the stream did not change meanwhile.
func (ch *chunk) settled() []*event.Batch {
	kept := ch.batches[:0]
	for _, b := range ch.batches {
		if len(b.Table.Key) > 0 && len(ch.rec.keys) > 0 {
			dropKeys(b, ch.rec.keys)
		}
		if len(b.Entries) == 0 {
			ch.pool.Drop(b)
			continue
		}
		kept = append(kept, b)
	}
	return kept
}

// dropKeys takes the entries with these keys out of a batch that nobody else has seen yet, and their bytes, since sinks may send Data whole.
func dropKeys(b *event.Batch, keys map[string]struct{}) {
	kept, end := b.Entries[:0], uint32(0)
	for i, e := range b.Entries {
		if _, changed := keys[string(b.KeyOf(i))]; changed {
			continue
		}
		if e.Off != end {
			copy(b.Data[end:], b.Data[e.Off:e.Off+e.Len])
			e.Off = end
		}
		end += e.Len
		kept = append(kept, e)
	}
	b.Entries, b.Data = kept, b.Data[:end]
}

// handOver emits the chunk's batches; the position, which now holds the chunk, goes with the last.
func (ch *chunk) handOver(ctx context.Context, batches []*event.Batch) error {
	ch.batches = batches
	for len(ch.batches) > 0 {
		b := ch.batches[0]
		var pos event.Position
		if len(ch.batches) == 1 {
			pos = ch.position()
		}
		n := len(b.Entries)
		ch.batches = ch.batches[1:]
		if err := ch.out.send(ctx, b, pos); err != nil {
			return err
		}
		ch.env.Count(ch.t.schema, ch.t.table, event.Read, n)
	}
	return ch.flush(ctx)
}

func (ch *chunk) rejectLarge(ctx context.Context) error {
	for _, o := range ch.rejects {
		if _, changed := ch.rec.keys[string(o.Key)]; changed && o.Key != nil {
			continue
		}
		err := ch.env.Reject(ctx, sources.DeadLetter{Tag: ch.t.tag, Table: o.Table, Op: o.Op, Seq: o.Seq, Key: o.Key, Time: time.Now(), Why: o})
		if err != nil {
			return err
		}
	}
	return nil
}

// drop gives back what will not be emitted. It is not called while the stream stands still.
func (ch *chunk) drop() {
	ch.mu.Lock()
	ch.t.forget(ch.rec)
	ch.mu.Unlock()
	for _, b := range ch.batches {
		ch.pool.Drop(b)
	}
	ch.batches = nil
}

// nextLimit is how many rows the next chunk asks for, so that it comes near chunkBytes.
func (ch *chunk) nextLimit(most int) int {
	if ch.bytes == 0 {
		return min(2*ch.limit, most)
	}
	n := int(int64(ch.rows) * chunkBytes / ch.bytes)
	return max(1, min(n, 4*ch.limit, most))
}

// reconnect gives up the rest of a result.
func (r *reader) reconnect(ctx context.Context) error {
	r.conn.Close()
	c, err := r.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect again after a full chunk: %w", err)
	}
	r.conn = c
	return nil
}
