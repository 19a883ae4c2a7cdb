package mysql

import (
	"context"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// keyless reads a table without a primary key. Its rows append, so a row that both the snapshot and the stream brought would be there
// twice: the snapshot is one consistent read whose transactions are known exactly, and the stream leaves those out for this table. It cannot
// be resumed in the middle; what an earlier attempt wrote is swept at the end.
func (r *reader) keyless(ctx context.Context, t *table, plan *rowdec.Plan) error {
	if err := r.boundary(ctx, func(ctx context.Context) error { return r.openView(ctx, t, plan) }); err != nil {
		return err
	}
	sql := "SELECT " + strings.Join(plan.SelectList(), ", ") + " FROM " + rowdec.QuoteName(t.schema) + "." + rowdec.QuoteName(t.table)
	gen := r.generation(t)
	ch := &chunk{reader: r, t: t, plan: plan, seq: gen}
	err := r.selectRows(ctx, sql, func(cells [][]byte) error {
		if err := ch.add(cells); err != nil {
			return err
		}
		if ch.bytes < chunkBytes {
			return nil
		}
		full := ch
		ch = &chunk{reader: r, t: t, plan: plan, seq: gen}
		return r.boundary(ctx, full.enterKeyless)
	})
	switch {
	case retaken(err):
		err = errAgain
	case err != nil:
		err = r.explain("read "+t.name, err)
	default:
		ch.last = true
		err = r.boundary(ctx, ch.enterKeyless)
	}
	if err != nil {
		ch.drop()
		return err
	}
	_, err = r.conn.Execute("COMMIT")
	return r.explain("end the snapshot of "+t.name, err)
}

func (r *reader) generation(t *table) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return t.progress.Gen
}

// openView opens a consistent read while the stream stands still, and finds out exactly which transactions it shows: gtid_executed is the
// same before and after only if nothing was committed in between.
func (r *reader) openView(ctx context.Context, t *table, plan *rowdec.Plan) error {
	if t.progress.State == tableStopped {
		return errAgain
	}
	if err := r.explain("set isolation", r.exec("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")); err != nil {
		return err
	}
	for {
		seen, err := r.view()
		if err != nil {
			return r.explain("open a consistent read", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		// The stream must not be ahead of what is visible, or rows that it has passed would be missing from both (rule N1).
		if seen != nil && seen.Contain(r.gtids) {
			t.seen = seen
			break
		}
	}
	p := t.progress
	*p = tableProgress{State: tableReading, Gen: r.seq, Seen: t.seen.String(), Def: digest(plan.Table()), Stream: p.Stream}
	t.recorder = &recorder{keys: map[string]struct{}{}}
	r.tail.dirty = true
	return nil
}

func (r *reader) exec(sql string) error {
	_, err := r.conn.Execute(sql)
	return err
}

// view opens a read view and returns the transactions that it shows, or nil if something was committed meanwhile.
func (r *reader) view() (*gomysql.MysqlGTIDSet, error) {
	const executed = "SELECT @@global.gtid_executed"
	before, err := scalar(r.conn, executed)
	if err != nil {
		return nil, err
	}
	if err := r.exec("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return nil, err
	}
	after, err := scalar(r.conn, executed)
	if err != nil || before != after {
		return nil, err
	}
	return parseGTIDs(clean(after))
}

// enterKeyless puts a part of a keyless table's rows into the stream.
func (ch *chunk) enterKeyless(ctx context.Context) error {
	t := ch.t
	if t.recorder == nil || t.recorder.ddl || t.progress.State != tableReading {
		t.recorder = nil
		return errAgain
	}
	if err := ch.rejectLarge(ctx, t.recorder); err != nil {
		return err
	}
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	t.progress.Rows += int64(ch.rows)
	ch.tail.dirty = true
	ch.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Rows = t.progress.Rows })
	if err := ch.handOver(ctx, ch.emit(nil)); err != nil {
		return err
	}
	if ch.last {
		t.recorder = nil
		return ch.finish(ctx, t, ch.plan.Table())
	}
	return nil
}

// leftOut tells whether the current transaction's rows of t were in its snapshot. Once the stream has passed all of what the snapshot showed,
// the question is closed.
func (st *stream) leftOut(t *table) bool {
	if t.seen == nil {
		return false
	}
	if st.gtids.Contain(t.seen) {
		t.seen, t.progress.Seen = nil, ""
		st.tail.dirty = true
		return false
	}
	one := gomysql.NewMysqlGTIDSet()
	one.AddGTIDWithTag(st.tx.uuid, st.tx.tag, st.tx.gno)
	return t.seen.Contain(&one)
}
