package event

import (
	"fmt"
	"time"
)

// AppendRow appends the record of b's entry i as JSON, without a line end. A barrier has none: null.
func AppendRow(dst []byte, b *Batch, i int) ([]byte, error) {
	rec := b.Record(i)
	if rec == nil {
		return append(dst, "null"...), nil
	}
	return AppendJSON(dst, rec)
}

// AppendEnvelope appends b's entry i as the one JSON object that message-like sinks write, without a line end: tag,
// time, op, source, schema, table, key, row, old, seq and tx for a row change, tag, time and record for a log. What an
// entry does not have is absent: a barrier its row, and its time where no transaction tells it. On an error dst comes
// back as long as it was.
func AppendEnvelope(dst []byte, b *Batch, i int) ([]byte, error) {
	out, err := appendEnvelope(dst, b, i)
	if err != nil {
		return dst, fmt.Errorf("envelope of %s, seq %d: %w", b.Tag, b.Entries[i].Seq, err)
	}
	return out, nil
}

func appendEnvelope(dst []byte, b *Batch, i int) (out []byte, err error) {
	dst = appendString(append(dst, `{"tag":`...), []byte(b.Tag))
	dst = appendWhen(dst, b, i)
	if b.Entries[i].Op == Log {
		dst, err = appendMember(append(dst, ','), "record", b.Record(i))
	} else {
		dst, err = appendChange(append(dst, ','), b, i)
	}
	return append(dst, '}'), err
}

// appendChange appends what an envelope holds of a row change or a barrier, after the time.
func appendChange(dst []byte, b *Batch, i int) (out []byte, err error) {
	e := &b.Entries[i]
	dst = append(append(dst, `"op":"`...), e.Op.String()...)
	if dst, err = appendWhere(append(dst, '"'), b, i); err != nil {
		return nil, err
	}
	if !e.Op.Barrier() {
		if dst, err = appendMember(append(dst, ','), "row", b.Record(i)); err != nil {
			return nil, err
		}
	}
	if e.Old != NoOld {
		if dst, err = appendMember(append(dst, ','), "old", b.OldOf(i)); err != nil {
			return nil, err
		}
	}
	dst = appendUint(append(dst, `,"seq":"`...), e.Seq)
	dst = append(dst, '"')
	if tx, _ := b.TxOf(i); tx != nil {
		dst = appendString(append(dst, `,"tx":`...), []byte(tx.ID))
	}
	return dst, nil
}

// microseconds is how many digits of the second an envelope's time has.
const microseconds = 6

// appendWhen appends the time of the event; of a barrier, which has none of its own, when its transaction was committed.
func appendWhen(dst []byte, b *Batch, i int) []byte {
	var t time.Time
	if b.Entries[i].Len > 0 {
		t = b.Time(i)
	} else if tx, _ := b.TxOf(i); tx != nil {
		t = tx.Commit
	}
	if t.IsZero() {
		return dst
	}
	dst = appendTime(append(dst, `,"time":"`...), t, microseconds)
	return append(dst, '"')
}

// appendWhere appends the table of a row change and the key of the row.
func appendWhere(dst []byte, b *Batch, i int) ([]byte, error) {
	t := b.Table
	if t == nil {
		return nil, fmt.Errorf("%v has no table", b.Entries[i].Op)
	}
	dst = appendString(append(dst, `,"source":`...), []byte(t.Source))
	dst = appendString(append(dst, `,"schema":`...), []byte(t.Schema))
	dst = appendString(append(dst, `,"table":`...), []byte(t.Name))
	if b.Entries[i].Key == NoKey {
		return dst, nil
	}
	return appendKeyColumns(append(dst, `,"key":`...), t, b.KeyOf(i))
}

// appendKeyColumns appends an encoded key as an object in the key's column order.
func appendKeyColumns(dst []byte, t *Table, key []byte) ([]byte, error) {
	n, rest, err := ReadArrayHeader(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if n != len(t.Key) {
		return nil, fmt.Errorf("key of %d values for the %d key columns of %s.%s", n, len(t.Key), t.Schema, t.Name)
	}
	sep := byte('{')
	for _, col := range t.Key {
		dst = appendString(append(dst, sep), []byte(t.Columns[col].Name))
		if dst, rest, err = appendValue(append(dst, ':'), rest, 1); err != nil {
			return nil, fmt.Errorf("key column %s: %w", t.Columns[col].Name, err)
		}
		sep = ','
	}
	if sep == '{' {
		dst = append(dst, sep)
	}
	return append(dst, '}'), nil
}

// appendMember appends a member of an object. A value that is not there is an error.
func appendMember(dst []byte, name string, value []byte) ([]byte, error) {
	dst = append(append(append(dst, '"'), name...), `":`...)
	dst, err := AppendJSON(dst, value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return dst, nil
}
