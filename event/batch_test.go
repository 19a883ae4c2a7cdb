package event_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"yamabiko/event"
)

func TestLastReleaseSettlesOnce(t *testing.T) {
	b := new(event.Pool).Get("t", "s", nil)
	settled := 0
	b.Emitted(func() { settled++ })
	b.Retain(2)
	for left := 2; left >= 0; left-- {
		if settled != 0 {
			t.Fatalf("settled with %d references left", left+1)
		}
		b.Release()
	}
	if settled != 1 {
		t.Errorf("settled %d times", settled)
	}
}

func TestReleasesAtOnceSettleOnce(t *testing.T) {
	const holders = 8
	for range 200 {
		b := new(event.Pool).Get("t", "s", nil)
		var settled atomic.Int32
		b.Emitted(func() { settled.Add(1) })
		b.Retain(holders - 1)
		var wg sync.WaitGroup
		for range holders {
			wg.Go(b.Release)
		}
		wg.Wait()
		if n := settled.Load(); n != 1 {
			t.Fatalf("settled %d times", n)
		}
	}
}

func TestReleaseTooOftenPanics(t *testing.T) {
	b := &event.Batch{}
	b.Emitted(nil)
	b.Release()
	defer func() {
		if recover() == nil {
			t.Error("a reference that was never taken could be given back")
		}
	}()
	b.Release()
}

// TestSettleSeesTheBatch: the ledger frees the batch's bytes when it settles, so they must still be there.
func TestSettleSeesTheBatch(t *testing.T) {
	b := new(event.Pool).Get("t", "s", orders)
	add(b, event.Insert, 1, key("eu", 1), row(1, "a"))
	size := b.Size()
	b.Emitted(func() {
		if b.Size() != size || b.Tag != "t" {
			t.Errorf("settled with %d of %d bytes, tag %q", b.Size(), size, b.Tag)
		}
	})
	b.Release()
}

func TestPoolGivesOutEmptyBatches(t *testing.T) {
	var pool event.Pool
	for i := range 50 {
		b := pool.Get("tag", "stream", orders)
		if len(b.Data)+len(b.Keys)+len(b.Olds)+len(b.Entries)+len(b.Txs) != 0 || !b.First.IsZero() {
			t.Fatalf("batch %d is not empty: %+v", i, b)
		}
		if b.Tag != "tag" || b.Stream != "stream" || b.Table != orders {
			t.Fatalf("batch %d is not what was asked for: %+v", i, b)
		}
		add(b, event.Insert, 1, key("eu", 1), row(1, "a"))
		b.Olds = append(b.Olds, 0x80)
		b.Txs = append(b.Txs, event.Tx{ID: "1"})
		b.First = when
		if i%2 == 0 {
			pool.Drop(b)
			continue
		}
		b.Emitted(func() {})
		b.Release()
	}
}

// Limits count what batches hold, so what they have room for must not be out of proportion: a stalled sink may hold hundreds of thousands
// of small batches, among which a large one comes now and then.
func TestPoolKeepsRoomInProportion(t *testing.T) {
	var pool event.Pool
	emit := func(n int) (held, room int64) {
		b := pool.Get("t", "s", nil)
		room = int64(cap(b.Data)) // as given; growing is the caller's doing
		b.Data = append(b.Data, make([]byte, n)...)
		b.Emitted(func() {})
		return int64(len(b.Data)), room
	}
	var held, room int64
	for i := range 10_000 {
		n := 100
		if i%100 == 0 {
			n = 256 << 10
		}
		h, r := emit(n)
		held, room = held+h, room+r
	}
	if room > 2*held {
		t.Fatalf("batches of %d bytes were given room for %d", held, room)
	}
	if emit(64 << 20); cap(pool.Get("t", "s", nil).Data) > 1<<20 {
		t.Fatal("after one huge row the next batch was made as large")
	}
	if emit(200 << 10); cap(pool.Get("t", "s", nil).Data) < 200<<10 {
		t.Fatal("the next batch of a backlog grows from nothing")
	}
}

func TestAccessors(t *testing.T) {
	b := &event.Batch{Table: orders, Txs: []event.Tx{{ID: "a"}, {ID: "b"}}}
	add(b, event.Insert, 1, key("eu", 1), row(1, "one"))
	add(b, event.Update, 2, key("us", 2), row(2, "two"))
	add(b, event.Truncate, 3, nil, nil)
	b.Entries[0].Tx, b.Entries[1].Tx = 0<<1, 1<<1|1
	for i := range 2 {
		b.Entries[i].Old = uint32(len(b.Olds))
		b.Olds = append(b.Olds, row(int64(10+i), "old")...)
	}
	for i, want := range []struct {
		rec, key, old []byte
		tx            string
		last          bool
		at            time.Time
	}{
		{row(1, "one"), key("eu", 1), row(10, "old"), "a", false, when},
		{row(2, "two"), key("us", 2), row(11, "old"), "b", true, when},
		{nil, nil, nil, "", false, time.Time{}},
	} {
		if got := b.Record(i); !bytes.Equal(got, want.rec) || (got == nil) != (want.rec == nil) {
			t.Errorf("record %d: %x", i, got)
		}
		if got := b.KeyOf(i); !bytes.Equal(got, want.key) || (got == nil) != (want.key == nil) {
			t.Errorf("key %d: %x", i, got)
		}
		if got := b.OldOf(i); !bytes.Equal(got, want.old) || (got == nil) != (want.old == nil) {
			t.Errorf("old %d: %x", i, got)
		}
		if tx, last := b.TxOf(i); last != want.last || (tx == nil) != (want.tx == "") || tx != nil && tx.ID != want.tx {
			t.Errorf("tx %d: %v, last %v", i, tx, last)
		}
		if got := b.Time(i); !got.Equal(want.at) {
			t.Errorf("time %d: %v", i, got)
		}
	}
}

// TestDataIsAPackedForwardStream: the messages one after another are Data, and each can be read by itself.
func TestDataIsAPackedForwardStream(t *testing.T) {
	b := &event.Batch{}
	for i := range int64(5) {
		add(b, event.Log, uint64(i), nil, benchRecord(i))
	}
	rest := b.Data
	for i := range b.Entries {
		at, rec, after, err := event.ReadMessage(rest)
		if err != nil || !at.Equal(when) || !bytes.Equal(rec, b.Record(i)) || !bytes.Equal(b.Message(i), rest[:len(rest)-len(after)]) {
			t.Fatalf("message %d: %v, %x, %v", i, at, rec, err)
		}
		rest = after
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes left", len(rest))
	}
}

func TestAccessorsAllocateNothing(t *testing.T) {
	b := rowBatch()
	n := testing.AllocsPerRun(100, func() {
		if b.Record(0) == nil || b.KeyOf(0) == nil || b.OldOf(0) == nil || b.Time(0).IsZero() {
			t.Error("something is missing")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
