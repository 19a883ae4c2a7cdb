package rowdec

import (
	"testing"
	"time"

	"yamabiko/event"
)

// ordersEvent is the golden insert of 60 rows of ten columns, as one event.
func ordersEvent(t testing.TB) rowsEvent {
	t.Helper()
	return parseLog(t, readGolden(t, "orders.binlog"), goldenDB)[0]
}

// walkAll decodes every row of an event into b, which it empties first.
func walkAll(p *Plan, h RowsHeader, rows []byte, b *event.Batch, s *Scratch) (n int, err error) {
	b.Data, b.Keys, b.Olds, b.Entries = b.Data[:0], b.Keys[:0], b.Olds[:0], b.Entries[:0]
	r, err := p.Rows(h, rows, s)
	for more := err == nil; more; n++ {
		more, err = r.Next(b, event.NoTx)
	}
	return n - 1, err
}

func BenchmarkRows(b *testing.B) {
	r := ordersEvent(b)
	p := r.plan(b)
	h := r.header()
	batch, s, rows := &event.Batch{}, &Scratch{}, 0
	b.ReportAllocs()
	b.SetBytes(int64(len(r.rows())))
	for b.Loop() {
		n, err := walkAll(p, h, r.rows(), batch, s)
		if err != nil {
			b.Fatal(err)
		}
		rows += n
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkAgainstGoMySQL decodes the same event in turns, by ours and by go-mysql's own decoder into [][]any, and says
// how many times as fast ours is: what else the machine does slows both.
func BenchmarkAgainstGoMySQL(b *testing.B) {
	r := ordersEvent(b)
	p, h := r.plan(b), r.header()
	batch, s := &event.Batch{}, &Scratch{}
	var ours, theirs time.Duration
	rows := 0
	for b.Loop() {
		begun := time.Now()
		n, err := walkAll(p, h, r.rows(), batch, s)
		if err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if err := r.e.DecodeData(r.at, r.body); err != nil || len(r.e.Rows) != n {
			b.Fatal(len(r.e.Rows), n, err)
		}
		ours, theirs, rows = ours+between.Sub(begun), theirs+time.Since(between), rows+n
	}
	b.ReportMetric(float64(rows)/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(rows)/theirs.Seconds(), "go-mysql-rows/s")
	b.ReportMetric(float64(theirs)/float64(ours), "ratio")
}

// BenchmarkText encodes a row as a SELECT gives it.
func BenchmarkText(b *testing.B) {
	p, cells := textRow(b)
	batch, s := &event.Batch{}, &Scratch{}
	b.ReportAllocs()
	for b.Loop() {
		batch.Data, batch.Keys, batch.Entries = batch.Data[:0], batch.Keys[:0], batch.Entries[:0]
		if err := p.AppendTextRow(batch, ReadHeader{Time: committed}, cells, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
