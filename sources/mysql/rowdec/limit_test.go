package rowdec

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"yamabiko/event"
)

// orders gives the plan, header and rows of a golden rows event of this kind.
func orders(t testing.TB, op event.Op, n int) (*Plan, RowsHeader, []byte) {
	t.Helper()
	for _, r := range parseLog(t, readGolden(t, "orders.binlog"), goldenDB) {
		h := r.header()
		if h.Op != op {
			continue
		}
		if n--; n < 0 {
			return r.plan(t), h, r.rows()
		}
	}
	t.Fatalf("the golden binlog has no such %s", op)
	return nil, RowsHeader{}, nil
}

func TestNext_BatchesMayChangeBetweenRows(t *testing.T) {
	p, h, rows := orders(t, event.Insert, 0)
	whole, s := &event.Batch{}, &Scratch{}
	n, err := walkAll(p, h, rows, whole, s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Rows(h, rows, s)
	for i := range n {
		b := &event.Batch{}
		more, err := r.Next(b, uint32(2*i))
		if err != nil || !more || len(b.Entries) != 1 {
			t.Fatalf("row %d: %t, %v, %d entries", i, more, err, len(b.Entries))
		}
		e := b.Entries[0]
		if e.Seq != 1001+uint64(i) || e.Tx != uint32(2*i) || !b.First.Equal(committed) {
			t.Errorf("row %d has the entry %+v, first %s", i, e, b.First)
		}
		if !bytes.Equal(b.Message(0), whole.Message(i)) || !bytes.Equal(b.KeyOf(0), whole.KeyOf(i)) {
			t.Errorf("row %d is %s", i, asJSON(t, b.Record(0)))
		}
	}
	if more, err := r.Next(&event.Batch{}, 0); more || err != nil {
		t.Errorf("after the last row: %t, %v", more, err)
	}
}

func TestLimit_RowAboveItIsReportedWithItsKeyAndTheRestGoesOn(t *testing.T) {
	p, h, rows := orders(t, event.Insert, 0)
	all := &event.Batch{}
	n, err := walkAll(p, h, rows, all, &Scratch{})
	if err != nil {
		t.Fatal(err)
	}
	h.Limit = int64(len(all.Message(0))) // some rows are longer by a few digits
	b, left := &event.Batch{}, 0
	r, err := p.Rows(h, rows, &Scratch{})
	for more := err == nil; more; {
		var big *TooLarge
		if more, err = r.Next(b, event.NoTx); !errors.As(err, &big) {
			continue
		}
		left++
		i := int(big.Seq - 1001)
		if !bytes.Equal(big.Key, all.KeyOf(i)) || big.Op != event.Insert || big.Size != int64(len(all.Message(i))) || big.Size <= h.Limit || big.Table != p.Table() {
			t.Errorf("row %d is reported as %+v", i, big)
		}
		if !more {
			t.Error("the walk ended")
		}
	}
	if left == 0 || left == n || len(b.Entries) != n-left {
		t.Errorf("%d rows of %d were left out, %d came through", left, n, len(b.Entries))
	}
	for i, e := range b.Entries {
		if was := int(e.Seq - 1001); !bytes.Equal(b.Message(i), all.Message(was)) {
			t.Errorf("row %d is %s", was, asJSON(t, b.Record(i)))
		}
	}
}

func TestLimit_DeleteGoesOnWithItsKeyAlone(t *testing.T) {
	p, h, rows := orders(t, event.Delete, 0)
	h.Limit = 20
	b := &event.Batch{}
	if _, err := walkAll(p, h, rows, b, &Scratch{}); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, b); len(got) != 5 || got[4] != `1005 delete [1000004] {"id":1000004}` {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}

func TestLimit_ChangedKeyStillDeletesTheOldOne(t *testing.T) {
	p, h, rows := orders(t, event.Update, 1)
	h.Limit = 100
	b := &event.Batch{}
	r, err := p.Rows(h, rows, &Scratch{})
	if err != nil {
		t.Fatal(err)
	}
	more, err := r.Next(b, event.NoTx)
	var big *TooLarge
	if !more || !errors.As(err, &big) || big.Op != event.Insert || asJSON(t, big.Key) != "[1000159]" {
		t.Fatalf("%t, %+v", more, err)
	}
	expect(t, lines(t, b), `1001 delete [1000059] {"id":1000059}`)
}

func TestLimit_UpdateIsReportedWhereItsRowOrItsOldsAreAbove(t *testing.T) {
	p, h, rows := orders(t, event.Update, 0)
	all := &event.Batch{}
	h.Olds = true
	if _, err := walkAll(p, h, rows, all, &Scratch{}); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{50, int64(len(all.Message(0)) - 1)} {
		h.Limit = limit
		b := &event.Batch{}
		r, err := p.Rows(h, rows, &Scratch{})
		if err != nil {
			t.Fatal(err)
		}
		var big *TooLarge
		if more, err := r.Next(b, event.NoTx); !more || !errors.As(err, &big) || big.Op != event.Update || asJSON(t, big.Key) != "[1000000]" {
			t.Errorf("limit %d: %t, %v", limit, more, err)
		}
		if len(b.Entries)+len(b.Data)+len(b.Keys)+len(b.Olds) != 0 {
			t.Errorf("limit %d left %d entries", limit, len(b.Entries))
		}
	}
}

func TestNext_DamagedRowLeavesTheBatchAsItWas(t *testing.T) {
	p, h, rows := orders(t, event.Update, 0)
	h.Olds = true
	b, s := &event.Batch{}, &Scratch{}
	for cut := 1; cut < 400; cut += 7 {
		r, err := p.Rows(h, rows[:cut], s)
		if err != nil {
			t.Fatal(err)
		}
		more, err := true, error(nil)
		entries := 0
		for more && err == nil {
			entries = len(b.Entries)
			more, err = r.Next(b, event.NoTx)
		}
		if err == nil && cut < 200 {
			t.Errorf("cut at %d: no error", cut)
		}
		if err != nil && len(b.Entries) != entries {
			t.Errorf("cut at %d: %d entries were left", cut, len(b.Entries)-entries)
		}
		if more, err := r.Next(b, event.NoTx); more || err != nil {
			t.Errorf("cut at %d: the walk went on: %t, %v", cut, more, err)
		}
	}
	lines(t, b) // all of it can be read
}

func TestText_LimitAndBadCells(t *testing.T) {
	p, err := CompileInfo("shop", "db", "t", []InfoColumn{{"id", "int", ""}, {"v", "varchar(20)", "utf8mb4"}, {"d", "datetime(3)", ""}}, []string{"id"})
	if err != nil {
		t.Fatal(err)
	}
	b, s := &event.Batch{}, &Scratch{}
	h := ReadHeader{Time: committed, Seq: 9, Limit: 60}
	cells := [][]byte{[]byte("7"), []byte("short"), []byte("2026-01-02 03:04:05.120")}
	if err := p.AppendTextRow(b, h, cells, s); err != nil {
		t.Fatal(err)
	}
	expect(t, lines(t, b), `9 read [7] {"id":7,"v":"short","d":"2026-01-02T03:04:05.120"}`)
	cells[1] = bytes.Repeat([]byte("x"), 60)
	var big *TooLarge
	if err := p.AppendTextRow(b, h, cells, s); !errors.As(err, &big) || asJSON(t, big.Key) != "[7]" || big.Op != event.Read || big.Seq != 9 {
		t.Errorf("the error is %v", err)
	}
	for _, bad := range [][][]byte{{[]byte("7x"), nil, nil}, {[]byte("7"), nil, []byte("2026-01-02")}, {[]byte("7")}} {
		if err := p.AppendTextRow(b, h, bad, s); err == nil || errors.As(err, &big) && err == error(big) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if len(b.Entries) != 1 {
		t.Errorf("%d entries", len(b.Entries))
	}
	if _, err := p.Rows(RowsHeader{Op: event.Insert, Columns: 3}, nil, s); err == nil {
		t.Error("a plan of information_schema read row images")
	}
}

func TestText_DeleteHasTheKeyThatTheRowHad(t *testing.T) {
	p, cells := textRow(t)
	read, gone, s := &event.Batch{}, &event.Batch{}, &Scratch{}
	h := ReadHeader{Time: committed, Seq: 9}
	if err := p.AppendTextRow(read, h, cells, s); err != nil {
		t.Fatal(err)
	}
	if err := p.AppendTextDelete(gone, h, [][]byte{cells[0], cells[10]}, s); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.KeyOf(0), gone.KeyOf(0)) {
		t.Errorf("keys %s and %s", asJSON(t, read.KeyOf(0)), asJSON(t, gone.KeyOf(0)))
	}
	expect(t, lines(t, gone), `9 delete [18446744073709551615,"0000-00-00"] {"columnbigint unsigned":18446744073709551615,"columndate":null}`)
}

// A Plan is shared by the stream and parallel readers.
func TestPlan_IsSafeForSeveralGoroutines(t *testing.T) {
	p, h, rows := orders(t, event.Insert, 0)
	done := make(chan int)
	for range 4 {
		go func() {
			b, s, n := &event.Batch{}, &Scratch{}, 0
			for range 20 {
				n, _ = walkAll(p, h, rows, b, s)
			}
			done <- n
		}()
	}
	for range 4 {
		if n := <-done; n == 0 {
			t.Error("no rows")
		}
	}
}
