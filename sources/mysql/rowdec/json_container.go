package rowdec

import "yamabiko/event"

// inlined tells whether a value of this type stands in the entry itself, in place of its offset.
func inlined(typ byte, width int) bool {
	switch typ {
	case jsonLiteral, jsonInt16, jsonUint16:
		return true
	case jsonInt32, jsonUint32:
		return width == 4
	}
	return false
}

// container writes an object or array: the count, the size in bytes, for objects an entry for each key (offset, two
// bytes of length), an entry for each value (type, offset or value), then keys and values. width is 2 or 4, the
// size of counts and offsets, which count from b's start.
func (w *jsonWalk) container(dst, b []byte, width int, object bool, depth int) ([]byte, bool) {
	if depth > maxJSONDepth || len(b) < 2*width {
		return dst, false
	}
	count, size := jsonUint(b, width), jsonUint(b[width:], width)
	keyEntry, valueEntry := 0, 1+width
	if object {
		keyEntry = width + 2
	}
	if size > len(b) || count > size {
		return dst, false
	}
	values := 2*width + count*keyEntry
	head := values + count*valueEntry
	if head > size || !w.spend(head) {
		return dst, false
	}
	b = b[:size]
	if object {
		dst = event.AppendMapHeader(dst, count)
	} else {
		dst = event.AppendArrayHeader(dst, count)
	}
	ok := true
	for i := range count {
		if object {
			if dst, ok = w.key(dst, b, 2*width+i*keyEntry, width, head); !ok {
				return dst, false
			}
		}
		if dst, ok = w.entry(dst, b, values+i*valueEntry, width, head, depth); !ok {
			return dst, false
		}
	}
	return dst, true
}

func (w *jsonWalk) key(dst, b []byte, at, width, head int) ([]byte, bool) {
	offset, n := jsonUint(b[at:], width), jsonUint(b[at+width:], 2)
	if offset < head || offset > len(b) || n > len(b)-offset || !w.spend(n) {
		return dst, false
	}
	return event.AppendString(dst, b[offset:offset+n]), true
}

func (w *jsonWalk) entry(dst, b []byte, at, width, head, depth int) ([]byte, bool) {
	typ := b[at]
	if inlined(typ, width) {
		return appendNarrow(dst, typ, b[at+1:at+1+width])
	}
	offset := jsonUint(b[at+1:], width)
	if offset < head || offset > len(b) {
		return dst, false
	}
	return w.value(dst, typ, b[offset:], depth)
}

func jsonUint(b []byte, width int) int {
	if width == 2 {
		return int(le16(b))
	}
	return int(le32(b))
}
