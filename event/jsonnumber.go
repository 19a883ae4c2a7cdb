package event

import (
	"math"
	"strconv"
)

// appendUint appends v in decimal digits.
func appendUint(dst []byte, v uint64) []byte { return strconv.AppendUint(dst, v, 10) }

// appendFloatBits appends f, a float of the given width, with the fewest digits that give it back. The exponent comes
// in where ECMAScript's Number::toString brings it in, as in encoding/json.
func appendFloatBits(dst []byte, f float64, bits int) []byte {
	abs := math.Abs(f)
	switch {
	case abs > math.MaxFloat64 || f != f:
		return append(dst, "null"...)
	case abs == 0 || inPlain(abs, bits):
	default:
		return shortExponent(strconv.AppendFloat(dst, f, 'e', -1, bits))
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// inPlain tells whether abs is written without an exponent.
func inPlain(abs float64, bits int) bool {
	if bits == 32 {
		return float32(abs) >= 1e-6 && float32(abs) < 1e21
	}
	return abs >= 1e-6 && abs < 1e21
}

// shortExponent makes e-09 at the end of dst e-9.
func shortExponent(dst []byte) []byte {
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		return append(dst[:n-2], dst[n-1])
	}
	return dst
}

// isNumber tells whether b is a number in JSON's grammar (RFC 8259, section 6).
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digitsAt(b)
	if whole == 0 || b[0] == '0' && whole > 1 {
		return false
	}
	if b = b[whole:]; len(b) > 0 && b[0] == '.' {
		n := digitsAt(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		if b = b[1:]; len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digitsAt(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

// digitsAt counts the decimal digits that b begins with.
func digitsAt(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}
