package elasticsearch

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"yamabiko/event"
)

// copies numbers the equal rows of a snapshot of a table that has no key. A snapshot that is read again after a crash must number
// as the first did, so that it writes the same documents; so the count starts with the read and goes by nothing but what
// the rows hold. It lasts until the table's sweep and takes about 20 bytes a row that differs.
type copies struct {
	mu    sync.Mutex
	reads map[copyTable]*read
}

type copyTable struct{ source, schema, table string }

// read is one reading of one table: its rows share a Seq, and a source that starts anew describes the table anew.
type read struct {
	table *event.Table
	seq   uint64
	count map[uint64]uint32 // by the first 8 bytes of the row's SHA-256
}

// numbering is what one chunk takes. Its numbers count only once the chunk is done: until then another try gives
// the same ones, and a chunk of another lane may take them for equal rows, which makes no difference.
type numbering struct {
	*copies
	taken map[takenKey]uint32
}

type takenKey struct {
	*read
	row uint64
}

// begin locks the numbers for one chunk; commit or drop ends it.
func (c *copies) begin() *numbering {
	c.mu.Lock()
	return &numbering{c, map[takenKey]uint32{}}
}

// number gives the row's place among equal ones, from 0.
func (n *numbering) number(t *event.Table, seq uint64, sum *[sha256.Size]byte) uint32 {
	key := copyTable{t.Source, t.Schema, t.Name}
	r := n.reads[key]
	if r == nil || r.table != t || r.seq != seq {
		r = &read{table: t, seq: seq, count: map[uint64]uint32{}}
		if n.reads == nil {
			n.reads = map[copyTable]*read{}
		}
		n.reads[key] = r
	}
	taken := takenKey{r, binary.BigEndian.Uint64(sum[:])}
	at := r.count[taken.row] + n.taken[taken]
	n.taken[taken]++
	return at
}

func (n *numbering) commit() {
	for k, taken := range n.taken {
		k.count[k.row] += taken
	}
	n.mu.Unlock()
}

func (n *numbering) drop() { n.mu.Unlock() }

// forget ends the reading of a table.
func (c *copies) forget(t *event.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.reads, copyTable{t.Source, t.Schema, t.Name})
}
