package sinktest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"yamabiko/event"
)

// table is the suite's table: v takes values of any form.
func table(name string) *event.Table {
	return Table("shop", "app", name, Col("id", event.Int), Col("n", event.Int), Col("title", event.String), Col("v", event.JSON))
}

func (h Harness) everythingWritten(t *testing.T) {
	b := h.open(t, 1)
	rows := Batch("cdc.app.orders", table("orders")).
		Tx(event.Tx{ID: "3e11fa47-71ca-11e1-9e33-c80aa9429562:23"}).
		Read(1, 1, "n", 1, "title", "read").Insert(2, 2, "n", 2, "title", "größer").
		Insert(3, 3, "n", 3, "title", nil).Update(4, 3, "n", 4, "title", "new").Old("title", nil).Last().Build()
	other := Batch("cdc.app.items", table("items")).Insert(5, 1, "n", 5, "title", "same key, other table").Build()
	logs := Batch("web.access", nil).Log(6, "n", 6, "path", "/a").Log(7, "n", 7, "path", "/b").Build()
	keyless := Batch("cdc.app.notes", &event.Table{Source: "shop", Schema: "app", Name: "notes",
		Columns: []event.Column{Col("n", event.Int)}}).Insert(8, nil, "n", 8).Insert(9, nil, "n", 9).Build()
	narrowed := Batch("web.access", nil).Log(10, "n", 10).Log(11, "n", 11).Log(12, "n", 12).Build()
	c := ChunkOf(0, event.View{Batch: rows}, event.View{Batch: other}, event.View{Batch: logs}, event.View{Batch: keyless},
		event.View{Batch: narrowed, Sel: []uint32{0, 2}})
	b.write(c)
	b.check(c)
}

func (h Harness) order(t *testing.T) {
	b := h.open(t, 1)
	var chunks []*event.Chunk
	seq := 0
	for range 5 {
		batch := Batch("cdc.app.orders", table("orders"))
		for range 100 {
			seq++
			batch.Update(uint64(seq), seq%7, "n", seq)
		}
		c := Chunk(0, batch.Build())
		chunks = append(chunks, c)
		b.write(c)
	}
	b.check(chunks...)
}

func (h Harness) lanes(t *testing.T) {
	const lanes, rounds = 4, 10
	b := h.open(t, lanes)
	chunks := make([][]*event.Chunk, lanes)
	seq := 0
	for range rounds {
		batch := Batch("cdc.app.orders", table("orders"))
		for range 50 {
			seq++
			batch.Update(uint64(seq), seq%31, "n", seq)
		}
		for lane, v := range ByLane(batch.Build(), lanes) {
			chunks[lane] = append(chunks[lane], ChunkOf(lane, v))
		}
	}
	ctx := patient(t)
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			for _, c := range chunks[lane] {
				c.OnReject = b.rej.Add
				if err := b.sink.Write(ctx, c); err != nil {
					t.Errorf("lane %d: %v", lane, err)
				}
			}
		})
	}
	wg.Wait()
	var all []*event.Chunk
	for _, cs := range chunks {
		all = append(all, cs...)
	}
	b.check(all...)
}

func (h Harness) barriers(t *testing.T) {
	b := h.open(t, 2)
	before := Chunk(0, Batch("cdc.app.orders", table("orders")).Insert(5, 1, "n", 1).Build())
	b.write(before)
	ops := []event.Op{event.DDL}
	if !h.Keyed {
		ops = append(ops, event.Truncate, event.Sweep)
	}
	for i, op := range ops {
		b.write(Chunk(0, Batch("cdc.app.orders", table("orders")).Barrier(op, uint64(6+i)).Build()))
	}
	after := Chunk(1, Batch("cdc.app.orders", table("orders")).Insert(10, 2, "n", 2).Build())
	b.write(after)
	b.check(before, after)
}

func (h Harness) emptyViews(t *testing.T) {
	b := h.open(t, 1)
	none := event.View{Batch: Batch("web.access", nil).Log(1, "n", 1).Build(), Sel: []uint32{}}
	b.write(ChunkOf(0, none))
	c := ChunkOf(0, none, event.View{Batch: Batch("web.access", nil).Log(2, "n", 2).Build()}, none)
	b.write(c)
	b.check(c)
}

func (h Harness) oddValues(t *testing.T) {
	b := h.open(t, 1)
	rows := Batch("cdc.app.orders", table("orders"))
	logs := Batch("web.access", nil)
	for i, v := range odd() {
		rows.Insert(uint64(i+1), i, "n", i, "v", v)
		logs.Log(uint64(i+1), "n", 1000+i, "v", v)
	}
	c := Chunk(0, rows.Build(), logs.Build())
	b.write(c)
	b.check(c)
}

func (h Harness) huge(t *testing.T) {
	b := h.open(t, 1)
	c := Chunk(0, Batch("cdc.app.orders", table("orders")).
		Insert(1, 1, "n", 1, "v", Map{"s", strings.Repeat("0123456789abcdef", 5<<16)}).
		Insert(2, 2, "n", 2, "title", "after").Build())
	b.write(c)
	b.check(c)
}

func (h Harness) closeLosesNothing(t *testing.T) {
	b := h.open(t, 1)
	c := Chunk(0, Batch("web.access", nil).Log(1, "n", 1).Log(2, "n", 2).Build())
	b.write(c)
	b.close()
	b.check(c)
}

func (h Harness) cancelled(t *testing.T) {
	b := h.open(t, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := Chunk(0, Batch("cdc.app.orders", table("orders")).Insert(1, 1, "n", 1).Insert(2, 2, "n", 2).Build())
	c.OnReject = b.rej.Add
	if err := b.sink.Write(ctx, c); err == nil {
		b.check(c)
	}
	if n := len(b.rej.All()); n > 0 {
		t.Fatalf("a cancelled Write rejected %d events", n)
	}
	b.write(c)
	b.check(c)
}

func (h Harness) repeated(t *testing.T) {
	b := h.open(t, 1)
	c := Chunk(0, Batch("cdc.app.orders", table("orders")).
		Insert(1, 1, "n", 1).Update(2, 1, "n", 2).Insert(3, 2, "n", 3).Delete(4, 2, "n", 4).Build())
	b.write(c)
	b.write(c)
	b.check(c)
}

func (h Harness) lateVersions(t *testing.T) {
	b := h.open(t, 1)
	newer := Chunk(0, Batch("cdc.app.orders", table("orders")).Update(10, 1, "n", 10).Delete(12, 2, "n", 12).Update(20, 3, "n", 20).Build())
	older := Chunk(0, Batch("cdc.app.orders", table("orders")).Insert(5, 1, "n", 5).Insert(11, 2, "n", 11).Delete(15, 3, "n", 15).Build())
	b.write(newer)
	b.write(older)
	b.check(older, newer)
}

func (h Harness) removes(t *testing.T) {
	b := h.open(t, 1)
	b.write(Chunk(0, Batch("cdc.app.orders", table("orders")).Insert(1, 1, "n", 1).Insert(2, 2, "n", 2).Insert(9, 3, "n", 9).Build()))
	b.write(Chunk(0, Batch("cdc.app.items", table("items")).Insert(3, 1, "n", 3).Build()))
	b.write(Chunk(0, Batch("cdc.app.orders", table("orders")).Barrier(event.Truncate, 5).Build()))
	b.wantLeft(9, 3)
	b.write(Chunk(0, Batch("cdc.app.orders", table("orders")).Barrier(event.Sweep, 20).Build()))
	b.wantLeft(3)
}
