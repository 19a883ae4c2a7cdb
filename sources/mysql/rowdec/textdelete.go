package rowdec

import "yamabiko/event"

// AppendTextDelete appends a Delete of the row with this key, given as text cells in key order; its record has the key columns alone. It
// is for a row that was asked for and is not there.
func (p *Plan) AppendTextDelete(b *event.Batch, h ReadHeader, key [][]byte, s *Scratch) error {
	cells := make([][]byte, len(p.cols))
	for place, i := range p.table.Key {
		cells[i] = key[place]
	}
	s.fit(len(p.cols), len(p.table.Key))
	at := len(b.Data)
	data := event.AppendMapHeader(event.AppendHead(b.Data, h.Time), len(p.table.Key))
	for i := range p.cols {
		c := &p.cols[i]
		if c.key < 0 {
			continue
		}
		data = c.label.append(data)
		from, ok := len(data), false
		if data, ok = c.appendText(data, cells[i], false); !ok {
			return p.damaged(c, "the key's text is no such value")
		}
		s.keys[c.key] = span{from, len(data)}
	}
	s.key = p.cellKey(s.key[:0], data, cells, s)
	if b.First.IsZero() {
		b.First = h.Time
	}
	b.Data = data
	w := writer{p: p, s: s, b: b, tx: event.NoTx, seq: h.Seq}
	w.entry(event.Delete, at)
	return nil
}
