package rowdec

import (
	"bytes"

	"yamabiko/event"
)

// update appends the update whose two images img begins with and returns what follows them.
func (w *writer) update(img []byte, olds bool) (rest []byte, err error) {
	p, s, begun := w.p, w.s, w.mark()
	n, err := p.walk(img, s.old)
	if err != nil {
		return img, err
	}
	before, after := img[:n], img[n:]
	rest, size, err := w.encode(after)
	if err != nil {
		return img, err
	}
	if p.keyed() {
		if s.oldKey, err = p.imageKey(s.oldKey[:0], before, s.old); err != nil {
			return img, err
		}
		if !bytes.Equal(s.key, s.oldKey) {
			w.back(begun)
			if _, err = w.row(event.Delete, before); err != nil {
				return img, err
			}
			return w.row(event.Insert, after)
		}
	}
	if size > w.limit {
		return rest, w.tooLarge(event.Update, size)
	}
	e := w.entry(event.Update, begun.data)
	if !olds {
		return rest, nil
	}
	e.Old = uint32(begun.olds)
	if err = w.appendOlds(before, after); err != nil {
		return img, err
	}
	if size = len(w.b.Olds) - begun.olds; size > w.limit {
		w.back(begun)
		return rest, w.tooLarge(event.Update, size)
	}
	return rest, nil
}

// appendOlds writes a map of the columns that differ between two images, with their values in the first, whose spans
// are in s.old.
func (w *writer) appendOlds(before, after []byte) (err error) {
	p, s, b := w.p, w.s, w.b
	if _, err = p.walk(after, s.new); err != nil {
		return err
	}
	n := 0
	for i := range p.cols {
		if differ(before, s.old[i], after, s.new[i]) {
			n++
		}
	}
	b.Olds = event.AppendMapHeader(b.Olds, n)
	for i := range p.cols {
		c := &p.cols[i]
		if !differ(before, s.old[i], after, s.new[i]) {
			continue
		}
		b.Olds = c.label.append(b.Olds)
		if b.Olds, err = p.appendSpan(b.Olds, c, before, s.old[i]); err != nil {
			return err
		}
	}
	return nil
}

func differ(before []byte, old span, after []byte, new span) bool {
	a, some := old.of(before)
	b, other := new.of(after)
	return some != other || !bytes.Equal(a, b)
}
