package mysql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// readTables reads the tables that wait for it, one after another and on one connection, while the stream goes on. It returns only
// with an error, or when ctx ends.
func (st *stream) readTables(ctx context.Context) error {
	for {
		if err := st.readWaiting(ctx); err != nil {
			return err
		}
		select {
		case <-st.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readWaiting reads until no table waits. The connection lives as long.
func (st *stream) readWaiting(ctx context.Context) error {
	if !st.work() {
		return nil
	}
	c, err := st.connect(ctx)
	if err != nil {
		return err
	}
	r := &reader{stream: st, conn: c}
	defer func() { r.conn.Close() }()
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		t := st.next()
		if t == nil {
			return nil
		}
		if err := r.table(ctx, t); err != nil {
			return err
		}
	}
}

func (st *stream) work() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.pos.Look) > 0 || len(st.pos.unfinished()) > 0
}

// next is the table to be read next; one that was begun comes first.
func (st *stream) next() *table {
	st.mu.Lock()
	defer st.mu.Unlock()
	names := st.pos.unfinished()
	for _, n := range names {
		if st.pos.Tables[n].State == tableReading {
			return st.tables[n]
		}
	}
	if len(names) > 0 {
		return st.tables[names[0]]
	}
	return nil
}

// reader reads tables on one connection. It is used by one goroutine.
type reader struct {
	*stream
	conn    *client.Conn
	scratch rowdec.Scratch
}

// errAgain says that a chunk cannot be used and is to be read again.
var errAgain = errors.New("read again")

// table reads one table to its end, or until it is stopped or redefined.
func (r *reader) table(ctx context.Context, t *table) error {
	defer closing(ctx, r.conn)()
	plan, err := r.describe(r.conn, name{t.schema, t.table})
	var unsupported *rowdec.Unsupported
	switch {
	case errors.As(err, &unsupported):
		return r.boundary(ctx, func(context.Context) error { return r.stop(t, unsupported.Error(), true) })
	case err != nil:
		return err
	case plan == nil:
		return r.gone(ctx, t)
	}
	r.estimate(t)
	if len(plan.Table().Key) == 0 {
		err = r.keyless(ctx, t, plan)
	} else {
		err = r.keyed(ctx, t, plan)
	}
	if errors.Is(err, errAgain) {
		return nil // next gives the same table again, with its new definition
	}
	return r.denied(ctx, t, err)
}

// denied stops a table that the user may not read; another error it gives back.
func (r *reader) denied(ctx context.Context, t *table, err error) error {
	var my *gomysql.MyError
	if !errors.As(err, &my) || my.Code != gomysql.ER_TABLEACCESS_DENIED_ERROR && my.Code != gomysql.ER_COLUMNACCESS_DENIED_ERROR {
		return err
	}
	why := fmt.Sprintf("%s (error %d): GRANT SELECT ON %s.%s TO %s; %s", my.Message, my.Code,
		rowdec.QuoteName(t.schema), rowdec.QuoteName(t.table), literal(r.conf.User), startAgain)
	return r.boundary(ctx, func(context.Context) error { return r.stop(t, why, false) })
}

// keyed reads a table with a primary key, chunk by chunk.
func (r *reader) keyed(ctx context.Context, t *table, plan *rowdec.Plan) error {
	rows := min(firstChunk, r.conf.Snapshot.Chunk)
	for {
		ch := &chunk{reader: r, t: t, plan: plan, limit: rows}
		if err := ch.read(ctx); err != nil {
			ch.drop()
			return err
		}
		if err := r.boundary(ctx, ch.enter); err != nil {
			ch.drop()
			return err
		}
		if ch.last {
			return nil
		}
		rows = ch.nextLimit(r.conf.Snapshot.Chunk)
	}
}

// gone is called for a table that information_schema does not show. It shows no table that the user may not read either, so the table is
// asked for: only where it does not exist is swept what sinks hold of it.
func (r *reader) gone(ctx context.Context, t *table) error {
	err := r.exec(fmt.Sprintf("SELECT 1 FROM %s.%s LIMIT 0", rowdec.QuoteName(t.schema), rowdec.QuoteName(t.table)))
	var my *gomysql.MyError
	if !errors.As(err, &my) || my.Code != gomysql.ER_NO_SUCH_TABLE && my.Code != gomysql.ER_BAD_DB_ERROR {
		return r.denied(ctx, t, r.explain("read "+t.name, err)) // nil: it has just been made, and is described again
	}
	return r.boundary(ctx, func(ctx context.Context) error {
		r.env.Log.Warn("the table does not exist: what sinks hold of it is removed", "table", t.name)
		t.progress.Gen = r.seq
		return r.finish(ctx, t, &event.Table{Source: r.env.Name, Schema: t.schema, Name: t.table})
	})
}

// finish ends a table's snapshot: what it and the stream did not write since its first chunk is swept (rule N6). The stream stands at a
// boundary.
func (st *stream) finish(ctx context.Context, t *table, def *event.Table) error {
	if err := st.out.flush(ctx, nil); err != nil {
		return err
	}
	b := st.pool.Get(t.tag, st.env.Name, def)
	b.First = time.Now()
	b.Entries = append(b.Entries, event.Entry{Seq: t.progress.Gen, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx, Op: event.Sweep})
	p := t.progress
	p.State, p.After = tableDone, nil
	st.tail.dirty = true
	if err := st.out.send(ctx, b, st.position()); err != nil {
		return err
	}
	st.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Snapshot, s.Rows = tableDone, p.Rows })
	st.env.Log.Info("table read", "table", t.name, "rows", p.Rows)
	if len(st.pos.unfinished()) == 0 {
		st.status.phase("streaming")
	}
	return nil
}

// estimate shows how many rows the server thinks that the table has.
func (r *reader) estimate(t *table) {
	n, err := scalar(r.conn, fmt.Sprintf("SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
		literal(t.schema), literal(t.table)))
	var total int64
	if err == nil {
		if _, err = fmt.Sscan(n, &total); err != nil {
			total = 0
		}
	}
	r.status.phase("snapshot")
	r.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Snapshot, s.Total = tableReading, total })
}

// visible waits until this connection sees everything up to gtids: the stream can be ahead of what is visible (rule N1).
func (r *reader) visible(ctx context.Context, gtids string) error {
	defer closing(ctx, r.conn)()
	for {
		left, err := scalar(r.conn, fmt.Sprintf("SELECT WAIT_FOR_EXECUTED_GTID_SET('%s', 1)", gtids))
		if err != nil {
			return r.explain("wait for the stream's position", err)
		}
		if left == "0" {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// low takes the chunk's low mark: the stream's position, from which on the table's keys are recorded.
func (ch *chunk) low(ctx context.Context) (gtids string, err error) {
	t := ch.t
	err = ch.boundary(ctx, func(context.Context) error {
		if t.progress.State == tableStopped {
			return errAgain
		}
		ch.rec = t.record()
		gtids, ch.seq, ch.after = ch.gtids.String(), ch.stream.seq, t.progress.After
		return nil
	})
	return gtids, err
}

// retaken tells errors after which a chunk is just read again: the table's definition changed under the query (rule N7).
func retaken(err error) bool {
	var my *gomysql.MyError
	return errors.As(err, &my) && (my.Code == gomysql.ER_TABLE_DEF_CHANGED || my.Code == gomysql.ER_NO_SUCH_TABLE || my.Code == gomysql.ER_BAD_FIELD_ERROR)
}
