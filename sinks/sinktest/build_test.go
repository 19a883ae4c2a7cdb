package sinktest

import (
	"bytes"
	"testing"

	"yamabiko/event"
)

func TestBuilderMakesWhatTheReadersRead(t *testing.T) {
	table := Table("shop", "app", "orders", Col("id", event.Int), Col("title", event.String))
	b := Batch("cdc.app.orders", table).
		Tx(event.Tx{ID: "g:1"}).Insert(5, 7, "title", "a").Update(6, 7, "title", "b").Old("title", "a").Last().
		Delete(7, 8).Build()

	if got, want := b.KeyOf(0), AppendValue(nil, []any{7}); !bytes.Equal(got, want) {
		t.Errorf("key %x, want %x", got, want)
	}
	if got, want := b.Record(1), AppendMap(nil, "id", 7, "title", "b"); !bytes.Equal(got, want) {
		t.Errorf("record %x, want %x", got, want)
	}
	if tx, last := b.TxOf(1); tx == nil || tx.ID != "g:1" || !last {
		t.Errorf("transaction %v, last %v", tx, last)
	}
	if tx, _ := b.TxOf(2); tx != nil {
		t.Errorf("an event after Last has transaction %v", tx)
	}
	if !b.Time(2).Equal(start) {
		t.Errorf("time %v, want %v", b.Time(2), start)
	}
}

func TestByLaneKeepsOneKeyInOneLane(t *testing.T) {
	table := Table("s", "d", "t", Col("id", event.Int))
	b := Batch("x", table)
	for i := range 100 {
		b.Insert(uint64(i+1), i%10)
	}
	seen := map[string]int{}
	n := 0
	for lane, v := range ByLane(b.Build(), 4) {
		for i := range v.Len() {
			key := string(v.KeyOf(v.At(i)))
			if was, ok := seen[key]; ok && was != lane {
				t.Fatalf("key %x in lanes %d and %d", key, was, lane)
			}
			seen[key] = lane
			n++
		}
	}
	if n != 100 {
		t.Fatalf("%d events in the lanes, want 100", n)
	}
}
