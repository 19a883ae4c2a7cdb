package rowdec

import (
	"fmt"
	"math"
	"time"

	"yamabiko/event"
)

// RowsHeader is what the rows of one rows event share.
type RowsHeader struct {
	// What the event's own header says. An update that was logged in part (PARTIAL_UPDATE_ROWS_EVENT) is none of these.
	Op      event.Op  // Insert, Update or Delete
	Columns uint64    // how many columns there are
	Present [2][]byte // bitmaps of the columns that the images have: the only or the before image's, the after image's

	Time  time.Time // when the transaction committed
	Base  uint64    // row i gets Seq Base+1+i
	Olds  bool      // an update also carries the former values of the columns that it changed
	Limit int64     // limits.row in bytes; 0: none but what a batch can hold
}

// TooLarge says that a row was left out of the batch because it is above RowsHeader.Limit. It goes to the dead letters.
type TooLarge struct {
	Table       *event.Table
	Op          event.Op
	Seq         uint64
	Key         []byte // msgpack array, the receiver's own; nil where the table has no key
	Size, Limit int64  // bytes; Size is of the row as logged or as encoded, whichever was seen to be above
}

func (t *TooLarge) Error() string {
	return fmt.Sprintf("mysql %s: table %s.%s: a row of %d bytes is above limits.row (%d bytes)",
		t.Table.Source, t.Table.Schema, t.Table.Name, t.Size, t.Limit)
}

// Rows walks the rows of one rows event.
type Rows struct {
	w    writer
	op   event.Op
	olds bool
	time time.Time
	rest []byte
}

// maxRow keeps offsets within a batch below 2^32.
const maxRow = math.MaxInt32

// Rows begins to walk rows, the part of a rows event behind its header. rows and s are used until Next returns
// false. The error is an *Unsupported where the images are not full, or says that the event is not of this plan.
func (p *Plan) Rows(h RowsHeader, rows []byte, s *Scratch) (Rows, error) {
	if !p.wire || h.Columns != uint64(len(p.cols)) {
		return Rows{}, p.damaged(nil, fmt.Sprintf("a rows event of %d columns came to a plan of %d (from a TABLE_MAP: %t)", h.Columns, len(p.cols), p.wire))
	}
	images := h.Present[:1]
	if h.Op == event.Update {
		images = h.Present[:2]
	}
	for _, bits := range images {
		if !full(bits, len(p.cols)) {
			return Rows{}, p.unsupported("a row was logged without all of its columns: binlog_row_image was not FULL when this was written", remedyImage)
		}
	}
	s.fit(len(p.cols), len(p.table.Key))
	w := writer{p: p, s: s, limit: rowLimit(h.Limit), seq: h.Base}
	w.head.n = len(event.AppendHead(w.head.block[:0], h.Time))
	return Rows{w: w, op: h.Op, olds: h.Olds, time: h.Time, rest: rows}, nil
}

func rowLimit(limit int64) int {
	if limit <= 0 || limit > maxRow {
		return maxRow
	}
	return int(limit)
}

func full(bits []byte, n int) bool {
	if len(bits) < (n+7)/8 {
		return false
	}
	for i := range n {
		if bits[i>>3]&(1<<(i&7)) == 0 {
			return false
		}
	}
	return true
}

// More tells whether rows are left.
func (r *Rows) More() bool { return len(r.rest) > 0 }

// Next appends the next row to b, with tx as its Entry.Tx, and tells whether there was one; the caller may change
// batches between rows. An update that changes the primary key becomes two entries of one Seq: a Delete of the old
// key and an Insert of the new one. After a *TooLarge, for which nothing was appended (but the Delete of such an
// update), the walk may go on; after any other error b is as it was and the walk is over.
//
// A Delete above the limit is appended all the same, with its key columns alone: to refuse it would leave the row in
// every sink. Only a table without a key gets a *TooLarge for it.
func (r *Rows) Next(b *event.Batch, tx uint32) (more bool, err error) {
	if len(r.rest) == 0 {
		return false, nil
	}
	if b.First.IsZero() {
		b.First = r.time
	}
	w := &r.w
	w.b, w.tx = b, tx
	w.seq++
	undo := w.mark()
	if r.op == event.Update {
		r.rest, err = w.update(r.rest, r.olds)
	} else {
		r.rest, err = w.row(r.op, r.rest)
	}
	if err == nil {
		return true, nil
	}
	if _, ok := err.(*TooLarge); ok {
		return true, err
	}
	r.rest = nil
	w.back(undo)
	return false, err
}
