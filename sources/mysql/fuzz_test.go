package mysql

import (
	"bytes"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
	"yamabiko/sources/mysql/rowdec"
)

// What a server sends may be damaged: nothing here may panic, or read beyond what was sent. An input is given with its capacity cut,
// so that a slice too far is a panic.

func FuzzParseQuery(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x01\x00vdb\x00BEGIN"))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, in []byte) {
		q, err := parseQuery(in[:len(in):len(in)])
		if err != nil {
			return
		}
		if len(q.schema)+len(q.sql)+14 > len(in) {
			t.Errorf("%d bytes hold a schema of %d and a statement of %d", len(in), len(q.schema), len(q.sql))
		}
		parseStatement(string(q.sql), string(q.schema))
	})
}

func FuzzParseStatement(f *testing.F) {
	for _, s := range []string{"ALTER TABLE `a``b`.c", "/*!40000 x */ -- y\n'it''s' \"q\\\"\" .", "DROP TABLE a.b.c", "/*", "`", "'\\", "#", "CREATE TABLE \xff.\xfe", "XA START X'00',X'',1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		got := parseStatement(sql, "s")
		size := 0
		for _, n := range got.names {
			size += len(n.table)
		}
		if size > len(sql) {
			t.Errorf("%q has names of %d bytes: %v", sql, size, got.names)
		}
		got.isDML()
		got.removesRows()
		got.movesPartitions()
		xaID(sql)
	})
}

func FuzzTableMapNames(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x01\x00\x02db\x00\x01t\x00\x01\x03\x00"))
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x01\x00\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, schema, table, err := tableMapNames(in[:len(in):len(in)])
		if err == nil && (len(schema)+len(table)+12 > len(in)) {
			t.Errorf("%d bytes hold names of %d and %d", len(in), len(schema), len(table))
		}
	})
}

func FuzzParseRows(f *testing.F) {
	f.Add(byte(replication.WRITE_ROWS_EVENTv2), []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x02\x00\x02\x03\x00\x01"))
	f.Add(byte(replication.UPDATE_ROWS_EVENTv2), []byte("\x01\x00\x00\x00\x00\x00\x01\x00\x02\x00\xfc\x00\x02\x03\x00\x01"))
	f.Add(byte(replication.DELETE_ROWS_EVENTv1), []byte("\x01\x00\x00\x00\x00\x00\x01\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, typ byte, in []byte) {
		if len(in) < 8 {
			return // its caller looks
		}
		var h rowdec.RowsHeader
		rows, err := parseRows(replication.EventType(typ), in[:len(in):len(in)], &h)
		if err != nil {
			return
		}
		width := int(h.Columns+7) / 8
		if len(h.Present[0]) != width || h.Op == event.Update && len(h.Present[1]) != width || len(rows) > len(in)-8 {
			t.Errorf("%d columns with bitmaps of %d and %d bytes, %d bytes of rows of %d", h.Columns, len(h.Present[0]), len(h.Present[1]), len(rows), len(in))
		}
	})
}

func FuzzPayloadFields(f *testing.F) {
	f.Add([]byte("\x02\x01\x00\x03\x01\x09\x01\x01\x09\x00data"))
	f.Add([]byte("\x02\x01\xff\x00data"))
	f.Add([]byte("\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		_, data, err := payloadFields(in[:len(in):len(in)])
		if err == nil && len(data) >= len(in) {
			t.Errorf("%d bytes hold %d", len(in), len(data))
		}
	})
}

func FuzzWireBody(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add(make([]byte, 23), 4)
	f.Add(bytes.Repeat([]byte{1}, 40), 4)
	f.Fuzz(func(t *testing.T, in []byte, checksum int) {
		w := wire{checksum: checksum & replication.BinlogChecksumLength}
		body, err := w.body(in[:len(in):len(in)])
		if err == nil && len(body)+replication.EventHeaderSize+w.checksum != len(in) {
			t.Errorf("%d bytes have a body of %d", len(in), len(body))
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"rule":"mysql/1","server":"u","file":"f","pos":4,"seq":"7","tables":{"a.b":null}}`))
	f.Add([]byte(`{"v":1,"seq":"99999999999999999999"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := parsePosition(in)
		if err != nil {
			return
		}
		if again, err := parsePosition(p.encode()); err != nil || again.Seq != p.Seq {
			t.Errorf("%s does not come back: %v", p.encode(), err)
		}
	})
}
