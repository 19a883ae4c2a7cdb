package rowdec

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
)

var committed = time.Date(2026, 11, 22, 1, 2, 3, 4005000, time.UTC)

// rowsEvent is one rows event as the server logged it.
type rowsEvent struct {
	tm   *replication.TableMapEvent
	e    *replication.RowsEvent // its header is decoded
	body []byte                 // the whole event
	at   int                    // where the rows begin in body
}

func (r *rowsEvent) rows() []byte { return r.body[r.at:] }

// parseLog reads the rows events of schema db from a binlog file.
func parseLog(t testing.TB, file []byte, db string) (out []rowsEvent) {
	t.Helper()
	parser := replication.NewBinlogParser()
	parser.SetVerifyChecksum(db == goldenDB)
	parser.SetRenderJSONAsMySQLText(true)
	parser.SetRowsEventDecodeFunc(func(e *replication.RowsEvent, data []byte) error {
		at, err := e.DecodeHeader(data)
		if err == nil && string(e.Table.Schema) == db {
			out = append(out, rowsEvent{e.Table, e, data, at})
		}
		return err
	})
	r := bytes.NewReader(file[len(replication.BinLogFileHeader):])
	if err := parser.ParseReader(r, func(*replication.BinlogEvent) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// header is what a source has to say of the event.
func (r *rowsEvent) header() RowsHeader {
	ops := map[replication.EnumRowsEventType]event.Op{
		replication.EnumRowsEventTypeInsert: event.Insert, replication.EnumRowsEventTypeUpdate: event.Update, replication.EnumRowsEventTypeDelete: event.Delete,
	}
	return RowsHeader{
		Op: ops[r.e.Type()], Columns: r.e.ColumnCount, Present: [2][]byte{r.e.ColumnBitmap1, r.e.ColumnBitmap2},
		Time: committed, Base: 1000,
	}
}

// decode walks all rows of an event into a batch.
func (r *rowsEvent) decode(t testing.TB, p *Plan, olds bool) *event.Batch {
	t.Helper()
	h := r.header()
	h.Olds = olds
	b := &event.Batch{}
	rows, err := p.Rows(h, r.rows(), &Scratch{})
	for more := true; err == nil && more; {
		more, err = rows.Next(b, event.NoTx)
	}
	if err != nil {
		t.Fatalf("%v\n%d of %x", err, len(r.rows()), r.rows()[:min(200, len(r.rows()))])
	}
	return b
}

func (r *rowsEvent) plan(t testing.TB) *Plan {
	t.Helper()
	p, err := Compile("shop", r.tm, StaticCharsets{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asJSON is what a sink makes of entry i's record.
func asJSON(t testing.TB, msg []byte) string {
	t.Helper()
	out, err := event.AppendJSON(nil, msg)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
