package sourcetest

import (
	"errors"
	"fmt"
	"math"

	"yamabiko/event"
)

// wellFormed checks a batch against what event.Batch and event.Entry promise.
func wellFormed(b *event.Batch) error {
	switch {
	case b.Tag == "":
		return errors.New("no tag")
	case b.Stream == "":
		return errors.New("no stream")
	case len(b.Entries) == 0:
		return errors.New("no entries")
	case b.First.IsZero():
		return errors.New("First is not set, so lag cannot be known")
	}
	end := uint32(0)
	for i := range b.Entries {
		if err := entry(b, i, end); err != nil {
			return fmt.Errorf("entry %d of %s: %w", i, b.Tag, err)
		}
		if e := &b.Entries[i]; e.Len > 0 {
			end = e.Off + e.Len
		}
	}
	if int(end) != len(b.Data) {
		return fmt.Errorf("data has %d bytes, the entries %d", len(b.Data), end)
	}
	return nil
}

func entry(b *event.Batch, i int, at uint32) error {
	e := &b.Entries[i]
	if e.Seq == 0 || e.Seq > math.MaxInt64 {
		return fmt.Errorf("seq %d is not within 1 and 2^63-1 (rule S1)", e.Seq)
	}
	if e.Op.Barrier() {
		if e.Len != 0 || b.Table == nil {
			return fmt.Errorf("%s with %d bytes of data and table %v", e.Op, e.Len, b.Table)
		}
		return nil
	}
	if e.Off != at || uint64(e.Off)+uint64(e.Len) > uint64(len(b.Data)) {
		return fmt.Errorf("data from %d, %d bytes, after %d of %d", e.Off, e.Len, at, len(b.Data))
	}
	_, _, rest, err := event.ReadMessage(b.Message(i))
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return fmt.Errorf("%d bytes after the event", len(rest))
	}
	return rowParts(b, i)
}

// rowParts checks what stands beside the record: key, former values, transaction.
func rowParts(b *event.Batch, i int) error {
	e := &b.Entries[i]
	if (e.Op == event.Log) != (b.Table == nil) {
		return fmt.Errorf("%s with table %v", e.Op, b.Table)
	}
	if key := b.KeyOf(i); e.Key != event.NoKey {
		if b.Table == nil {
			return errors.New("a key without a table")
		}
		want := event.AppendArrayHeader(nil, len(b.Table.Key))
		if rest, err := event.Skip(key); err != nil || len(rest) != 0 || string(key[:len(want)]) != string(want) {
			return fmt.Errorf("key %x is no array of %d values: %v", key, len(b.Table.Key), err)
		}
	} else if b.Table != nil && len(b.Table.Key) > 0 {
		return errors.New("the table has a key and the row has none")
	}
	if e.Old != event.NoOld && b.OldOf(i) == nil {
		return errors.New("former values are no msgpack")
	}
	if e.Tx != event.NoTx && int(e.Tx>>1) >= len(b.Txs) {
		return fmt.Errorf("transaction %d of %d", e.Tx>>1, len(b.Txs))
	}
	return nil
}
