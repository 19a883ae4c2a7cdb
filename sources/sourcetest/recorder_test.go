package sourcetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
)

// row makes a sound batch of one row.
func row() *event.Batch {
	b := &event.Batch{Tag: "cdc.a.t", Stream: "shop", First: time.Unix(1, 0),
		Table: &event.Table{Source: "shop", Schema: "a", Name: "t", Columns: []event.Column{{Name: "id"}}, Key: []int{0}}}
	b.Data = event.AppendInt(event.AppendString(event.AppendMapHeader(event.AppendHead(nil, b.First), 1), "id"), 7)
	b.Keys = event.AppendKey(nil, event.AppendInt(event.AppendArrayHeader(nil, 1), 7))
	b.Entries = []event.Entry{{Seq: 5, Len: uint32(len(b.Data)), Old: event.NoOld, Tx: event.NoTx, Op: event.Insert}}
	return b
}

func TestMalformedBatchesAreFound(t *testing.T) {
	if err := wellFormed(row()); err != nil {
		t.Fatalf("a sound batch: %v", err)
	}
	for name, spoil := range map[string]func(*event.Batch){
		"no tag":           func(b *event.Batch) { b.Tag = "" },
		"no stream":        func(b *event.Batch) { b.Stream = "" },
		"no First":         func(b *event.Batch) { b.First = time.Time{} },
		"no entries":       func(b *event.Batch) { b.Entries = nil },
		"Seq 0":            func(b *event.Batch) { b.Entries[0].Seq = 0 },
		"Seq 2^63":         func(b *event.Batch) { b.Entries[0].Seq = 1 << 63 },
		"short":            func(b *event.Batch) { b.Entries[0].Len-- },
		"beyond the data":  func(b *event.Batch) { b.Entries[0].Len++ },
		"bytes after":      func(b *event.Batch) { b.Data = append(b.Data, 1) },
		"record no map":    func(b *event.Batch) { b.Data[11] = 0x91 },
		"log with a table": func(b *event.Batch) { b.Entries[0].Op = event.Log },
		"row without key":  func(b *event.Batch) { b.Entries[0].Key = event.NoKey },
		"key of two":       func(b *event.Batch) { b.Table.Key = []int{0, 0} },
		"old no msgpack":   func(b *event.Batch) { b.Entries[0].Old = 0; b.Olds = []byte{0x81} },
		"no such tx":       func(b *event.Batch) { b.Entries[0].Tx = 2 },
		"barrier bytes":    func(b *event.Batch) { b.Entries[0].Op = event.DDL },
	} {
		b := row()
		spoil(b)
		if wellFormed(b) == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestRecorderKeepsCopiesAndMarks(t *testing.T) {
	var r Recorder
	var pool event.Pool
	for seq := range uint64(3) {
		b := pool.Get("x", "y", nil)
		b.First = time.Unix(1, 0)
		b.Data = event.AppendInt(event.AppendString(event.AppendMapHeader(event.AppendHead(b.Data, b.First), 1), "n"), int64(seq))
		b.Entries = append(b.Entries, event.Entry{Seq: seq + 1, Len: uint32(len(b.Data)), Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx})
		if err := r.Emit(t.Context(), b, event.Position{byte(seq)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Sync(t.Context(), event.Position("end")); err != nil {
		t.Fatal(err)
	}
	events, marks := r.Events(), r.Marks()
	if len(events) != 3 || events[0].Record[len(events[0].Record)-1] != 0 || events[2].Seq != 3 || len(r.Problems()) != 0 {
		t.Errorf("events %v, problems %v", events, r.Problems())
	}
	if len(marks) != 4 || marks[1].Events != 2 || !marks[3].Synced || string(r.Last()) != "end" {
		t.Errorf("marks %v", marks)
	}
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recorder
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.WaitEvents(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitEvents: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- r.WaitEvents(t.Context(), 1) }()
		synctest.Wait()
		if err := r.Emit(t.Context(), row(), nil); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
