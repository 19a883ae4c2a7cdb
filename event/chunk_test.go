package event_test

import (
	"errors"
	"slices"
	"testing"

	"yamabiko/event"
)

// threeViews is a chunk of six events, named by their Seq: 10 12 | 20 21 22 | (none) | 33.
func threeViews() *event.Chunk {
	batch := func(tens uint64) *event.Batch {
		b := &event.Batch{Tag: "t"}
		for i := range uint64(4) {
			add(b, event.Insert, tens+i, nil, row(int64(i), "x"))
		}
		return b
	}
	all := batch(20)
	all.Entries = all.Entries[:3]
	return &event.Chunk{Events: 6, Views: []event.View{
		{Batch: batch(10), Sel: []uint32{0, 2}}, {Batch: all}, {Batch: batch(90), Sel: []uint32{}}, {Batch: batch(30), Sel: []uint32{3}},
	}}
}

var seqs = []uint64{10, 12, 20, 21, 22, 33}

func TestChunkNumbersItsEvents(t *testing.T) {
	var got []uint64
	for n, ref := range threeViews().All() {
		if n != len(got) {
			t.Errorf("event %d has number %d", len(got), n)
		}
		got = append(got, ref.Entries[ref.I].Seq)
	}
	if !slices.Equal(got, seqs) {
		t.Errorf("have %v, want %v", got, seqs)
	}
	for n := range threeViews().All() {
		if n == 3 {
			break
		}
	}
}

// TestRejectMeansTheSameEvent: the number that All gives is the one that Reject takes.
func TestRejectMeansTheSameEvent(t *testing.T) {
	why, broken := errors.New("mapper_parsing_exception"), errors.New("disk full")
	var got []uint64
	c := threeViews()
	c.OnReject = func(v event.View, entry int, reason error) error {
		if reason != why {
			t.Errorf("reason %v", reason)
		}
		got = append(got, v.Entries[entry].Seq)
		return broken
	}
	for n := range c.All() {
		if err := c.Reject(n, why); err != broken {
			t.Errorf("event %d: a dead letter that is not durable gives %v", n, err)
		}
	}
	if !slices.Equal(got, seqs) {
		t.Errorf("have %v, want %v", got, seqs)
	}
	defer func() {
		if recover() == nil {
			t.Error("an event that is not in the chunk could be rejected")
		}
	}()
	_ = c.Reject(len(seqs), why)
}

func TestViewSelects(t *testing.T) {
	b := threeViews().Views[1].Batch
	if v := (event.View{Batch: b}); v.Len() != 3 || v.At(2) != 2 {
		t.Errorf("a view without a selection has %d events, the last at %d", v.Len(), v.At(2))
	}
	if v := (event.View{Batch: b, Sel: []uint32{}}); v.Len() != 0 {
		t.Errorf("a view that selects nothing has %d events", v.Len())
	}
	if v := (event.View{Batch: b, Sel: []uint32{2}}); v.Len() != 1 || v.At(0) != 2 {
		t.Errorf("a view of one has %d events, the first at %d", v.Len(), v.At(0))
	}
}

func TestChunkBarrier(t *testing.T) {
	for op := event.Log; op <= event.Sweep; op++ {
		b := &event.Batch{}
		add(b, event.Insert, 1, nil, row(1, "x"))
		add(b, op, 2, nil, nil)
		c := &event.Chunk{Events: 1, Views: []event.View{{Batch: b, Sel: []uint32{}}, {Batch: b, Sel: []uint32{1}}}}
		want := op == event.Truncate || op == event.DDL || op == event.Sweep
		if ref, ok := c.Barrier(); ok != want || ok && ref.I != 1 {
			t.Errorf("%v: barrier %v at %d", op, ok, ref.I)
		}
	}
	if _, ok := threeViews().Barrier(); ok {
		t.Error("six rows are a barrier")
	}
}

func TestAllAllocatesNothing(t *testing.T) {
	c := threeViews()
	n := testing.AllocsPerRun(100, func() {
		for n, ref := range c.All() {
			if ref.Record(ref.I) == nil || n > 5 {
				t.Error("no record")
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
