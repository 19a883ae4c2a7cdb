package buffer

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync/atomic"
	"time"

	"yamabiko/event"
)

// forever is the wait for a signal alone.
const forever = time.Duration(-1)

// lease takes the lane's next chunk if it is due; if not, it tells how long to wait at most for it.
func (m *memory) lease(lane int) (c *event.Chunk, wait time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.leases[lane]; l != nil {
		return m.leaseAgain(l)
	}
	s := m.segments[0]
	switch {
	case m.closed && m.drained():
		return nil, 0, io.EOF // advance has left no segment behind that is done
	case s.barrier != nil && lane == 0:
		b := s.barrier
		s.barrier = nil
		return m.issue(lane, []part{b.part}), 0, nil
	case s.lanes == nil || len(s.lanes[lane].items) == 0:
		return nil, forever, nil
	}
	q := &s.lanes[lane]
	hurry := m.closed || len(m.segments) > 1 || len(m.room.wait) > 0
	if young := time.Until(q.items[0].at.Add(m.opt.Age)); young > 0 && !hurry && !m.full(q) {
		return nil, young, nil
	}
	return m.issue(lane, q.pop(nil, &m.opt)), 0, nil
}

// leaseAgain leases a chunk that came back by Retry, once its time has come.
func (m *memory) leaseAgain(l *lease) (*event.Chunk, time.Duration, error) {
	if !l.retry {
		return nil, forever, nil // on its way: the lane is shut
	}
	if early := time.Until(l.at); early > 0 {
		return nil, early, nil
	}
	l.retry = false
	return l.chunk, 0, nil
}

// issue makes a chunk of parts and shuts the lane with it.
func (m *memory) issue(lane int, parts []part) *event.Chunk {
	c := &event.Chunk{ID: m.ids.next(), Lane: lane, Views: make([]event.View, len(parts))}
	for i, p := range parts {
		c.Views[i] = p.view
		c.Events += p.view.Len()
		c.Bytes += p.bytes
	}
	m.leases[lane] = &lease{chunk: c, parts: parts}
	return c
}

func (m *memory) Done(c *event.Chunk) error {
	m.mu.Lock()
	l := m.leased(c)
	m.leases[c.Lane] = nil
	m.free(l.parts)
	m.advance()
	m.signal(c.Lane)
	m.mu.Unlock()
	release(l.parts)
	return nil
}

func (m *memory) leased(c *event.Chunk) *lease {
	l := m.leases[c.Lane]
	if l == nil || l.chunk != c || l.retry {
		panic("BUG: buffer: done or retry of a chunk that is not leased")
	}
	return l
}

// free gives back what parts hold of the buffer.
func (m *memory) free(parts []part) {
	var bytes int64
	for _, p := range parts {
		bytes += p.bytes
		if p.split == nil {
			continue
		}
		if p.split.refs--; p.split.refs == 0 {
			m.split.free.Put(p.split)
		}
	}
	if bytes > 0 {
		m.room.give(bytes)
		m.opt.OnBytes(-bytes)
	}
}

// release gives the batches back. It calls the ledger, so the buffer is not locked meanwhile.
func release(parts []part) {
	for _, p := range parts {
		p.view.Release()
	}
}

func (m *memory) Retry(c *event.Chunk, left []int, at time.Time) {
	m.mu.Lock()
	l := m.leased(c)
	var done []part
	if len(left) > 0 && len(left) < c.Events {
		done = m.narrow(l, left)
	} else {
		l.chunk = &event.Chunk{ID: c.ID, Lane: c.Lane, Views: c.Views, Bytes: c.Bytes, Events: c.Events}
	}
	l.retry, l.at = true, at
	m.free(done)
	m.signal(c.Lane)
	m.mu.Unlock()
	release(done)
}

// narrow makes l's chunk hold just the events left, and returns the parts of which none is left. The chunk is another one now, so
// it gets another ID.
func (m *memory) narrow(l *lease, left []int) (done []part) {
	c := &event.Chunk{ID: m.ids.next(), Lane: l.chunk.Lane, Events: len(left)}
	var keep []part
	first := 0 // number of the part's first event in the old chunk
	for _, p := range l.parts {
		end := first + p.view.Len()
		var sel []uint32
		for ; len(left) > 0 && left[0] < end; left = left[1:] {
			sel = append(sel, uint32(p.view.At(left[0]-first)))
		}
		first = end
		if sel == nil {
			done = append(done, p)
			continue
		}
		// The part goes on holding all its bytes: the batch stays in memory as it is.
		p.view = event.View{Batch: p.view.Batch, Sel: sel}
		keep = append(keep, p)
		c.Views = append(c.Views, p.view)
		c.Bytes += viewBytes(p.view)
	}
	if len(left) > 0 {
		panic("BUG: buffer: retry of an event that the chunk does not hold")
	}
	l.chunk, l.parts = c, keep
	return done
}

// idMaker makes chunk IDs: random for the process, counted within it.
type idMaker struct {
	start [8]byte
	n     *atomic.Uint64
}

func newIDMaker() idMaker {
	m := idMaker{n: new(atomic.Uint64)}
	rand.Read(m.start[:]) // never fails (crypto/rand)
	return m
}

func (m idMaker) next() (id [16]byte) {
	copy(id[:], m.start[:])
	binary.BigEndian.PutUint64(id[8:], m.n.Add(1))
	return id
}
