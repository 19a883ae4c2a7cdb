package mysql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// table is a watched table as the stream knows it.
type table struct {
	name          string // what positions have it by, and log lines
	schema, table string
	tag           string
	progress      *tableProgress // its part of the position
	plan          *rowdec.Plan   // of the latest TABLE_MAP; nil until the first
	body          []byte         // that TABLE_MAP after the table id
	// recorders collect the keys that the stream changes, one for each chunk of the table that is being read (rule N2).
	recorders []*recorder
	// seen is what a snapshot of a table without a key has shown: the stream leaves these transactions out for it.
	seen   *gomysql.MysqlGTIDSet
	unsure *gomysql.MysqlGTIDSet // what it may have shown or not; nil where seen is
}

// recorder is what happened to a table between a chunk's low and high mark.
type recorder struct {
	keys map[string]struct{}
	ddl  bool // the definition changed: the chunk has to be read again (rule N3)
}

// record begins to record; forget ends it.
func (t *table) record() *recorder {
	r := &recorder{keys: map[string]struct{}{}}
	t.recorders = append(t.recorders, r)
	return r
}

func (t *table) forget(r *recorder) {
	t.recorders = slices.DeleteFunc(t.recorders, func(x *recorder) bool { return x == r })
}

// changed records that the stream changed the row with this key.
func (t *table) changed(key []byte) {
	for _, r := range t.recorders {
		r.keys[string(key)] = struct{}{}
	}
}

// unsettle records that what is being read of the table cannot be used.
func (t *table) unsettle() {
	for _, r := range t.recorders {
		r.ddl = true
	}
}

// mapped is one TABLE_MAP: the server's number for a definition of a table.
type mapped struct {
	body  []byte // as the server sent it, to tell whether it is still the same
	table *table // nil: not watched
	plan  *rowdec.Plan
}

// tableMap notes which table and definition the row events that follow speak of. An unchanged map, which is nearly every one, costs
// a comparison.
func (st *stream) tableMap(ctx context.Context, raw []byte) error {
	body, err := st.wire.body(raw)
	if err != nil {
		return err
	}
	id, schema, name, err := tableMapNames(body)
	if err != nil {
		return err
	}
	if m := st.maps[id]; m != nil && bytes.Equal(m.body, body) {
		return nil
	}
	m := &mapped{body: bytes.Clone(body)}
	st.maps[id] = m
	if !st.sel.has(string(schema), string(name)) {
		return nil
	}
	m.table = st.watch(string(schema), string(name))
	return st.define(ctx, m, raw)
}

// define compiles the plan of a watched table's map.
func (st *stream) define(ctx context.Context, m *mapped, raw []byte) error {
	t := m.table
	if t.plan != nil && bytes.Equal(t.body, m.body[tableIDSize:]) {
		m.plan = t.plan // another number for the same definition
		st.heal(t)
		return nil
	}
	plan, err := st.compile(raw)
	var unsupported *rowdec.Unsupported
	switch {
	case errors.As(err, &unsupported):
		return st.stop(t, unsupported.Error(), true)
	case err != nil:
		return err
	}
	// Batches of two definitions must not stand open side by side: the order of one key's changes would be lost.
	if err := st.flush(ctx); err != nil {
		return err
	}
	t.plan, t.body, m.plan = plan, m.body[tableIDSize:], plan
	st.heal(t)
	st.compareStream(t, digest(plan.Table()))
	return nil
}

// heal has a table read again that was stopped for a definition that could not be read, now that there is one that can.
func (st *stream) heal(t *table) {
	if t.progress.State == tableStopped && t.progress.Heal && !st.pos.undecided(t.name) {
		st.log(t).Info("what stopped the table is mended: it is read again")
		st.await(t)
	}
}

func (st *stream) compile(raw []byte) (*rowdec.Plan, error) {
	ev, err := st.wire.parser.Parse(bytes.Clone(raw))
	if err != nil {
		return nil, err
	}
	tm, ok := ev.Event.(*replication.TableMapEvent)
	if !ok {
		return nil, errors.New("not a table map")
	}
	return rowdec.Compile(st.env.Name, tm, st.charsets)
}

// compareStream notes the definition that the stream has for a table. FULL metadata explains the rows to come, but after a change of
// definition rows that did not change have another content too (a new column's default, say): they are read again.
func (st *stream) compareStream(t *table, def string) {
	was := t.progress.Stream
	if was == "" {
		was = t.progress.Def
	}
	if was == def {
		return
	}
	if was != "" {
		st.redefined(t)
	}
	t.progress.Stream = def
	st.tail.dirty = true
}

// redefined has a table read again whose definition changed.
func (st *stream) redefined(t *table) {
	if st.again(t) {
		st.log(t).Info("the table's definition changed: it is read again")
	} else if st.conf.Snapshot.Mode == modeNever {
		st.log(t).Warn("the table's definition changed; with snapshot: never, rows that do not change keep their former form in sinks")
	}
}

// again has a table read again, unless it is stopped or there are no snapshots.
func (st *stream) again(t *table) bool {
	t.unsettle()
	if t.progress.State == tableStopped || st.conf.Snapshot.Mode == modeNever {
		return false
	}
	st.await(t)
	return true
}

// digest names a definition as far as it shows in records.
func digest(t *event.Table) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v%+v", t.Columns, t.Key))
	return hex.EncodeToString(sum[:8])
}

// await puts t among the tables to be read.
func (st *stream) await(t *table) {
	*t.progress = tableProgress{State: tableWaiting, Stream: t.progress.Stream}
	st.tail.dirty = true
	st.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Stopped, s.Snapshot, s.Rows = "", tableWaiting, 0 })
	st.wakeUp()
}

// watch returns the watched table of that name, known or new. A new one is read, since nobody knows what it held before.
func (st *stream) watch(schema, tableName string) *table {
	full := name{schema, tableName}.key()
	if t := st.tables[full]; t != nil {
		return t
	}
	t := &table{name: full, schema: schema, table: tableName, tag: st.conf.tagOf(st.env.Name, schema, tableName)}
	st.tables[full] = t
	t.progress = st.pos.Tables[full]
	if t.progress != nil {
		return t
	}
	t.progress = &tableProgress{State: tableDone}
	st.pos.Tables[full] = t.progress
	st.tail.dirty = true
	if st.conf.Snapshot.Mode == modeInitial {
		st.await(t)
	}
	return t
}

// stop takes no more changes of t. heal says that the table may be read again by itself once the stream sees that the cause is gone.
// Where snapshots are off nothing could make the table right again, so the whole source stops, at its last position.
func (st *stream) stop(t *table, why string, heal bool) error {
	if st.conf.Snapshot.Mode == modeNever {
		return sources.Permanent(fmt.Errorf("table %s: %s; the source stops here since snapshot is never and the table could not be read again", t.name, why))
	}
	if t.progress.State != tableStopped {
		st.log(t).Error("the table is stopped", "why", why)
	}
	*t.progress = tableProgress{State: tableStopped, Why: why, Heal: heal}
	st.tail.dirty = true
	t.unsettle()
	st.status.table(t.schema, t.table, func(s *sources.TableStatus) { s.Stopped, s.Snapshot = why, "" })
	return nil
}

// tableMapNames reads the table's id and name (Table_map_event: six bytes of id, two of flags, then two strings with a length byte before and
// a zero behind).
func tableMapNames(body []byte) (id uint64, schema, name []byte, err error) {
	if len(body) < 8 {
		return 0, nil, nil, errors.New("table map is cut short")
	}
	id = tableID(body)
	at := 8
	read := func() []byte {
		if at >= len(body) || at+1+int(body[at])+1 > len(body) {
			err = errors.New("table map is cut short")
			return nil
		}
		n := int(body[at])
		s := body[at+1 : at+1+n]
		at += n + 2
		return s
	}
	schema = read()
	name = read()
	return id, schema, name, err
}

const tableIDSize = 6

// tableID reads the six-byte little-endian id that table maps and row events begin with.
func tableID(b []byte) uint64 {
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40
}
