package sinktest

import (
	"fmt"
	"time"

	"yamabiko/event"
)

// start is the time of every event until Builder.At sets another.
var start = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

// Builder makes one batch, an event a call. A wrong call (a key of the wrong width, a field without a value) panics:
// it is a bug of the test that makes it.
type Builder struct {
	b   *event.Batch
	now time.Time
	tx  uint32
	tmp []byte
}

// Batch begins a batch. table is nil for logs; the stream is the table's source, or the tag.
func Batch(tag string, table *event.Table) *Builder {
	stream := tag
	if table != nil {
		stream = table.Source
	}
	b := &event.Batch{Tag: tag, Stream: stream, Table: table, First: start}
	return &Builder{b: b, now: start, tx: event.NoTx}
}

// Table makes a table whose first column is its primary key.
func Table(source, schema, name string, columns ...event.Column) *event.Table {
	t := &event.Table{Source: source, Schema: schema, Name: name, Columns: columns}
	if len(columns) > 0 {
		t.Key = []int{0}
	}
	return t
}

// Col makes a column; its database type is the kind's plainest MySQL spelling, or empty.
func Col(name string, kind event.Kind) event.Column {
	types := map[event.Kind]string{event.Int: "bigint", event.Uint64: "bigint unsigned", event.String: "varchar(255)",
		event.Float64: "double", event.JSON: "json", event.Binary: "blob"}
	return event.Column{Name: name, Type: types[kind], Kind: kind}
}

// At sets the time of the events that follow.
func (b *Builder) At(t time.Time) *Builder {
	if len(b.b.Entries) == 0 {
		b.b.First = t
	}
	b.now = t
	return b
}

// Stream sets what Seq counts in.
func (b *Builder) Stream(s string) *Builder { b.b.Stream = s; return b }

// Tx makes the events that follow part of tx, until Last.
func (b *Builder) Tx(tx event.Tx) *Builder {
	b.b.Txs = append(b.b.Txs, tx)
	b.tx = uint32(len(b.b.Txs)-1) << 1
	return b
}

// Last marks the event before as its transaction's last change; the events that follow have none.
func (b *Builder) Last() *Builder {
	b.last().Tx |= 1
	b.tx = event.NoTx
	return b
}

// Old gives the event before its former values: names and values by turns.
func (b *Builder) Old(fields ...any) *Builder {
	b.last().Old = uint32(len(b.b.Olds))
	b.b.Olds = AppendMap(b.b.Olds, fields...)
	return b
}

// Read adds a row as a snapshot saw it. key is the value of the table's key column, a []any of the values of a
// composite one, or nil where the table has none; the key columns open the record. fields are names and values by turns.
func (b *Builder) Read(seq uint64, key any, fields ...any) *Builder {
	return b.Row(event.Read, seq, key, fields...)
}

// Insert adds an inserted row; see Read.
func (b *Builder) Insert(seq uint64, key any, fields ...any) *Builder {
	return b.Row(event.Insert, seq, key, fields...)
}

// Update adds an updated row; see Read.
func (b *Builder) Update(seq uint64, key any, fields ...any) *Builder {
	return b.Row(event.Update, seq, key, fields...)
}

// Delete adds a deleted row with its last known image; see Read.
func (b *Builder) Delete(seq uint64, key any, fields ...any) *Builder {
	return b.Row(event.Delete, seq, key, fields...)
}

// Row adds a row change of any kind; see Read.
func (b *Builder) Row(op event.Op, seq uint64, key any, fields ...any) *Builder {
	e := event.Entry{Seq: seq, Op: op, Key: event.NoKey, Old: event.NoOld, Tx: b.tx}
	if key != nil {
		values, ok := key.([]any)
		if !ok {
			values = []any{key}
		}
		if b.b.Table == nil || len(values) != len(b.b.Table.Key) {
			panic(fmt.Sprintf("sinktest: key %v does not fit the table", key))
		}
		b.tmp = AppendValue(b.tmp[:0], values)
		e.Key = uint32(len(b.b.Keys))
		b.b.Keys = event.AppendKey(b.b.Keys, b.tmp)
		named := make([]any, 0, 2*len(values)+len(fields))
		for i, col := range b.b.Table.Key {
			named = append(named, b.b.Table.Columns[col].Name, values[i])
		}
		fields = append(named, fields...)
	}
	return b.add(e, AppendMap(nil, fields...))
}

// Log adds a log event. fields are names and values by turns.
func (b *Builder) Log(seq uint64, fields ...any) *Builder {
	return b.Message(seq, AppendMap(nil, fields...))
}

// Message adds a log event whose record is the given msgpack map.
func (b *Builder) Message(seq uint64, record []byte) *Builder {
	return b.add(event.Entry{Seq: seq, Op: event.Log, Key: event.NoKey, Old: event.NoOld, Tx: b.tx}, record)
}

// Barrier adds a Truncate, DDL or Sweep. It must be the only event of its chunk.
func (b *Builder) Barrier(op event.Op, seq uint64) *Builder {
	b.b.Entries = append(b.b.Entries, event.Entry{Seq: seq, Op: op, Key: event.NoKey, Old: event.NoOld, Tx: b.tx})
	return b
}

// Build returns the batch. It belongs to no pool and is not emitted: Emitted is the caller's to call where it matters.
func (b *Builder) Build() *event.Batch { return b.b }

func (b *Builder) add(e event.Entry, record []byte) *Builder {
	e.Off = uint32(len(b.b.Data))
	b.b.Data = append(event.AppendHead(b.b.Data, b.now), record...)
	e.Len = uint32(len(b.b.Data)) - e.Off
	b.b.Entries = append(b.b.Entries, e)
	return b
}

func (b *Builder) last() *event.Entry { return &b.b.Entries[len(b.b.Entries)-1] }
