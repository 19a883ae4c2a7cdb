package event

import (
	"encoding/binary"
	"fmt"
	"math"
)

// ReadBool reads a bool.
func ReadBool(b []byte) (v bool, rest []byte, err error) {
	if FormOf(b) != FormBool {
		return false, nil, mismatch(b, FormBool)
	}
	return b[0] == 0xc3, b[1:], nil
}

// ReadInt reads an integer. One above 2^63-1 is an error: use ReadUint.
func ReadInt(b []byte) (v int64, rest []byte, err error) {
	u, neg, rest, err := readInteger(b)
	if err != nil {
		return 0, nil, err
	}
	if !neg && u > math.MaxInt64 {
		return 0, nil, fmt.Errorf("%w: an integer above 2^63-1", ErrForm) // values stay out of errors, and so of logs
	}
	return int64(u), rest, nil
}

// ReadUint reads an integer that is not negative.
func ReadUint(b []byte) (v uint64, rest []byte, err error) {
	u, neg, rest, err := readInteger(b)
	if err != nil {
		return 0, nil, err
	}
	if neg {
		return 0, nil, fmt.Errorf("%w: an integer below 0", ErrForm)
	}
	return u, rest, nil
}

// readInteger reads an integer as 64 bits in two's complement, and whether they mean a negative number.
func readInteger(b []byte) (u uint64, neg bool, rest []byte, err error) {
	if FormOf(b) != FormInt {
		return 0, false, nil, mismatch(b, FormInt)
	}
	c := b[0]
	if c < 0x80 || c >= 0xe0 {
		return uint64(int8(c)), c >= 0xe0, b[1:], nil
	}
	n := int(shapes[c-0xc0].fixed)
	if n > len(b) {
		return 0, false, nil, ErrTruncated
	}
	u, neg = wideInteger(b[:n])
	return u, neg, b[n:], nil
}

// wideInteger takes apart an integer of the formats 0xcc to 0xd3, which b holds whole.
func wideInteger(b []byte) (u uint64, neg bool) {
	switch b[0] {
	case 0xcc:
		return uint64(b[1]), false
	case 0xcd:
		return uint64(binary.BigEndian.Uint16(b[1:])), false
	case 0xce:
		return uint64(binary.BigEndian.Uint32(b[1:])), false
	case 0xcf:
		return binary.BigEndian.Uint64(b[1:]), false
	case 0xd0:
		u = uint64(int8(b[1]))
	case 0xd1:
		u = uint64(int16(binary.BigEndian.Uint16(b[1:])))
	case 0xd2:
		u = uint64(int32(binary.BigEndian.Uint32(b[1:])))
	default:
		u = binary.BigEndian.Uint64(b[1:])
	}
	return u, int64(u) < 0
}

// ReadFloat reads a float of 32 or 64 bits.
func ReadFloat(b []byte) (v float64, rest []byte, err error) {
	if FormOf(b) != FormFloat {
		return 0, nil, mismatch(b, FormFloat)
	}
	n := int(shapes[b[0]-0xc0].fixed)
	if n > len(b) {
		return 0, nil, ErrTruncated
	}
	if n == 5 {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b[1:]))), b[n:], nil
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), b[n:], nil
}
