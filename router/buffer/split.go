package buffer

import (
	"math"
	"sync"

	"yamabiko/event"
)

// perEvent is what an event costs beside its message: its index entry and its share of what is allocated for a chunk.
const perEvent = 48

// part is what one lane gets of a view.
type part struct {
	lane  int
	view  event.View
	bytes int64
	split *split // owner of view.Sel, or nil
}

// split is the memory of the selections that one view was split into. It is used again once all its parts are released.
type split struct {
	lanes []uint16 // scratch: the lane of each event
	sel   []uint32
	count []int
	bytes []int64
	refs  int // guarded by the buffer's mutex
}

// splitter cuts views by lane.
type splitter struct {
	n    int
	free sync.Pool // of *split
}

// maxLanes is what the scratch's type can count.
const maxLanes = math.MaxUint16

// cut appends the parts of v, one for each lane that has events of it. v holds no barrier. A view of one lane stays as it is.
func (s *splitter) cut(parts []part, v event.View) []part {
	if s.n == 1 {
		return append(parts, part{view: v, bytes: viewBytes(v)})
	}
	tagLane := event.Lane([]byte(v.Tag), s.n)
	one := s.laneOf(v, 0, tagLane)
	i, n := 1, v.Len()
	for i < n && s.laneOf(v, i, tagLane) == one {
		i++
	}
	if i >= n {
		return append(parts, part{lane: one, view: v, bytes: viewBytes(v)})
	}
	sp := s.get(n)
	for j := range i {
		sp.lanes[j] = uint16(one)
	}
	for j := i; j < n; j++ {
		sp.lanes[j] = uint16(s.laneOf(v, j, tagLane))
	}
	return s.deal(parts, v, sp)
}

// deal makes the parts from the lanes in sp.
func (s *splitter) deal(parts []part, v event.View, sp *split) []part {
	for i, lane := range sp.lanes {
		sp.count[lane]++
		sp.bytes[lane] += int64(v.Entries[v.At(i)].Len) + perEvent
	}
	first := len(parts)
	next := make([][]uint32, s.n) // where each lane's selection grows, all in one piece of memory
	rest := sp.sel
	extra := extraPerEvent(v.Batch)
	for lane, n := range sp.count {
		next[lane], rest = rest[:0:n], rest[n:]
	}
	for i, lane := range sp.lanes {
		next[lane] = append(next[lane], uint32(v.At(i)))
	}
	for lane, sel := range next {
		if len(sel) == 0 {
			continue
		}
		bytes := sp.bytes[lane] + extra*int64(len(sel))
		parts = append(parts, part{lane: lane, view: event.View{Batch: v.Batch, Sel: sel}, bytes: bytes, split: sp})
	}
	sp.refs = len(parts) - first
	return parts
}

// laneOf returns the lane of v's i-th event. Events without a key keep their order among those of their tag.
func (s *splitter) laneOf(v event.View, i, tagLane int) int {
	at := v.At(i)
	if v.Entries[at].Key == event.NoKey {
		return tagLane
	}
	return event.Lane(v.KeyOf(at), s.n)
}

func (s *splitter) get(n int) *split {
	sp, ok := s.free.Get().(*split)
	if !ok {
		sp = &split{count: make([]int, s.n), bytes: make([]int64, s.n)}
	}
	if cap(sp.sel) < n {
		sp.sel, sp.lanes = make([]uint32, n), make([]uint16, n)
	}
	sp.sel, sp.lanes = sp.sel[:n], sp.lanes[:n]
	clear(sp.count)
	clear(sp.bytes)
	return sp
}

// viewBytes is what a view holds in memory, near enough for limits.
func viewBytes(v event.View) (n int64) {
	if v.Sel == nil {
		return int64(len(v.Data)+len(v.Keys)+len(v.Olds)) + perEvent*int64(len(v.Entries))
	}
	extra := extraPerEvent(v.Batch) + perEvent
	for i := range v.Len() {
		n += int64(v.Entries[v.At(i)].Len) + extra
	}
	return n
}

// extraPerEvent is an event's share of the keys and former values of its batch, rounded up.
func extraPerEvent(b *event.Batch) int64 {
	n := max(len(b.Entries), 1)
	return int64((len(b.Keys) + len(b.Olds) + n - 1) / n)
}
