// Package buffertest is the suite that every buffer passes, and makes the batches that it and the router's tests use.
package buffertest

import (
	"time"

	"yamabiko/event"
)

// Event describes one event of a test batch.
type Event struct {
	Seq  uint64
	Key  string // empty: none
	Op   event.Op
	Size int // bytes of padding in its record
}

// Batch makes a batch of events, with a table where one has a key.
func Batch(tag string, events ...Event) *event.Batch {
	b := &event.Batch{Tag: tag, Stream: "test"}
	for _, e := range events {
		en := event.Entry{Seq: e.Seq, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx, Op: e.Op, Off: uint32(len(b.Data))}
		if e.Key != "" {
			en.Key = uint32(len(b.Keys))
			b.Keys = event.AppendKey(b.Keys, Key(e.Key))
		}
		if !e.Op.Barrier() {
			b.Data = event.AppendHead(b.Data, time.Unix(1_800_000_000, 0))
			b.Data = event.AppendString(event.AppendMapHeader(b.Data, 2), "id")
			b.Data = event.AppendString(event.AppendString(b.Data, e.Key), "pad")
			b.Data = event.AppendString(b.Data, make([]byte, e.Size))
			en.Len = uint32(len(b.Data)) - en.Off
		}
		if e.Op != event.Log {
			b.Table = table
		}
		b.Entries = append(b.Entries, en)
	}
	return b
}

var table = &event.Table{
	Source: "test", Schema: "s", Name: "t", Key: []int{0},
	Columns: []event.Column{{Name: "id", Type: "varchar(9)", Kind: event.String}, {Name: "pad", Type: "text", Kind: event.String}},
}

// Key encodes a key of one string.
func Key(s string) []byte { return event.AppendString(event.AppendArrayHeader(nil, 1), s) }

// Seqs returns the sequence numbers of a chunk's events, in order.
func Seqs(c *event.Chunk) (seqs []uint64) {
	for _, r := range c.All() {
		seqs = append(seqs, r.Entries[r.I].Seq)
	}
	return seqs
}
