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
	case c == 0xc1:
		return 0, 0, ErrInvalid
	default:
		s := shapes[c-0xc0]
		n = int(s.fixed)
		if s.width > 0 {
			count, err := readCount(b[1:], int(s.width))
			if err != nil {
				return 0, 0, err
			}
			if s.inner > 0 {
				return n, count * int(s.inner), nil
			}
			n += count
		}
	}
	if n > len(b) {
		return 0, 0, ErrTruncated
	}
	return n, 0, nil
}

// shape is the layout of a format: its bytes before any payload of counted length, the width of that count, and
// the values that stand inside for each one counted (0: the count is of bytes).
type shape struct{ fixed, width, inner uint8 }

// shapes holds the formats 0xc0 to 0xdf (msgpack specification, "Overview").
var shapes = [32]shape{
	{1, 0, 0}, {}, {1, 0, 0}, {1, 0, 0}, // nil, never used, false, true
	{2, 1, 0}, {3, 2, 0}, {5, 4, 0}, // bin
	{3, 1, 0}, {4, 2, 0}, {6, 4, 0}, // ext
	{5, 0, 0}, {9, 0, 0}, // float
	{2, 0, 0}, {3, 0, 0}, {5, 0, 0}, {9, 0, 0}, // uint
	{2, 0, 0}, {3, 0, 0}, {5, 0, 0}, {9, 0, 0}, // int
	{3, 0, 0}, {4, 0, 0}, {6, 0, 0}, {10, 0, 0}, {18, 0, 0}, // fixext
	{2, 1, 0}, {3, 2, 0}, {5, 4, 0}, // str
	{3, 2, 1}, {5, 4, 1}, // array
	{3, 2, 2}, {5, 4, 2}, // map
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
	}
	return int(binary.BigEndian.Uint32(b)), nil
}
