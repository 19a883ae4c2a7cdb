package buffertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"yamabiko/event"
	"yamabiko/router/buffer"
)

// model is the buffer as slices: what was appended and is not done, in order.
type model struct {
	t       *testing.T
	rnd     *rand.Rand
	buf     buffer.Buffer
	opt     buffer.Options
	queue   []modelEvent
	leased  map[int]*event.Chunk
	again   map[int]bool // lanes whose chunk is to be retried
	seq     uint64
	batches int64
	settled atomic.Int64
	held    int64
	pending atomic.Bool // an Append waits for room
}

type modelEvent struct {
	seq     uint64
	lane    int
	barrier bool
	leased  bool
}

// testModel runs random operations against a buffer and a slice: order per lane, no loss, nothing twice, barriers in their place, and at
// the end no byte and no reference held.
func testModel(t *testing.T, open Open) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		m := &model{t: t, rnd: rnd, leased: map[int]*event.Chunk{}, again: map[int]bool{}}
		m.opt = buffer.Options{
			Lanes: 1 + rnd.IntN(4), Limit: 2000 + rnd.Int64N(20_000), ChunkBytes: 200 + rnd.Int64N(4000),
			ChunkCount: 1 + rnd.IntN(30), Age: time.Duration(rnd.IntN(50)) * time.Millisecond,
			OnBytes: func(d int64) { m.held += d },
		}
		m.buf = open(t, m.opt)
		t.Logf("seed %d, %+v", seed, m.opt) // the last one logged is the one that failed
		for range 200 {
			m.step()
		}
		m.drain()
	}
}

func (m *model) step() {
	switch m.rnd.IntN(4) {
	case 0:
		m.append()
	case 1:
		m.next(m.rnd.IntN(m.opt.Lanes))
	default:
		for lane := range m.leased {
			m.finish(lane, m.rnd.IntN(3) == 0)
			break
		}
	}
}

// append hands a random view over, in a goroutine, as it may wait.
func (m *model) append() {
	if m.pending.Load() {
		return
	}
	tag := fmt.Sprint("tag", m.rnd.IntN(3))
	var events []Event
	for range 1 + m.rnd.IntN(20) {
		e := Event{Seq: m.seq, Op: event.Update, Key: fmt.Sprint("key", m.rnd.IntN(12)), Size: m.rnd.IntN(100)}
		switch m.rnd.IntN(20) {
		case 0:
			e = Event{Seq: m.seq, Op: event.Sweep}
		case 1, 2:
			e.Key = ""
		}
		m.seq++
		events = append(events, e)
	}
	b := Batch(tag, events...)
	v := event.View{Batch: b}
	if m.rnd.IntN(3) == 0 {
		v.Sel = []uint32{}
		for i := range events {
			if m.rnd.IntN(2) == 0 {
				v.Sel = append(v.Sel, uint32(i))
			}
		}
	}
	for i := range v.Len() {
		e := events[v.At(i)]
		key := []byte(tag)
		if e.Key != "" {
			key = Key(e.Key)
		}
		m.queue = append(m.queue, modelEvent{seq: e.Seq, lane: event.Lane(key, m.opt.Lanes), barrier: e.Op.Barrier()})
	}
	m.batches++
	b.Emitted(func() { m.settled.Add(1) })
	m.pending.Store(true)
	go func() {
		if err := m.buf.Append(m.t.Context(), v); err != nil && m.t.Context().Err() == nil {
			m.t.Error(err)
		}
		m.pending.Store(false)
	}()
	synctest.Wait()
}

func (m *model) next(lane int) {
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Duration(1+m.rnd.IntN(40))*time.Millisecond)
	defer cancel()
	c, err := m.buf.Next(ctx, lane)
	if err != nil {
		return
	}
	if m.leased[lane] != nil {
		m.t.Fatalf("lane %d gave %d while %d is leased", lane, Seqs(c), Seqs(m.leased[lane]))
	}
	m.leased[lane] = c
	seqs := Seqs(c)
	expected := m.expect(lane)
	if len(seqs) == 0 || len(seqs) > len(expected) || !slices.Equal(seqs, expected[:len(seqs)]) {
		m.t.Fatalf("lane %d gave %d, the model's next are %d", lane, seqs, expected)
	}
	if m.again[lane] && len(seqs) != len(expected) {
		m.t.Fatalf("lane %d retries %d of %d", lane, seqs, expected)
	}
	delete(m.again, lane)
	if c.Events > m.opt.ChunkCount || (c.Bytes > m.opt.ChunkBytes && c.Events > 1) || c.Events != len(seqs) || c.Lane != lane {
		m.t.Fatalf("a chunk of %d events, %d bytes, lane %d; %d seqs", c.Events, c.Bytes, c.Lane, len(seqs))
	}
	for i := range m.queue {
		if slices.Contains(seqs, m.queue[i].seq) {
			m.queue[i].leased = true
		}
	}
}

// expect returns what a lane may give: what it is to retry, or else its events up to the next barrier, or a barrier that
// everything before is done for.
func (m *model) expect(lane int) (seqs []uint64) {
	for i, e := range m.queue {
		switch {
		case m.again[lane] && e.leased && (e.lane == lane || e.barrier && lane == 0):
			seqs = append(seqs, e.seq)
		case m.again[lane]:
		case e.barrier && i == 0 && lane == 0 && !e.leased:
			return []uint64{e.seq}
		case e.barrier:
			return seqs
		case e.lane == lane && !e.leased:
			seqs = append(seqs, e.seq)
		}
	}
	return seqs
}

// finish ends a lease: all done, or some to be retried.
func (m *model) finish(lane int, retry bool) {
	c := m.leased[lane]
	delete(m.leased, lane)
	seqs := Seqs(c)
	if !retry {
		m.remove(seqs)
		if err := m.buf.Done(c); err != nil {
			m.t.Fatal(err)
		}
		return
	}
	var left []int
	var done []uint64
	for i, seq := range seqs {
		if m.rnd.IntN(2) == 0 {
			left = append(left, i)
		} else {
			done = append(done, seq)
		}
	}
	if len(left) == 0 {
		done = nil // none named: all
	}
	m.remove(done)
	m.again[lane] = true
	m.buf.Retry(c, left, time.Now().Add(time.Duration(m.rnd.IntN(30))*time.Millisecond))
}

func (m *model) remove(seqs []uint64) {
	m.queue = slices.DeleteFunc(m.queue, func(e modelEvent) bool { return slices.Contains(seqs, e.seq) })
}

func (m *model) drain() {
	for m.pending.Load() || len(m.queue) > 0 {
		for lane := range m.opt.Lanes {
			if m.leased[lane] == nil {
				m.next(lane)
			}
			if m.leased[lane] != nil {
				m.finish(lane, false)
			}
		}
		synctest.Wait()
	}
	if err := m.buf.Close(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	if settled := m.settled.Load(); m.held != 0 || settled != m.batches {
		m.t.Fatalf("at the end %d bytes are held, %d of %d batches settled", m.held, settled, m.batches)
	}
}
