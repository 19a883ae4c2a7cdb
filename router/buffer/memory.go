package buffer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yamabiko/event"
)

// memory is a Buffer that holds references to batches. Barriers cut its content into segments: only the
// first is leased from, and the next becomes the first when all of it is done.
type memory struct {
	opt   Options
	split splitter
	ids   idMaker

	mu       sync.Mutex
	room     room
	segments []*segment // never empty; the last one takes what comes
	leases   []*lease   // by lane: what is leased, or waits to be written again
	wake     []chan struct{}
	closed   bool
	empty    chan struct{} // closed when the buffer is closed and all is done
}

// segment is what stands between two barriers, or one barrier.
type segment struct {
	lanes   []queue // nil for a barrier
	barrier *item   // until it is leased
}

// lease is the one chunk of a lane that is on its way.
type lease struct {
	chunk *event.Chunk
	parts []part // chunk.Views, with what they hold
	retry bool   // the chunk is back and goes out again at `at`
	at    time.Time
}

// NewMemory returns a buffer in memory.
func NewMemory(opt Options) (Buffer, error) {
	switch {
	case opt.Lanes < 1 || opt.Lanes > maxLanes:
		return nil, fmt.Errorf("buffer: %d lanes; 1 to %d are possible", opt.Lanes, maxLanes)
	case opt.Limit < 1, opt.ChunkBytes < 1, opt.ChunkCount < 1, opt.Age < 0:
		return nil, fmt.Errorf("buffer: limit %d, chunk bytes %d and count %d must be positive, age %v not negative",
			opt.Limit, opt.ChunkBytes, opt.ChunkCount, opt.Age)
	}
	if opt.OnBytes == nil {
		opt.OnBytes = func(int64) {}
	}
	m := &memory{
		opt: opt, split: splitter{n: opt.Lanes}, ids: newIDMaker(),
		leases: make([]*lease, opt.Lanes), empty: make(chan struct{}),
	}
	m.room = room{mu: &m.mu, limit: opt.Limit}
	m.segments = []*segment{m.newSegment()}
	for range opt.Lanes {
		m.wake = append(m.wake, make(chan struct{}, 1))
	}
	return m, nil
}

func (m *memory) newSegment() *segment { return &segment{lanes: make([]queue, m.opt.Lanes)} }

func (m *memory) Append(ctx context.Context, v event.View) error {
	if v.Len() == 0 {
		v.Release()
		return nil
	}
	parts := m.parts(v)
	var total int64
	for _, p := range parts {
		total += p.bytes
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.room.take(ctx, total, m.wakeAll); err != nil {
		return err
	}
	if m.closed { // since the room came
		m.room.give(total)
		return ErrClosed
	}
	m.opt.OnBytes(total)
	v.Retain(len(parts) - 1)
	now := time.Now()
	for _, p := range parts {
		m.push(item{part: p, at: now})
	}
	return nil
}

// parts cuts v at its barriers and by lane.
func (m *memory) parts(v event.View) []part {
	parts := make([]part, 0, m.opt.Lanes)
	from := 0
	for i := range v.Len() {
		if !v.Entries[v.At(i)].Op.Barrier() {
			continue
		}
		if from < i {
			parts = m.split.cut(parts, between(v, from, i))
		}
		b := between(v, i, i+1)
		parts = append(parts, part{lane: barrierLane, view: b, bytes: viewBytes(b)})
		from = i + 1
	}
	if from < v.Len() {
		parts = m.split.cut(parts, between(v, from, v.Len()))
	}
	return parts
}

// barrierLane marks a barrier's part; lane 0 delivers it.
const barrierLane = -1

func (m *memory) push(it item) {
	last := m.segments[len(m.segments)-1]
	if it.lane == barrierLane {
		m.segments = append(m.segments, &segment{barrier: &it})
		m.advance()
		m.wakeAll() // what stands before the barrier goes now, however little it is
		return
	}
	if last.lanes == nil {
		last = m.newSegment()
		m.segments = append(m.segments, last)
	}
	q := &last.lanes[it.lane]
	was := m.full(q)
	q.push(it)
	if len(q.items) == 1 || m.full(q) != was {
		m.signal(it.lane)
	}
}

func (m *memory) full(q *queue) bool {
	return q.bytes >= m.opt.ChunkBytes || q.events >= m.opt.ChunkCount
}

func (m *memory) signal(lane int) {
	select {
	case m.wake[lane] <- struct{}{}:
	default: // a signal is already waiting
	}
}

func (m *memory) wakeAll() {
	for lane := range m.wake {
		m.signal(lane)
	}
}

// advance leaves the segments that are done, and lets waiters know when nothing is left.
func (m *memory) advance() {
	for m.drained() && (len(m.segments) > 1 || m.segments[0].lanes == nil) {
		if m.segments = m.segments[1:]; len(m.segments) == 0 {
			m.segments = append(m.segments, m.newSegment())
		}
		m.wakeAll()
	}
	if m.closed && m.drained() {
		select {
		case <-m.empty:
		default:
			close(m.empty)
			m.wakeAll()
		}
	}
}

// drained tells whether all of the first segment is done.
func (m *memory) drained() bool {
	for _, l := range m.leases {
		if l != nil {
			return false
		}
	}
	s := m.segments[0]
	for i := range s.lanes {
		if len(s.lanes[i].items) > 0 {
			return false
		}
	}
	return s.barrier == nil
}

func (m *memory) Close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.room.close()
	m.wakeAll()
	m.advance()
	m.mu.Unlock()
	select {
	case <-m.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("buffer not yet empty: %w", ctx.Err())
	}
}

func (m *memory) Next(ctx context.Context, lane int) (*event.Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, wait, err := m.lease(lane)
		if c != nil || err != nil {
			return c, err
		}
		var due <-chan time.Time
		if wait != forever {
			due = time.After(wait)
		}
		select {
		case <-m.wake[lane]:
		case <-due:
		case <-ctx.Done():
		}
	}
}
