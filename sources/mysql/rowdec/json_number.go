package rowdec

import (
	"bytes"
	"math"
	"strconv"

	"yamabiko/event"
)

// appendNumber writes a JSON number of which the server prints text. Stream and snapshot both go by this text: an
// integer where 64 bits hold it, a double where a double says all of its digits, and its digits otherwise.
func appendNumber(dst, text []byte) ([]byte, bool) {
	switch {
	case bytes.IndexByte(text, '.') < 0 && bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0:
		if out, ok := appendInteger(dst, text); ok {
			return out, true
		}
		return event.AppendExt(dst, event.ExtNumber, text), true
	case bytes.IndexByte(text, 'e') >= 0 || bytes.IndexByte(text, 'E') >= 0:
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return dst, false
		}
		return event.AppendFloat64(dst, f), true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err == nil {
		var buf [32]byte
		if string(appendPlain(buf[:0], f)) == string(text) {
			return event.AppendFloat64(dst, f), true
		}
	}
	return event.AppendExt(dst, event.ExtNumber, text), true
}

// appendPlain is how the server prints a double that it prints without an exponent.
func appendPlain(dst []byte, f float64) []byte {
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if bytes.IndexByte(dst[n:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendInteger writes text as an integer if 64 bits hold it.
func appendInteger(dst, text []byte) (out []byte, ok bool) {
	u, negative, ok := parseInteger(text)
	switch {
	case !ok:
		return dst, false
	case !negative:
		return event.AppendUint(dst, u), true
	case u > 1<<63:
		return dst, false
	}
	return event.AppendInt(dst, int64(-u)), true
}

// parseInteger reads an optional sign and digits, of which leading zeros count for nothing (ZEROFILL).
func parseInteger(text []byte) (u uint64, negative, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		text, negative = text[1:], true
	}
	if len(text) == 0 {
		return 0, false, false
	}
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 || u > math.MaxUint64/10 || u*10 > math.MaxUint64-d {
			return 0, false, false
		}
		u = u*10 + d
	}
	return u, negative, true
}
