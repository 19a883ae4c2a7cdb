package mysql

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/sources"
)

// queryEvent is a statement in the binlog. It aliases the event.
type queryEvent struct {
	thread uint32
	schema []byte
	sql    []byte
}

// parseQuery reads a Query_event: four bytes of thread id, four of execution time, one of the schema's length, two of an error code and
// two of the status variables' length; then those, the schema with a zero behind, and the statement.
func parseQuery(b []byte) (queryEvent, error) {
	if len(b) < 13 {
		return queryEvent{}, errors.New("query event is cut short")
	}
	q := queryEvent{thread: binary.LittleEndian.Uint32(b)}
	schemaLen, varsLen := int(b[8]), int(binary.LittleEndian.Uint16(b[11:]))
	rest := b[13:]
	if len(rest) < varsLen+schemaLen+1 {
		return queryEvent{}, errors.New("query event is cut short")
	}
	q.schema = rest[varsLen : varsLen+schemaLen]
	q.sql = rest[varsLen+schemaLen+1:]
	return q, nil
}

// query takes a statement: the frame of a transaction, a DDL, or a change of rows that should have been logged as rows.
func (st *stream) query(ctx context.Context, h *replication.EventHeader, body []byte) error {
	q, err := parseQuery(body)
	if err != nil {
		return err
	}
	st.tx.thread = q.thread
	switch {
	case bytes.Equal(q.sql, []byte("BEGIN")):
		return nil
	case bytes.Equal(q.sql, []byte("COMMIT")), bytes.Equal(q.sql, []byte("ROLLBACK")):
		return st.commit(ctx, h)
	}
	st.seq += uint64(replication.EventHeaderSize + len(body))
	stmt := parseStatement(string(q.sql), string(q.schema))
	if st.folded {
		stmt.fold()
	}
	switch stmt.verb {
	case "SAVEPOINT", "ROLLBACK", "RELEASE":
		return nil
	case "XA":
		if stmt.what == "START" || stmt.what == "BEGIN" {
			st.tx.xa = xaID(string(q.sql))
		}
		if stmt.what == "COMMIT" || stmt.what == "ROLLBACK" {
			st.decided(xaID(string(q.sql)), stmt.what == "COMMIT")
			return st.commit(ctx, h)
		}
		return nil
	}
	if stmt.isDML() {
		// Inside a transaction: its end is still to come.
		return st.statementDML(stmt)
	}
	if err := st.definition(stmt); err != nil {
		return err
	}
	if bytes.HasSuffix(q.sql, []byte("START TRANSACTION")) {
		return nil // CREATE TABLE … SELECT: the rows and a commit follow
	}
	return st.commit(ctx, h)
}

// statementDML refuses the tables that a change logged as a statement may have touched: what it did to which rows, nobody can tell.
func (st *stream) statementDML(stmt statement) error {
	for _, t := range st.mentioned(stmt) {
		why := fmt.Sprintf("a session changed it by a statement (%s) logged with binlog_format other than ROW: "+
			"SET GLOBAL binlog_format = 'ROW' and let that session connect again", stmt.verb)
		if err := st.stop(t, why, false); err != nil {
			return err
		}
	}
	return nil
}

// definition takes a DDL statement. What it does to the definition shows in the next TABLE_MAP, but rows that never change again would
// keep their former form, so the tables it names are looked at now.
func (st *stream) definition(stmt statement) error {
	for _, t := range st.mentioned(stmt) {
		t.unsettle()
		switch {
		case stmt.removesRows():
			if err := st.removed(t, stmt); err != nil {
				return err
			}
		case stmt.renamesTable() && st.conf.Snapshot.Mode == modeNever:
			return st.removed(t, statement{verb: "RENAME"})
		case stmt.movesPartitions(), stmt.renamesTable():
			// Rows come or go without an event: reading again finds both. A table renamed away, with another of the same form in its
			// place, would else look unchanged; one that stays away is stopped when it is looked at.
			st.redefined(t)
		}
	}
	if stmt.verb == "CREATE" && stmt.what == "TABLE" || stmt.verb == "RENAME" || stmt.verb == "ALTER" {
		st.lookAt(stmt.names)
	}
	return nil
}

// removed is TRUNCATE, DROP or RENAME of a watched table.
func (st *stream) removed(t *table, stmt statement) error {
	what := stmt.verb
	if stmt.verb == "DROP" {
		what += " " + stmt.what
	}
	if st.conf.OnTruncate == onIgnore && stmt.verb != "RENAME" {
		st.log(t).Warn("rows were removed at the source and stay in sinks, since on_truncate is ignore", "statement", what)
		return nil
	}
	return st.stop(t, fmt.Sprintf("%s took its rows away; start yamabiko again to read the table as it is now and remove from sinks what is gone, "+
		"or set on_truncate: ignore to keep the documents", what), false)
}

// mentioned lists the known watched tables whose names stand in a statement. DROP DATABASE names all of its tables.
func (st *stream) mentioned(stmt statement) []*table {
	var found []*table
	seen := map[*table]bool{}
	for _, n := range stmt.names {
		if t := st.tables[n.key()]; t != nil && !seen[t] {
			seen[t] = true
			found = append(found, t)
		}
	}
	if stmt.verb == "DROP" && (stmt.what == "DATABASE" || stmt.what == "SCHEMA") && len(stmt.names) > 0 {
		for _, t := range st.tables {
			if t.schema == stmt.names[len(stmt.names)-1].table {
				found = append(found, t)
			}
		}
	}
	return found
}

func (st *stream) wakeUp() {
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

// incident is what the server logs when its binlog lost changes.
func (st *stream) incident() error {
	return sources.Permanent(fmt.Errorf("the server logged an incident: changes are missing from its binlog; to read the tables again: "+
		"yamabiko position set %s snapshot", st.env.Name))
}
