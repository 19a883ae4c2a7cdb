package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-mysql-org/go-mysql/client"

	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// charsets maps collations to character sets, as this server numbers them.
type charsets map[uint64]string

// Name implements rowdec.Charsets.
func (c charsets) Name(collation uint64) (string, bool) { n, ok := c[collation]; return n, ok }

func loadCharsets(c *client.Conn) (charsets, error) {
	rows, err := query(c, "SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS")
	if err != nil {
		return nil, err
	}
	m := make(charsets, len(rows))
	for _, r := range rows {
		id, err := strconv.ParseUint(r[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("collation id %q: %w", r[0], err)
		}
		m[id] = r[1]
	}
	return m, nil
}

// discover puts every watched table that the server has and the position does not know among those to be read, and takes tables that
// are no longer watched out of the position.
func (st *stream) discover(c *client.Conn) error {
	names, err := st.watched(c)
	if err != nil {
		return err
	}
	for full := range st.pos.Tables {
		if n := nameOf(full); !st.sel.has(n.schema, n.table) {
			delete(st.pos.Tables, full)
			st.tail.dirty = true
		}
	}
	for full := range st.pos.Tables {
		n := nameOf(full)
		t := st.watch(n.schema, n.table)
		st.resume(t)
	}
	for _, n := range names {
		st.watch(n.schema, n.table)
	}
	if len(names) == 0 {
		st.env.Log.Warn("no table of the server matches `tables`; rows of tables that are made later will be taken", "tables", st.conf.Tables)
	}
	return nil
}

// resume shows a known table's state and takes up what of it is not in the position's strings.
func (st *stream) resume(t *table) {
	if t.progress.Seen != "" {
		seen, err := parseGTIDs(t.progress.Seen)
		unsure, err2 := parseGTIDs(t.progress.Unsure)
		if err == nil && err2 == nil {
			t.seen, t.unsure = seen, unsure
		}
	}
	p := t.progress
	st.status.table(t.schema, t.table, func(s *sources.TableStatus) {
		if s.Rows = p.Rows; p.State == tableStopped {
			s.Stopped = p.Why
		} else {
			s.Snapshot = p.State
		}
	})
}

// watched lists the base tables on the server that the patterns select, in order.
func (s *source) watched(c *client.Conn) ([]name, error) {
	rows, err := query(c, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2")
	if err != nil {
		return nil, s.explain("list tables", err)
	}
	var names []name
	for _, r := range rows {
		if s.sel.has(r[0], r[1]) {
			names = append(names, name{r[0], r[1]})
		}
	}
	return names, nil
}

// look finds out of the tables that statements named which are new or changed. They stay in the position until that is done. A statement can
// be in the stream before the data dictionary shows what it did, so that is waited for (rule N1).
func (r *reader) look(ctx context.Context) error {
	var keys []string
	var gtids string
	err := r.boundary(ctx, func(context.Context) error {
		keys, gtids = slices.Clone(r.pos.Look), r.gtids.String()
		return nil
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	if r.byGTID {
		if err := r.visible(ctx, gtids); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := r.lookAtOne(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) lookAtOne(ctx context.Context, key string) error {
	n := nameOf(key)
	plan, err := r.describe(r.conn, n)
	var unsupported *rowdec.Unsupported
	if err != nil && !errors.As(err, &unsupported) {
		return err
	}
	return r.boundary(ctx, func(context.Context) error {
		if i := slices.Index(r.pos.Look, key); i >= 0 {
			r.pos.Look = slices.Delete(r.pos.Look, i, i+1)
		}
		r.moved = true
		if unsupported != nil {
			return r.stop(r.watch(n.schema, n.table), unsupported.Error(), true)
		}
		return r.compareServer(n, plan)
	})
}

// lookAt has tables looked at soon. One may stand there twice: for a statement that came while it was being looked at for another.
func (st *stream) lookAt(names []name) {
	for _, n := range names {
		key := n.key()
		if i := slices.Index(st.pos.Look, key); i >= 0 && slices.Contains(st.pos.Look[i+1:], key) {
			continue
		}
		if st.sel.has(n.schema, n.table) {
			st.pos.Look = append(st.pos.Look, key)
		}
	}
	st.wakeUp()
}

func (st *stream) known(n name) *table {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.tables[n.key()]
}

// compareServer has a table read again whose definition at the server, plan, is not what the snapshot read or the stream saw last, and stops
// one that is not there any more (nil).
func (st *stream) compareServer(n name, plan *rowdec.Plan) error {
	known := st.tables[n.key()] != nil
	if !known && plan == nil {
		return nil // not a table
	}
	t := st.watch(n.schema, n.table)
	if !known {
		return nil // watch has put it among those to be read
	}
	if plan == nil {
		return st.removed(t, statement{verb: "RENAME"})
	}
	def, p := digest(plan.Table()), t.progress
	if slices.Contains([]string{"", def}, p.Def) && slices.Contains([]string{"", def}, p.Stream) {
		return nil
	}
	st.redefined(t)
	t.progress.Stream = def // what the stream is about to see is no further change
	st.tail.dirty = true
	return nil
}

// describe makes the plan by which a table's rows are read with SELECT; nil where there is no such table.
func (st *stream) describe(c *client.Conn, n name) (*rowdec.Plan, error) {
	cols, err := query(c, fmt.Sprintf("SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION", literal(n.schema), literal(n.table)))
	if err != nil {
		return nil, st.explain("describe "+n.schema+"."+n.table, err)
	}
	if len(cols) == 0 {
		return nil, nil
	}
	keys, err := query(c, fmt.Sprintf("SELECT COLUMN_NAME FROM information_schema.STATISTICS "+
		"WHERE INDEX_NAME = 'PRIMARY' AND TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY SEQ_IN_INDEX", literal(n.schema), literal(n.table)))
	if err != nil {
		return nil, st.explain("describe "+n.schema+"."+n.table, err)
	}
	var key []string
	for _, k := range keys {
		key = append(key, k[0])
	}
	info := make([]rowdec.InfoColumn, len(cols))
	for i, col := range cols {
		info[i] = rowdec.InfoColumn{Name: col[0], Type: col[1], Charset: col[2]}
	}
	return rowdec.CompileInfo(st.env.Name, n.schema, n.table, info, key)
}
