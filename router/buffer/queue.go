package buffer

import (
	"slices"
	"time"

	"yamabiko/event"
)

// item is a part in a lane's queue.
type item struct {
	part
	at time.Time // when it came
}

// queue is one lane's items between two barriers, oldest first.
type queue struct {
	items  []item
	events int
	bytes  int64
}

func (q *queue) push(it item) {
	q.items = append(q.items, it)
	q.events += it.view.Len()
	q.bytes += it.bytes
}

// pop moves the oldest items that make a chunk to dst. It cuts an item only if that alone is more than a chunk.
func (q *queue) pop(dst []part, opt *Options) []part {
	var n, events int
	var bytes int64
	for _, it := range q.items {
		if n > 0 && (events+it.view.Len() > opt.ChunkCount || bytes+it.bytes > opt.ChunkBytes) {
			break
		}
		n++
		events += it.view.Len()
		bytes += it.bytes
	}
	if n == 1 && (events > opt.ChunkCount || bytes > opt.ChunkBytes) && events > 1 {
		return append(dst, q.popHead(opt))
	}
	for _, it := range q.items[:n] {
		dst = append(dst, it.part)
	}
	q.items = slices.Delete(q.items, 0, n)
	q.events -= events
	q.bytes -= bytes
	return dst
}

// popHead cuts as many events off the oldest item as make a chunk. What stays behind holds a reference of its own.
func (q *queue) popHead(opt *Options) part {
	it := &q.items[0]
	v := it.view
	extra := extraPerEvent(v.Batch) + perEvent
	n, bytes := 0, int64(0)
	for ; n < v.Len()-1 && n < opt.ChunkCount; n++ { // one at least stays behind
		b := int64(v.Entries[v.At(n)].Len) + extra
		if n > 0 && bytes+b > opt.ChunkBytes {
			break
		}
		bytes += b
	}
	bytes = min(bytes, it.bytes)
	head := part{lane: it.lane, view: between(v, 0, n), bytes: bytes, split: it.split}
	if it.split != nil {
		it.split.refs++
	}
	v.Retain(1)
	it.view, it.bytes = between(v, n, v.Len()), it.bytes-bytes
	q.events -= n
	q.bytes -= bytes
	return head
}

// between returns the events from..to of v as a view.
func between(v event.View, from, to int) event.View {
	if v.Sel != nil {
		return event.View{Batch: v.Batch, Sel: v.Sel[from:to]}
	}
	if from == 0 && to == len(v.Entries) {
		return v
	}
	sel := make([]uint32, to-from)
	for i := range sel {
		sel[i] = uint32(from + i)
	}
	return event.View{Batch: v.Batch, Sel: sel}
}
