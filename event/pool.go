package event

import (
	"sync"
	"time"
)

// keepBytes is the largest buffer that a pool keeps: a batch closes at 256 KiB, and one huge row shall not stay in memory.
const keepBytes = 1 << 20

// keepBatches is how many batches a pool keeps at most: about what a source fills while a sink writes a chunk of 4 MiB and forms the next.
const keepBatches = 24

// Pool gives out batches and takes them back when their last reference goes. The zero Pool is ready; it is owned by one source.
//
// It is no sync.Pool, which every second run of the garbage collector empties: several times a second while a backlog is drained, and
// a batch that grows anew from nothing is copied twice over.
type Pool struct {
	mu   sync.Mutex
	free []*Batch
	like sizes // of the batch emitted last; zero once a new batch was made after it
}

// sizes are lengths of a batch's slices.
type sizes struct{ data, keys, entries int }

// Get returns an empty batch. The caller owns it until it emits it, or gives it back with Drop.
func (p *Pool) Get(tag, stream string, table *Table) *Batch {
	b := p.take()
	b.Tag, b.Stream, b.Table = tag, stream, table
	return b
}

func (p *Pool) take() *Batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return p.fresh()
	}
	b := p.free[last]
	p.free[last], p.free = nil, p.free[:last]
	return b
}

// fresh returns a new batch, with room for as much as the one before it held: to grow to 256 KiB step by step costs five copies. One for
// one, so that what batches hold stays below twice what they count as.
func (p *Pool) fresh() *Batch {
	n := p.like
	p.like = sizes{}
	return &Batch{pool: p, Data: make([]byte, 0, n.data), Keys: make([]byte, 0, n.keys), Entries: make([]Entry, 0, n.entries)}
}

// emitted notes how large batches are these days.
func (p *Pool) emitted(b *Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(b.Data)+len(b.Keys) > keepBytes/2 {
		p.like = sizes{}
		return
	}
	const part = 16 // the next one may be a little larger
	p.like = sizes{len(b.Data) + len(b.Data)/part, len(b.Keys) + len(b.Keys)/part, len(b.Entries) + len(b.Entries)/part}
}

// Drop takes back a batch that was never emitted.
func (p *Pool) Drop(b *Batch) { p.put(b) }

func (p *Pool) put(b *Batch) {
	if cap(b.Data)+cap(b.Keys)+cap(b.Olds) > keepBytes {
		return
	}
	b.Tag, b.Stream, b.Table, b.settle = "", "", nil, nil
	b.Data, b.Keys, b.Olds = b.Data[:0], b.Keys[:0], b.Olds[:0]
	b.Entries = b.Entries[:0]
	clear(b.Txs)
	b.Txs = b.Txs[:0]
	b.First = time.Time{}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < keepBatches {
		p.free = append(p.free, b)
	}
}
