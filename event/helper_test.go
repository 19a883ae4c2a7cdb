package event_test

import (
	"time"

	"yamabiko/event"
)

var (
	when   = time.Date(2026, 11, 22, 1, 2, 3, 4_005_000, time.UTC)
	orders = &event.Table{Source: "shop", Schema: "shop", Name: "orders", Key: []int{2, 0}, Columns: []event.Column{
		{Name: "id", Kind: event.Int}, {Name: "title", Kind: event.String}, {Name: "region", Kind: event.String},
	}}
)

// add appends an event to b as a source does: [time, record] to Data and its entry.
func add(b *event.Batch, op event.Op, seq uint64, key, rec []byte) *event.Entry {
	e := event.Entry{Seq: seq, Off: uint32(len(b.Data)), Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx, Op: op}
	if rec != nil {
		b.Data = append(event.AppendHead(b.Data, when), rec...)
		e.Len = uint32(len(b.Data)) - e.Off
	}
	if key != nil {
		e.Key = uint32(len(b.Keys))
		b.Keys = event.AppendKey(b.Keys, key)
	}
	b.Entries = append(b.Entries, e)
	return &b.Entries[len(b.Entries)-1]
}

// rowBatch holds one update of an order with its former values and transaction.
func rowBatch() *event.Batch {
	b := &event.Batch{Tag: "cdc.shop.orders", Stream: "shop", Table: orders}
	key := event.AppendInt(event.AppendString(event.AppendArrayHeader(nil, 2), "eu"), 1)
	e := add(b, event.Update, 3801234567890123456, key, benchRecord(0))
	e.Old = 0
	b.Olds = event.AppendString(event.AppendString(event.AppendMapHeader(nil, 1), "title"), "former")
	e.Tx = 1
	b.Txs = []event.Tx{{ID: "0c2a9f1e-1:42", Commit: when}}
	return b
}
