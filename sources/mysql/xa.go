package mysql

import (
	"slices"
	"strings"
)

// XA: rows stand in the binlog at XA PREPARE, and may yet be rolled back or stay invisible for days (rule P3). They are not read: the tables
// stop, and are not read again before the transaction has been decided, since a read before that would miss what it commits.

// xaID is the transaction's name as the binlog has it behind XA START and XA COMMIT alike.
func xaID(sql string) string {
	words := strings.SplitN(sql, " ", 3)
	return strings.TrimSpace(words[len(words)-1])
}

// refuseXA stops a table that the current transaction, which is of the kind XA, changed.
func (st *stream) refuseXA(t *table) error {
	if !slices.Contains(st.tx.xaTables, t.name) {
		st.tx.xaTables = append(st.tx.xaTables, t.name)
	}
	if t.progress.State == tableStopped {
		return nil
	}
	return st.stop(t, "a transaction of the kind XA changed it, which is not read, since it could still be rolled back; "+startAgain, false)
}

// prepared is the end of an XA transaction's rows (XA_prepare_log_event, whose first byte says whether it is committed with that).
func (st *stream) prepared(body []byte) {
	if onePhase := len(body) > 0 && body[0] != 0; onePhase || st.tx.xa == "" {
		return
	}
	if st.pos.XA == nil {
		st.pos.XA = map[string][]string{}
	}
	st.pos.XA[st.tx.xa] = st.tx.xaTables
}

// decided is an XA transaction's end. Tables that were to be read again and waited for it are read now; after the commit of a transaction that was
// prepared before we began to read, all are: nobody knows what it changed.
func (st *stream) decided(id string, committed bool) {
	changed, known := st.pos.XA[id]
	delete(st.pos.XA, id)
	for _, key := range changed {
		if t := st.tables[key]; t != nil {
			st.heal(t)
		}
	}
	if known || !committed {
		return
	}
	st.env.Log.Warn("a transaction of the kind XA that was prepared before the stream began is committed: all tables are read again", "xid", id)
	for _, t := range st.tables {
		st.again(t)
	}
}

// undecided tells whether a table was changed by an XA transaction that is prepared and no more.
func (p *position) undecided(table string) bool {
	for _, tables := range p.XA {
		if slices.Contains(tables, table) {
			return true
		}
	}
	return false
}
