package event

import (
	"sync"
	"time"
)

// keepBytes is the largest buffer that a pool keeps: a batch closes at 256 KiB, and one huge row shall not stay in memory.
const keepBytes = 1 << 20

// Pool gives out batches and takes them back when their last reference goes. The zero Pool is ready; it is
// owned by one source.
type Pool struct{ free sync.Pool }

// Get returns an empty batch. The caller owns it until it emits it, or gives it back with Drop.
func (p *Pool) Get(tag, stream string, table *Table) *Batch {
	b, ok := p.free.Get().(*Batch)
	if !ok {
		b = &Batch{pool: p}
	}
	b.Tag, b.Stream, b.Table = tag, stream, table
	return b
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
	p.free.Put(b)
}
