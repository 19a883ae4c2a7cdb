package rowdec

import (
	"bytes"
	"strconv"
	"time"

	"yamabiko/event"
)

// ReadHeader is what AppendTextRow needs beside the row.
type ReadHeader struct {
	Time  time.Time // the event time: when the row was read
	Seq   uint64    // the Seq of what the read could see (rules S4, N2)
	Limit int64     // as in RowsHeader
}

// AppendTextRow appends a row of a SELECT of SelectList to b, as a Read. cells are in column order, nil for NULL; they
// are not kept. The record and key have the bytes that the stream gives the same row. A row above the limit is a
// *TooLarge; after an error b is as it was.
func (p *Plan) AppendTextRow(b *event.Batch, h ReadHeader, cells [][]byte, s *Scratch) error {
	if len(cells) != len(p.cols) {
		return p.damaged(nil, "the SELECT gave "+strconv.Itoa(len(cells))+" columns")
	}
	s.fit(len(p.cols), len(p.table.Key))
	w := writer{p: p, s: s, b: b, limit: rowLimit(h.Limit), tx: event.NoTx, seq: h.Seq}
	at := len(b.Data)
	data, err := p.appendCells(event.AppendHead(b.Data, h.Time), cells, s)
	b.Data = data[:at]
	if err != nil {
		return err
	}
	if p.keyed() {
		s.key = p.cellKey(s.key[:0], data, cells, s)
	}
	if size := len(data) - at; size > w.limit {
		return w.tooLarge(event.Read, size)
	}
	b.Data = data
	if b.First.IsZero() {
		b.First = h.Time
	}
	w.entry(event.Read, at)
	return nil
}

func (p *Plan) appendCells(dst []byte, cells [][]byte, s *Scratch) ([]byte, error) {
	dst = append(dst, p.head...)
	for i := range p.cols {
		c, ok := &p.cols[i], true
		dst = c.label.append(dst)
		at := len(dst)
		if cells[i] == nil {
			dst = event.AppendNil(dst)
		} else if dst, ok = c.appendText(dst, cells[i], false); !ok {
			return dst, p.damaged(c, "the SELECT gave a text that is no such value")
		}
		if c.key >= 0 {
			s.keys[c.key] = span{at, len(dst)}
		}
	}
	return dst, nil
}

// cellKey writes the key of the row just encoded from cells.
func (p *Plan) cellKey(key, encoded []byte, cells [][]byte, s *Scratch) []byte {
	key = event.AppendArrayHeader(key, len(s.keys))
	for place, k := range s.keys {
		c, cell := &p.cols[p.table.Key[place]], cells[p.table.Key[place]]
		if encoded[k.at] == nilByte && cell != nil && c.isTemporal() {
			key, _ = c.appendText(key, cell, true) // was read a moment ago
			continue
		}
		key = append(key, encoded[k.at:k.end]...)
	}
	return key
}

// appendText writes the msgpack form of a cell; keep is that of appendTemporal. ok is false where the text is no value
// of the type.
func (c *column) appendText(dst, text []byte, keep bool) (out []byte, ok bool) {
	switch c.Kind {
	case event.Int, event.Uint64:
		return appendInteger(dst, text)
	case event.String, event.Enum:
		return event.AppendString(dst, text), true
	case event.Binary:
		return event.AppendBin(dst, text), true
	case event.Decimal:
		return event.AppendString(dst, trimZeros(text)), true
	case event.Float32, event.Float64:
		f, err := strconv.ParseFloat(string(text), 64)
		if c.Kind == event.Float32 {
			return event.AppendFloat32(dst, float32(f)), err == nil
		}
		return event.AppendFloat64(dst, f), err == nil
	case event.Set:
		return appendTextSet(dst, text), true
	case event.JSON:
		return appendTextJSON(dst, text)
	case event.Vector:
		return appendVector(dst, text)
	case event.Time:
		return event.AppendString(dst, text), len(text) >= len("15:04:05")+fractionLen(c.Digits)
	}
	return c.appendTextTemporal(dst, text, keep)
}

// trimZeros takes the zeros away that ZEROFILL puts before a DECIMAL.
func trimZeros(text []byte) []byte {
	for len(text) > 1 && text[0] == '0' && text[1] != '.' {
		text = text[1:]
	}
	return text
}

func appendTextSet(dst, text []byte) []byte {
	if len(text) == 0 {
		return event.AppendArrayHeader(dst, 0)
	}
	dst = event.AppendArrayHeader(dst, 1+bytes.Count(text, []byte{','}))
	for label := range bytes.SplitSeq(text, []byte{','}) {
		dst = event.AppendString(dst, label)
	}
	return dst
}

func appendTextJSON(dst, text []byte) ([]byte, bool) {
	if len(text) == 0 {
		return event.AppendNil(dst), true
	}
	out, err := AppendJSONText(dst, text)
	return out, err == nil
}

// appendTextTemporal turns "2026-01-02 03:04:05.120" into what appendTemporal writes.
func (c *column) appendTextTemporal(dst, text []byte, keep bool) ([]byte, bool) {
	const day = len("2006-01-02")
	n := day
	if c.Kind != event.Date {
		n = len("2006-01-02 15:04:05") + fractionLen(c.Digits)
	}
	if len(text) != n {
		return dst, false
	}
	if !keep && (string(text[5:7]) == "00" || string(text[8:day]) == "00") {
		return event.AppendNil(dst), true
	}
	if c.Kind == event.Date {
		return event.AppendString(dst, text), true
	}
	if c.Kind == event.Timestamp {
		n++
	}
	dst = append(event.AppendStringHeader(dst, n), text[:day]...)
	dst = append(append(dst, 'T'), text[day+1:]...)
	if c.Kind == event.Timestamp {
		dst = append(dst, 'Z')
	}
	return dst, true
}
