package mysql

import (
	"context"
	"time"

	"yamabiko/event"
	"yamabiko/sources"
)

// A batch closes at batchBytes, or at a commit once it is batchAge old, or as soon as the connection has nothing more to give.
const (
	batchBytes = 256 << 10
	batchAge   = 20 * time.Millisecond
)

// outbox holds the batches that are being filled, one a table definition, in the order in which they were opened, and hands
// them on together: the position belongs to the last of them.
type outbox struct {
	emit   sources.Emitter
	pool   *event.Pool
	open   []*openBatch
	bytes  int64
	opened time.Time
	last   *event.Entry // the entry appended last, for the transaction's end mark
	failed error        // of the first Emit that failed; nothing is emitted after it
}

type openBatch struct {
	*event.Batch
	plan any   // what the rows in it were decoded with
	tx   int64 // number of the transaction that Txs ends with
	size int64 // as last counted in outbox.bytes
}

// batch returns the open batch of plan, opening one if there is none.
func (o *outbox) batch(plan any, tag, stream string, t *event.Table, first time.Time) *openBatch {
	for _, b := range o.open {
		if b.plan == plan {
			return b
		}
	}
	if len(o.open) == 0 {
		o.opened = time.Now()
	}
	b := &openBatch{Batch: o.pool.Get(tag, stream, t), plan: plan}
	b.First = first
	o.open = append(o.open, b)
	return b
}

// added counts what b has grown by and remembers the last of the entries from `from` on, if there are any.
func (o *outbox) added(b *openBatch, from int) {
	size := b.Size()
	o.bytes += size - b.size
	b.size = size
	if n := len(b.Entries); n > from {
		o.last = &b.Entries[n-1]
	}
}

func (o *outbox) full() bool { return o.bytes >= batchBytes }

func (o *outbox) old() bool { return len(o.open) > 0 && time.Since(o.opened) >= batchAge }

// endTx marks the last entry as the last of its transaction.
func (o *outbox) endTx() {
	if o.last != nil && o.last.Tx != event.NoTx {
		o.last.Tx |= 1
	}
	o.last = nil
}

// send emits. After its first error it takes nothing more: what was dropped then lies behind every later position, and one that went
// out on its own would pass it.
func (o *outbox) send(ctx context.Context, b *event.Batch, pos event.Position) error {
	if o.failed != nil {
		if b != nil {
			o.pool.Drop(b)
		}
		return o.failed
	}
	o.failed = o.emit.Emit(ctx, b, pos)
	return o.failed
}

// flush emits every open batch that holds anything; pos, which may be nil, goes with the last, or alone. On an error what was not taken is
// dropped: it lies behind the position and is read again.
func (o *outbox) flush(ctx context.Context, pos event.Position) error {
	full := o.open[:0]
	for _, b := range o.open {
		if len(b.Entries) == 0 {
			o.pool.Drop(b.Batch)
			continue
		}
		full = append(full, b)
	}
	o.open, o.bytes, o.last = o.open[:0], 0, nil
	if len(full) == 0 && pos != nil {
		return o.send(ctx, nil, pos)
	}
	for i, b := range full {
		var p event.Position
		if i == len(full)-1 {
			p = pos
		}
		if err := o.send(ctx, b.Batch, p); err != nil {
			for _, rest := range full[i+1:] {
				o.pool.Drop(rest.Batch)
			}
			return err
		}
	}
	return nil
}
