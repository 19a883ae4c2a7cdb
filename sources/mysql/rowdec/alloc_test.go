package rowdec

import (
	"testing"

	"yamabiko/event"
)

func TestRowsAllocateNothing(t *testing.T) {
	for name, file := range map[string][]byte{"orders": readGolden(t, "orders.binlog"), "types": readGolden(t, "types.binlog")} {
		for _, r := range parseLog(t, file, goldenDB) {
			p := r.plan(t)
			h := r.header()
			h.Olds = true
			b, s := &event.Batch{}, &Scratch{}
			n := testing.AllocsPerRun(10, func() {
				if _, err := walkAll(p, h, r.rows(), b, s); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%s: table %s: %g allocations an event", name, r.tm.Table, n)
			}
		}
	}
}

// textRow is a row as a SELECT gives it.
func textRow(t testing.TB) (*Plan, [][]byte) {
	t.Helper()
	var cols []InfoColumn
	var cells [][]byte
	for _, c := range [][2]string{
		{"bigint unsigned", "18446744073709551615"}, {"int", "-42"}, {"varchar(80)", "a product title of some forty letters 0000"},
		{"enum('new','paid')", "paid"}, {"set('a','b')", "a,b"}, {"decimal(10,2) unsigned zerofill", "00000012.50"}, {"double", "0.30000000000000004"}, {"float", "0.10000000149011612"},
		{"datetime(3)", "2026-01-02 03:04:05.120"}, {"timestamp(6)", "2026-01-02 03:04:05.123456"}, {"date", "0000-00-00"}, {"time", "-838:59:59"},
		{"blob", "\x00\xff"}, {"json", `{"a": [1, 2.5, 1.50, 1e300, "x\n", null, true], "b": {"c": "y"}}`}, {"bit(10)", "513"}, {"varchar(5)", ""},
	} {
		cols = append(cols, InfoColumn{"column" + c[0], c[0], "utf8mb4"})
		cells = append(cells, []byte(c[1]))
	}
	p, err := CompileInfo("shop", "db", "t", cols, []string{cols[0].Name, cols[10].Name})
	if err != nil {
		t.Fatal(err)
	}
	return p, cells
}

func TestTextRowsAllocateNothing(t *testing.T) {
	p, cells := textRow(t)
	b, s := &event.Batch{}, &Scratch{}
	n := testing.AllocsPerRun(10, func() {
		b.Data, b.Keys, b.Entries = b.Data[:0], b.Keys[:0], b.Entries[:0]
		if err := p.AppendTextRow(b, ReadHeader{Time: committed}, cells, s); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations a row", n)
	}
}
