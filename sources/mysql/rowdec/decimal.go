package rowdec

import (
	"encoding/binary"

	"yamabiko/event"
)

// A DECIMAL is logged in groups of nine digits, four bytes each, big-endian, on both sides of the point; the digits
// left over at either end take decimalBytes. The first bit is inverted, and all bits are if the value is negative
// (strings/decimal.cc of the server, decimal2bin).
const groupDigits = 9

var (
	decimalBytes = [groupDigits + 1]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}
	decimalLimit = [groupDigits + 1]uint32{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000}
)

func decimalSize(prec, scale int) int {
	whole := prec - scale
	return whole/groupDigits*4 + decimalBytes[whole%groupDigits] + scale/groupDigits*4 + decimalBytes[scale%groupDigits]
}

// maxDigits is how many the server's decimal_t holds. A column has at most 65 of them, but in JSON the digits before
// the point are counted in whole groups.
const maxDigits = 9 * groupDigits

// maxDecimal is a sign, a zero, a point and the digits.
const maxDecimal = 1 + 1 + 1 + maxDigits

// decimalText collects the digits of one value.
type decimalText struct {
	buf   [maxDecimal]byte
	n     int
	some  bool // a digit other than 0 has come
	whole bool // before the point: leading zeros are left out
}

// group takes one group of digits from v, whose bits mask puts right.
func (t *decimalText) group(v []byte, digits int, mask byte) (rest []byte, ok bool) {
	size := decimalBytes[digits]
	var x uint32
	if size == 4 {
		x = binary.BigEndian.Uint32(v) ^ uint32(mask)*0x01010101
	} else {
		for _, c := range v[:size] {
			x = x<<8 | uint32(c^mask)
		}
	}
	if x >= decimalLimit[digits] {
		return nil, false
	}
	if x == 0 && t.whole && !t.some {
		return v[size:], true
	}
	end := t.n + digits
	for i := end - 1; i >= t.n; i-- {
		t.buf[i] = byte('0' + x%10)
		x /= 10
	}
	if t.whole && !t.some {
		skip := 0
		for t.buf[t.n+skip] == '0' {
			skip++
		}
		copy(t.buf[t.n:], t.buf[t.n+skip:end])
		end -= skip
	}
	t.some = t.some || x != 0 || !allZero(t.buf[t.n:end])
	t.n = end
	return v[size:], true
}

func allZero(digits []byte) bool {
	for _, c := range digits {
		if c != '0' {
			return false
		}
	}
	return true
}

// groups takes digits in the order in which they stand: the odd group is the first before the point and the last
// behind it.
func (t *decimalText) groups(v []byte, digits int, mask byte) (rest []byte, ok bool) {
	odd := digits % groupDigits
	if t.whole && odd > 0 {
		if v, ok = t.group(v, odd, mask); !ok {
			return nil, false
		}
	}
	for range digits / groupDigits {
		if v, ok = t.group(v, groupDigits, mask); !ok {
			return nil, false
		}
	}
	if !t.whole && odd > 0 {
		return t.group(v, odd, mask)
	}
	return v, true
}

// parse reads v, which has decimalSize(prec, scale) bytes, and returns the text as the server prints it: no leading
// zeros but one, all declared digits behind the point, no sign before zero.
func (t *decimalText) parse(v []byte, prec, scale int) (text []byte, ok bool) {
	negative := v[0]&0x80 == 0
	mask := byte(0)
	if negative {
		mask = 0xff
	}
	var first [4 * (maxDigits/groupDigits + 2)]byte
	v = first[:copy(first[:], v)]
	v[0] ^= 0x80
	t.n, t.whole = 1, true // room for the sign
	if v, ok = t.groups(v, prec-scale, mask); !ok {
		return nil, false
	}
	if !t.some {
		t.buf[t.n] = '0'
		t.n++
	}
	if t.whole = false; scale > 0 {
		t.buf[t.n] = '.'
		t.n++
		if _, ok = t.groups(v, scale, mask); !ok {
			return nil, false
		}
	}
	if negative && t.some {
		t.buf[0] = '-'
		return t.buf[:t.n], true
	}
	return t.buf[1:t.n], true
}

func appendDecimal(dst, v []byte, prec, scale int) ([]byte, bool) {
	if prec-scale <= groupDigits && scale <= groupDigits {
		return appendShortDecimal(dst, v, prec-scale, scale)
	}
	var t decimalText
	text, ok := t.parse(v, prec, scale)
	return event.AppendString(dst, text), ok
}
