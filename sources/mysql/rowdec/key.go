package rowdec

import "yamabiko/event"

// A key is the msgpack array of the key columns' values, encoded as they are in the record. There is one exception: a
// zero or partial date, nil in the record, keeps its digits in the key, since rows that differ in it are other rows.

const nilByte = 0xc0

func (p *Plan) keyed() bool { return len(p.table.Key) > 0 }

// recordKey writes the key out of the record just encoded; s.keys says where its values stand. ok is false where one
// is nil: then the key has to be made of what was decoded.
func (p *Plan) recordKey(key, encoded []byte, s *Scratch) (out []byte, ok bool) {
	key = event.AppendArrayHeader(key, len(s.keys))
	for _, k := range s.keys {
		if encoded[k.at] == nilByte {
			return key, false
		}
		key = append(key, encoded[k.at:k.end]...)
	}
	return key, true
}

// imageKey writes the key of a row image whose values stand at spans.
func (p *Plan) imageKey(key, img []byte, spans []span) ([]byte, error) {
	key = event.AppendArrayHeader(key, len(p.table.Key))
	for _, i := range p.table.Key {
		c, ok := &p.cols[i], true
		switch v, some := spans[i].of(img); {
		case !some:
			key = event.AppendNil(key)
		case c.isTemporal():
			key, ok = c.appendTemporal(key, v, true)
		default:
			key, ok = c.appendWire(key, v)
		}
		if !ok {
			return key, p.damaged(c, "no such value exists")
		}
	}
	return key, nil
}

func (c *column) isTemporal() bool {
	switch c.Kind {
	case event.Date, event.DateTime, event.Timestamp, event.Time:
		return true
	}
	return false
}
