package rowdec

import (
	"testing"

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

// BenchmarkGoMySQL decodes the same event by go-mysql's own decoder, into [][]any.
func BenchmarkGoMySQL(b *testing.B) {
	r := ordersEvent(b)
	rows := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(r.rows())))
	for b.Loop() {
		if err := r.e.DecodeData(r.at, r.body); err != nil {
			b.Fatal(err)
		}
		rows += len(r.e.Rows)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
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
