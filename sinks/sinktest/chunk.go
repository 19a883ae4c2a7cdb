package sinktest

import (
	"encoding/binary"
	"fmt"
	"sync"

	"yamabiko/event"
)

// Chunk makes a chunk of whole batches. Its OnReject refuses, so that a sink which rejects what the test did not
// expect fails its Write; a test that expects rejects sets OnReject to Rejects.Add.
func Chunk(lane int, batches ...*event.Batch) *event.Chunk {
	views := make([]event.View, len(batches))
	for i, b := range batches {
		views[i] = event.View{Batch: b}
	}
	return ChunkOf(lane, views...)
}

// ChunkOf makes a chunk of views; see Chunk.
func ChunkOf(lane int, views ...event.View) *event.Chunk {
	c := &event.Chunk{Lane: lane, Views: views, OnReject: unexpected}
	h := uint64(lane) + 1
	for _, v := range views {
		c.Events += v.Len()
		for i := range v.Len() {
			e := &v.Entries[v.At(i)]
			c.Bytes += int64(e.Len)
			h = h*1099511628211 ^ e.Seq
		}
	}
	binary.BigEndian.PutUint64(c.ID[:], h)
	return c
}

// ByLane splits a batch by key as the buffer does: one view a lane, also where it is empty. Events without a
// key go to lane 0.
func ByLane(b *event.Batch, lanes int) []event.View {
	views := make([]event.View, lanes)
	for i := range views {
		views[i] = event.View{Batch: b, Sel: []uint32{}}
	}
	for i := range b.Entries {
		lane := 0
		if key := b.KeyOf(i); key != nil {
			lane = event.Lane(key, lanes)
		}
		views[lane].Sel = append(views[lane].Sel, uint32(i))
	}
	return views
}

func unexpected(v event.View, i int, why error) error {
	return fmt.Errorf("sinktest: unexpected reject of %s seq %d: %w", v.Tag, v.Entries[i].Seq, why)
}

// Rejected is one dead letter.
type Rejected struct {
	event.Ref
	Why error
}

// Rejects collects dead letters; the zero value is ready and safe for several lanes.
type Rejects struct {
	mu  sync.Mutex
	all []Rejected
}

// Add is for Chunk.OnReject.
func (r *Rejects) Add(v event.View, i int, why error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, Rejected{event.Ref{Batch: v.Batch, I: i}, why})
	return nil
}

// All returns what was rejected so far.
func (r *Rejects) All() []Rejected {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Rejected(nil), r.all...)
}
