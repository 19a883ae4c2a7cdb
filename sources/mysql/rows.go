package mysql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
	"yamabiko/sources"
	"yamabiko/sources/mysql/rowdec"
)

// rows takes one event of rows. Seq advances by its size whether the table is watched or not (rule S2).
func (st *stream) rows(ctx context.Context, h *replication.EventHeader, body []byte) error {
	base := st.seq
	st.seq += uint64(replication.EventHeaderSize + len(body))
	if len(body) < 8 {
		return errors.New("rows event is cut short")
	}
	m := st.maps[tableID(body)]
	if m == nil {
		return fmt.Errorf("rows of table id %d, which no table map introduced", tableID(body))
	}
	t := m.table
	if t != nil && st.tx.xa != "" {
		return st.refuseXA(t)
	}
	if t == nil || t.progress.State == tableStopped {
		return nil
	}
	if st.leftOut(t) {
		return nil
	}
	if h.EventType == replication.PARTIAL_UPDATE_ROWS_EVENT {
		return st.stop(t, "an update was logged in part: SET PERSIST binlog_row_value_options = '' and let writers connect again; "+startAgain, false)
	}
	hd := rowdec.RowsHeader{Base: base, Time: st.tx.commit, Olds: st.conf.Old, Limit: st.env.Limits.Row}
	rows, err := parseRows(h.EventType, body, &hd)
	if err != nil {
		return err
	}
	if m.plan == nil {
		return st.stop(t, "its definition could not be read when it was logged", true)
	}
	err = st.appendRows(ctx, t, m.plan, hd, rows)
	var unsupported *rowdec.Unsupported
	if errors.As(err, &unsupported) {
		return st.stop(t, unsupported.Error()+"; "+startAgain, false)
	}
	return err
}

// startAgain ends the remedy where one session's doing stopped a table: when it will be over the stream cannot see.
const startAgain = "then start yamabiko again, which reads the table anew"

// parseRows reads a rows event's own header (Rows_event: six bytes of table id, two of flags; in version 2 extra data with its length
// before; the number of columns; a bitmap of the columns present, two for an update) and returns the rows.
func parseRows(typ replication.EventType, body []byte, h *rowdec.RowsHeader) ([]byte, error) {
	rest := body[8:]
	switch typ {
	case replication.WRITE_ROWS_EVENTv1, replication.WRITE_ROWS_EVENTv2:
		h.Op = event.Insert
	case replication.DELETE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv2:
		h.Op = event.Delete
	default:
		h.Op = event.Update
	}
	cut := errors.New("rows event is cut short")
	switch typ {
	case replication.WRITE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv1:
	default:
		if len(rest) < 2 {
			return nil, cut
		}
		n := int(binary.LittleEndian.Uint16(rest))
		if n < 2 || n > len(rest) {
			return nil, cut
		}
		rest = rest[n:]
	}
	columns, rest, ok := lenEnc(rest)
	if !ok {
		return nil, cut
	}
	width := int(columns+7) / 8
	need := width
	if h.Op == event.Update {
		need = 2 * width
	}
	if columns > 1<<16 || len(rest) < need {
		return nil, cut
	}
	h.Columns = columns
	h.Present = [2][]byte{rest[:width], rest[width:need]}
	return rest[need:], nil
}

// lenEnc reads a length-encoded integer (MySQL protocol, "Protocol::LengthEncodedInteger").
func lenEnc(b []byte) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	n := 0
	switch b[0] {
	case 0xfc:
		n = 2
	case 0xfd:
		n = 3
	case 0xfe:
		n = 8
	case 0xfb, 0xff:
		return 0, nil, false
	default:
		return uint64(b[0]), b[1:], true
	}
	if len(b) < 1+n {
		return 0, nil, false
	}
	for i := n; i > 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v, b[1+n:], true
}

// appendRows decodes rows into the table's open batch and hands batches on as they fill, in the middle of the event if need be.
func (st *stream) appendRows(ctx context.Context, t *table, plan *rowdec.Plan, h rowdec.RowsHeader, data []byte) error {
	rows, err := plan.Rows(h, data, &st.scratch)
	if err != nil {
		return err
	}
	for rows.More() {
		// Before, not after: the last row must still be here when the transaction ends, to be marked as its last.
		if st.out.full() {
			if err := st.flush(ctx); err != nil {
				return err
			}
		}
		b := st.out.batch(plan, t.tag, st.env.Name, plan.Table(), st.tx.commit)
		from := len(b.Entries)
		err := st.fill(b, &rows)
		st.out.added(b, from)
		st.appended(t, b.Batch, from)
		if err := st.rejectOversized(ctx, t, err); err != nil {
			return err
		}
	}
	return nil
}

// fill decodes rows into b until it is full or there are no more.
func (st *stream) fill(b *openBatch, rows *rowdec.Rows) (err error) {
	st.openTx(b)
	st.tx.rows = true
	tx := uint32(len(b.Txs)-1) << 1
	for rows.More() && err == nil && len(b.Data) < batchBytes {
		_, err = rows.Next(b.Batch, tx)
	}
	return err
}

// openTx adds the current transaction to b's list, once.
func (st *stream) openTx(b *openBatch) {
	if b.tx == st.tx.number && len(b.Txs) > 0 {
		return
	}
	b.tx = st.tx.number
	b.Txs = append(b.Txs, event.Tx{ID: st.tx.id(), ServerID: st.tx.server, ThreadID: st.tx.thread, Commit: st.tx.commit})
}

// appended counts what was appended and notes the keys, for a chunk that is being read meanwhile.
func (st *stream) appended(t *table, b *event.Batch, from int) {
	var n [event.Sweep + 1]int
	for i := from; i < len(b.Entries); i++ {
		n[b.Entries[i].Op]++
		if len(t.recorders) > 0 {
			t.changed(b.KeyOf(i))
		}
	}
	for op, k := range n {
		if k > 0 {
			st.env.Count(t.schema, t.table, event.Op(op), k)
		}
	}
}

// rejectOversized makes a dead letter of a row that was too large to be an event; another error it gives back.
func (st *stream) rejectOversized(ctx context.Context, t *table, err error) error {
	var o *rowdec.TooLarge
	if !errors.As(err, &o) {
		return err
	}
	t.changed(o.Key)
	return st.env.Reject(ctx, sources.DeadLetter{
		Tag: t.tag, Table: o.Table, Op: o.Op, Seq: o.Seq, Key: o.Key, Time: st.tx.commit, Tx: st.tx.id(), Why: o,
	})
}
