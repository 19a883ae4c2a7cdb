package rowdec

import (
	"bytes"

	"yamabiko/event"
)

// writer appends one row to a batch.
type writer struct {
	p     *Plan
	s     *Scratch
	b     *event.Batch
	head  label // what stands before a record: an EventTime and what it stands in
	limit int
	tx    uint32
	seq   uint64 // of the row taken last
}

// mark is how much of a batch there was.
type mark struct{ data, keys, olds, entries int }

func (w *writer) mark() mark {
	return mark{len(w.b.Data), len(w.b.Keys), len(w.b.Olds), len(w.b.Entries)}
}

func (w *writer) back(m mark) {
	b := w.b
	b.Data, b.Keys, b.Olds, b.Entries = b.Data[:m.data], b.Keys[:m.keys], b.Olds[:m.olds], b.Entries[:m.entries]
}

// row appends the row image that img begins with and returns what follows it.
func (w *writer) row(op event.Op, img []byte) (rest []byte, err error) {
	at := len(w.b.Data)
	rest, size, err := w.encode(img)
	switch {
	case err != nil:
		return img, err
	case size <= w.limit:
		w.entry(op, at)
		return rest, nil
	case op == event.Delete && w.p.keyed():
		return rest, w.keyOnly(img)
	}
	return rest, w.tooLarge(op, size)
}

// encode appends the message of the image that img begins with, and leaves its key in s.key. Where size, the size of
// the image or of the message, is above the limit, it appends nothing and leaves the image's spans in s.img.
func (w *writer) encode(img []byte) (rest []byte, size int, err error) {
	p, b := w.p, w.b
	if len(img) > w.limit {
		if size, err = p.walk(img, w.s.img); err != nil {
			return img, 0, err
		}
		if size > w.limit {
			return img[size:], size, w.imageKey(img)
		}
	}
	at := len(b.Data)
	data, rest, err := p.appendImage(w.head.append(b.Data), img, w.s)
	b.Data = data[:at]
	if err != nil {
		return img, 0, err
	}
	if size = len(data) - at; size > w.limit {
		if _, err = p.walk(img, w.s.img); err == nil {
			err = w.imageKey(img)
		}
		return rest, size, err
	}
	b.Data = data
	return rest, size, w.recordKey(img)
}

// recordKey leaves in s.key the key of the row just encoded from img.
func (w *writer) recordKey(img []byte) (err error) {
	if !w.p.keyed() {
		return nil
	}
	var ok bool
	if w.s.key, ok = w.p.recordKey(w.s.key[:0], w.b.Data, w.s); ok {
		return nil
	}
	if _, err = w.p.walk(img, w.s.img); err != nil {
		return err
	}
	return w.imageKey(img)
}

// imageKey leaves in s.key the key of the image whose spans are in s.img.
func (w *writer) imageKey(img []byte) (err error) {
	w.s.key, err = w.p.imageKey(w.s.key[:0], img, w.s.img)
	return err
}

// entry indexes the message that begins at `at`, under the key in s.key.
func (w *writer) entry(op event.Op, at int) *event.Entry {
	b := w.b
	e := event.Entry{
		Seq: w.seq, Off: uint32(at), Len: uint32(len(b.Data) - at),
		Key: event.NoKey, Old: event.NoOld, Tx: w.tx, Op: op,
	}
	if w.p.keyed() {
		e.Key = uint32(len(b.Keys))
		b.Keys = event.AppendKey(b.Keys, w.s.key)
	}
	b.Entries = append(b.Entries, e)
	return &b.Entries[len(b.Entries)-1]
}

// tooLarge reports a row whose key is in s.key.
func (w *writer) tooLarge(op event.Op, size int) error {
	t := &TooLarge{Table: w.p.table, Op: op, Seq: w.seq, Size: int64(size), Limit: int64(w.limit)}
	if w.p.keyed() {
		t.Key = bytes.Clone(w.s.key)
	}
	return t
}

// keyOnly appends a Delete that holds the key columns alone of the image whose spans are in s.img.
func (w *writer) keyOnly(img []byte) (err error) {
	p, b, at := w.p, w.b, len(w.b.Data)
	b.Data = event.AppendMapHeader(w.head.append(b.Data), len(p.table.Key))
	for i := range p.cols {
		c := &p.cols[i]
		if c.key < 0 {
			continue
		}
		b.Data = c.label.append(b.Data)
		if b.Data, err = p.appendSpan(b.Data, c, img, w.s.img[i]); err != nil {
			return err
		}
	}
	w.entry(event.Delete, at)
	return nil
}

// appendSpan writes the value of c that stands in img at this span.
func (p *Plan) appendSpan(dst []byte, c *column, img []byte, at span) ([]byte, error) {
	v, some := at.of(img)
	if !some {
		return event.AppendNil(dst), nil
	}
	dst, ok := c.appendWire(dst, v)
	if !ok {
		return dst, p.damaged(c, "no such value exists")
	}
	return dst, nil
}
