package mysql

import (
	"context"
	"errors"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// keyless reads a table without a primary key. Its rows append, so a row that both the snapshot and the stream brought would be there
// twice: the snapshot is one consistent read whose transactions are known exactly, and the stream leaves those out for this table. It cannot
// be resumed in the middle; what an earlier attempt wrote is swept at the end.
//
// It begins when the stream has passed all that a former run can have delivered: rows that came by the stream then, and are in the view now, would
// have a higher Seq than the sweep, and stay beside the view's.
func (r *reader) keyless(ctx context.Context, t *table, plan *rowdec.Plan) error {
	select {
	case <-r.passed:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := r.readView(ctx, t, plan)
	if err == nil {
		return r.explain("end the snapshot of "+t.name, r.exec("COMMIT"))
	}
	if errors.Is(err, errAgain) {
		// The view is still open, and rows of it may be on their way: another read on this connection would see the past.
		if err := r.reconnect(ctx); err != nil {
			return err
		}
	}
	return err
}

// readView reads the whole table in one view.
func (r *reader) readView(ctx context.Context, t *table, plan *rowdec.Plan) error {
	rec, gen, err := r.openView(ctx, t, plan)
	if err != nil {
		return err
	}
	part := func() *chunk { return &chunk{reader: r, t: t, plan: plan, seq: gen, rec: rec} }
	ch := part()
	sql := "SELECT " + strings.Join(plan.SelectList(), ", ") + " FROM " + rowdec.QuoteName(t.schema) + "." + rowdec.QuoteName(t.table)
	err = r.selectRows(ctx, sql, func(cells [][]byte) error {
		if err := ch.add(cells); err != nil || ch.bytes < chunkBytes {
			return err
		}
		full := ch
		ch = part()
		return r.enterPart(ctx, full)
	})
	switch {
	case retaken(err):
		err = errAgain
	case err != nil:
		err = r.explain("read "+t.name, err)
	default:
		ch.last = true
		return r.enterPart(ctx, ch)
	}
	ch.drop()
	return err
}

func (r *reader) enterPart(ctx context.Context, ch *chunk) error {
	err := r.boundary(ctx, ch.enterKeyless)
	if err != nil {
		ch.drop()
	}
	return err
}

// openTries is how many views are opened in the hope of one at whose opening no transaction was being committed.
const openTries = 200

// openView opens a consistent read of which it is known what it shows. The stream stands still for each try, and goes on between two.
func (r *reader) openView(ctx context.Context, t *table, plan *rowdec.Plan) (rec *recorder, gen uint64, err error) {
	if err := r.exec("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
		return nil, 0, r.explain("set isolation", err)
	}
	for try := 0; rec == nil; try++ {
		err := r.boundary(ctx, func(context.Context) error {
			if t.progress.State == tableStopped {
				return errAgain
			}
			v, err := r.view()
			if err != nil || !r.usable(t, v, try >= openTries) {
				return err
			}
			rec, gen = r.beginView(t, v, plan), r.stream.seq
			return nil
		})
		if err != nil {
			return nil, 0, r.explain("open a consistent read", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
	return rec, gen, nil
}

// usable tells whether a table can be read in a view.
func (st *stream) usable(t *table, v view, unsureToo bool) bool {
	switch p := t.progress; {
	case !unsureToo && !v.unsure.IsEmpty():
		return false
	case !v.shows.Contain(st.gtids):
		return false // the stream is ahead of what is visible: rows that it has passed would be missing from both (rule N1)
	case p.State == tableReading && p.Gen == st.seq && !st.gtids.Contain(v.shows):
		return false // rows of an earlier attempt that are gone from this view would carry the same Seq, and no sweep would find them
	}
	return true
}

// beginView notes in the table's progress what its snapshot shows.
func (st *stream) beginView(t *table, v view, plan *rowdec.Plan) *recorder {
	t.seen, t.unsure = v.shows, v.unsure
	*t.progress = tableProgress{State: tableReading, Gen: st.seq, Seen: v.shows.String(), Unsure: v.unsure.String(), Def: digest(plan.Table()), Stream: t.progress.Stream}
	st.tail.dirty = true
	return t.record()
}

// view is which transactions a consistent read shows, and which it may show or not.
type view struct{ shows, unsure *gomysql.MysqlGTIDSet }

// view opens a read view. A transaction's GTID is in gtid_owned from when it is written to the binlog until it enters gtid_executed, which
// is after it has become visible (mysqld's ordered commit: flush, sync, engine commit, then Gtid_state::update_commit_group). So the view
// shows all that was executed before it was opened, and nothing else but, perhaps, what was owned or came to be executed meanwhile.
func (r *reader) view() (v view, err error) {
	before, err := scalar(r.conn, "SELECT @@global.gtid_executed")
	if err != nil {
		return v, err
	}
	before = clean(before)
	if err := r.exec("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
		return v, err
	}
	// gtid_owned first: what has left it by then is in gtid_executed.
	now, err := query(r.conn, "SELECT @@global.gtid_owned, GTID_SUBTRACT(@@global.gtid_executed, '"+before+"')")
	if err != nil {
		return v, err
	}
	if v.shows, err = parseGTIDs(before); err != nil {
		return v, err
	}
	if v.unsure, err = parseGTIDs(clean(now[0][1])); err != nil {
		return v, err
	}
	if owned := unowned(clean(now[0][0])); owned != "" {
		err = v.unsure.Update(owned)
	}
	return v, err
}

func (r *reader) exec(sql string) error {
	_, err := r.conn.Execute(sql)
	return err
}

// enterKeyless puts a part of a keyless table's rows into the stream.
func (ch *chunk) enterKeyless(ctx context.Context) error {
	t, p := ch.t, ch.t.progress
	if ch.rec.ddl || p.State != tableReading {
		t.forget(ch.rec)
		return errAgain
	}
	if err := ch.rejectLarge(ctx); err != nil {
		return err
	}
	if err := ch.out.flush(ctx, nil); err != nil {
		return err
	}
	p.Rows += int64(ch.rows)
	ch.tail.dirty = true
	ch.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Rows = p.Rows })
	if err := ch.handOver(ctx, ch.settled()); err != nil {
		return err
	}
	if ch.last {
		t.forget(ch.rec)
		return ch.finish(ctx, t, ch.plan.Table())
	}
	return nil
}

// leftOut tells whether the current transaction's rows of t were in its snapshot. Where that cannot be known the table is read again. Once the
// stream has passed all of what the snapshot may have shown, the question is closed.
func (st *stream) leftOut(t *table) bool {
	if t.seen == nil {
		return false
	}
	if st.gtids.Contain(t.seen) && st.gtids.Contain(t.unsure) {
		t.seen, t.unsure = nil, nil
		t.progress.Seen, t.progress.Unsure = "", ""
		st.tail.dirty = true
		return false
	}
	one := gomysql.NewMysqlGTIDSet()
	one.AddGTIDWithTag(st.tx.uuid, st.tx.tag, st.tx.gno)
	if t.unsure.Contain(&one) {
		st.log(t).Info("the table has no key, and was changed in the moment in which its snapshot began: it is read again")
		st.again(t)
		return false
	}
	return t.seen.Contain(&one)
}
