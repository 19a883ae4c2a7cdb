package rowdec

import "yamabiko/event"

// A row image is a bitmap with a bit for each column, set where it is NULL, and then the values of the others.

// appendImage writes the record of the row image that img begins with and returns what follows the image. It leaves
// in s.keys where the values of the key columns stand in out.
func (p *Plan) appendImage(dst, img []byte, s *Scratch) (out, rest []byte, err error) {
	nulls := (len(p.cols) + 7) / 8
	if len(img) < nulls {
		return dst, img, p.damaged(nil, "the bitmap of NULLs is cut short")
	}
	null, img := img[:nulls], img[nulls:]
	dst = append(dst, p.head...)
	for i := range p.cols {
		c := &p.cols[i]
		dst = c.label.append(dst)
		at := len(dst)
		switch {
		case null[i>>3]&(1<<(i&7)) != 0:
			dst = event.AppendNil(dst)
		case c.code == codeInt && len(img) >= 8:
			dst = event.AppendInt(dst, int64(le64(img)<<c.shift)>>c.shift)
			img = img[c.size:]
		case c.code == codeUint && len(img) >= 8:
			dst = event.AppendUint(dst, le64(img)<<c.shift>>c.shift)
			img = img[c.size:]
		default:
			v, after, ok := c.cut(img)
			if !ok {
				return dst, img, p.damaged(c, "the value is cut short")
			}
			img = after
			if dst, ok = c.appendWire(dst, v); !ok {
				return dst, img, p.damaged(c, "no such value exists")
			}
		}
		if c.key >= 0 {
			s.keys[c.key] = span{at, len(dst)}
		}
	}
	return dst, img, nil
}

// walk finds where each value of the row image stands that img begins with, without reading any.
func (p *Plan) walk(img []byte, spans []span) (size int, err error) {
	nulls := (len(p.cols) + 7) / 8
	if len(img) < nulls {
		return 0, p.damaged(nil, "the bitmap of NULLs is cut short")
	}
	null, rest := img[:nulls], img[nulls:]
	for i := range p.cols {
		c := &p.cols[i]
		if null[i>>3]&(1<<(i&7)) != 0 {
			spans[i] = span{-1, -1}
			continue
		}
		v, after, ok := c.cut(rest)
		if !ok {
			return 0, p.damaged(c, "the value is cut short")
		}
		end := len(img) - len(after)
		spans[i], rest = span{end - len(v), end}, after
	}
	return len(img) - len(rest), nil
}
