// Package event holds what flows from sources to sinks: batches of events, encoded once as msgpack,
// with an index beside them. It uses the standard library only.
package event

import (
	"sync/atomic"
	"time"
)

// Position is a source's resume token; opaque to all but that source.
type Position []byte

// NoKey and NoOld stand in Entry.Key and Entry.Old where there is none.
const (
	NoKey = ^uint32(0)
	NoOld = ^uint32(0)
	NoTx  = ^uint32(0)
)

// Entry is the index of one event: all that routing, ordering and idempotence need, without decoding.
type Entry struct {
	Seq      uint64 // correctness.md, S1-S7; for logs a number that rises within the batch's Stream
	Off, Len uint32 // [time, record] in Data; Len is 0 for barriers
	Key      uint32 // start of the encoded primary key in Keys; NoKey for logs and tables without a key
	Old      uint32 // start in Olds of a map of the columns that changed, with their former values; NoOld otherwise
	Tx       uint32 // index into Txs times two, plus one on the transaction's last change; NoTx where there is none
	Op       Op
}

// Tx is a transaction at the source.
type Tx struct {
	ID       string // GTID, or xid
	ServerID uint32
	ThreadID uint32
	Commit   time.Time
}

// Batch holds events of one source and one tag. It is immutable once emitted, entries too, and is
// reference-counted: whoever holds it after handing it on has called Retain.
type Batch struct {
	Tag        string
	Stream     string // what Seq counts in: the database source's name, the tailed file, the disk buffer
	Table      *Table // nil for logs
	Data       []byte // [EventTime, {record}] after another: a Fluentd PackedForward stream
	Keys, Olds []byte // keys: AppendKey; olds: msgpack maps
	Entries    []Entry
	Txs        []Tx
	First      time.Time // when the earliest event happened at the source, for lag

	refs   atomic.Int32
	settle func()
	pool   *Pool
}

// headLen is the length of what stands before a record in Data: a two-element array and an EventTime
// (Fluentd Forward Protocol Specification v1.5, EventTime Ext Format, as fixext8).
const headLen = 1 + eventTimeLen

// Record returns entry i's msgpack map. It aliases Data: valid while the caller holds the batch.
func (b *Batch) Record(i int) []byte {
	e := &b.Entries[i]
	if e.Len < headLen {
		return nil
	}
	return b.Data[e.Off+headLen : e.Off+e.Len]
}

// Message returns entry i's whole [time, record]. It aliases Data.
func (b *Batch) Message(i int) []byte {
	e := &b.Entries[i]
	return b.Data[e.Off : e.Off+e.Len]
}

// Time returns entry i's event time, the zero time for a barrier.
func (b *Batch) Time(i int) time.Time {
	e := &b.Entries[i]
	if e.Len < headLen {
		return time.Time{}
	}
	t, _, err := ReadEventTime(b.Data[e.Off+1:])
	if err != nil {
		return time.Time{}
	}
	return t
}

// KeyOf returns entry i's encoded primary key: a msgpack array of the key columns' values in key order;
// nil where it has none. It aliases Keys.
func (b *Batch) KeyOf(i int) []byte {
	at := b.Entries[i].Key
	if at == NoKey {
		return nil
	}
	return readKey(b.Keys[at:])
}

// OldOf returns a msgpack map of the former values of the columns that entry i changed, or nil. It aliases Olds.
func (b *Batch) OldOf(i int) []byte {
	at := b.Entries[i].Old
	if at == NoOld {
		return nil
	}
	rest, err := Skip(b.Olds[at:])
	if err != nil {
		return nil
	}
	return b.Olds[at : len(b.Olds)-len(rest)]
}

// TxOf returns entry i's transaction and whether the entry is its last change; nil where there is none.
func (b *Batch) TxOf(i int) (tx *Tx, last bool) {
	t := b.Entries[i].Tx
	if t == NoTx {
		return nil, false
	}
	return &b.Txs[t>>1], t&1 == 1
}

// Size is what the batch holds in memory, in bytes, near enough for limits.
func (b *Batch) Size() int64 {
	return int64(len(b.Data)+len(b.Keys)+len(b.Olds)) + int64(len(b.Entries))*entrySize
}

const entrySize = 40

// Emitted makes b shared: one reference for the caller, and settle to be called when the last is released.
// The router calls it once.
func (b *Batch) Emitted(settle func()) {
	b.settle = settle
	b.refs.Store(1)
	if b.pool != nil {
		b.pool.emitted(b)
	}
}

// Retain adds n references: the router, one for each sink that takes the batch.
func (b *Batch) Retain(n int) { b.refs.Add(int32(n)) }

// Release gives one reference back. The last one settles the ledger and gives the bytes back to their pool.
func (b *Batch) Release() {
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("BUG: event: batch released more often than retained")
	}
	settle, pool := b.settle, b.pool
	b.settle = nil
	if settle != nil {
		settle()
	}
	if pool != nil {
		pool.put(b)
	}
}
