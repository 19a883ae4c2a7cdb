package event

import "encoding/binary"

// Skip returns what follows the first value in b, however deep it nests. It reads nothing beyond len(b).
func Skip(b []byte) (rest []byte, err error) {
	// Counting the values still to come takes the place of a stack.
	for left := 1; left > 0; left-- {
		n, inner, err := extent(b)
		if err != nil {
			return nil, err
		}
		b = b[n:]
		left += inner
		if left-1 > len(b) { // each takes a byte at least: a false count fails here, before it can overflow
			return nil, ErrTruncated
		}
	}
	return b, nil
}

// extent returns how many bytes the value at b takes without the values inside it, and how many those are.
func extent(b []byte) (n, inner int, err error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	switch c := b[0]; {
	case c < 0x80 || c >= 0xe0:
		return 1, 0, nil
	case c < 0x90:
		return 1, int(c&0x0f) * 2, nil
	case c < 0xa0:
		return 1, int(c & 0x0f), nil
	case c < 0xc0:
		n = 1 + int(c&0x1f)
	default:
		if n, inner, err = wideExtent(b); err != nil {
			return 0, 0, err
		}
	}
	if n > len(b) {
		return 0, 0, ErrTruncated
	}
	return n, inner, nil
}

// wideExtent is extent for the formats 0xc0 to 0xdf; the n bytes may be more than there are.
func wideExtent(b []byte) (n, inner int, err error) {
	s := shapes[b[0]-0xc0]
	if s.form == FormNone {
		return 0, 0, ErrInvalid
	}
	n = int(s.fixed)
	if s.width == 0 {
		return n, 0, nil
	}
	count, err := readCount(b[1:], int(s.width))
	switch s.form {
	case FormArray:
		return n, count, err
	case FormMap:
		return n, count * 2, err
	default:
		return n + count, 0, err
	}
}

// readCount reads a big-endian count of 1, 2 or 4 bytes.
func readCount(b []byte, width int) (int, error) {
	if len(b) < width {
		return 0, ErrTruncated
	}
	switch width {
	case 1:
		return int(b[0]), nil
	case 2:
		return int(binary.BigEndian.Uint16(b)), nil
	default:
		return int(binary.BigEndian.Uint32(b)), nil
	}
}
