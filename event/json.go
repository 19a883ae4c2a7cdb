package event

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
)

// AppendJSON appends one msgpack value as JSON, in one walk and with no allocation but dst's growth. On an error dst
// comes back as long as it was. Bytes after the value are an error.
//
// A str is escaped where JSON demands it and bytes that are not UTF-8 become U+FFFD; a bin is padded base64; a float
// has the fewest digits that give it back in its own width, and always a point or an exponent; NaN and the infinities
// are null; an EventTime is RFC 3339 in UTC without trailing zeros; an ExtNumber is its digits; any other ext, and an
// ExtNumber that is no JSON number, is a string. A map's key that is no str becomes its JSON text as a string; keys that
// stand twice stay.
func AppendJSON(dst, msg []byte) ([]byte, error) {
	out, rest, err := appendValue(dst, msg, 0)
	if err != nil {
		return dst, fmt.Errorf("json: %w", err)
	}
	if len(rest) > 0 {
		return dst, fmt.Errorf("json: %d bytes after the msgpack value", len(rest))
	}
	return out, nil
}

// appendValue appends the first value in b, which stands inside depth arrays and maps, and returns what follows it.
func appendValue(dst, b []byte, depth int) (out, rest []byte, err error) {
	switch FormOf(b) {
	case FormString:
		s, rest, err := readString(b)
		return appendString(dst, s), rest, err
	case FormInt:
		u, neg, rest, err := readInteger(b)
		if neg {
			dst, u = append(dst, '-'), -u
		}
		return appendUint(dst, u), rest, err
	case FormFloat:
		return appendFloat(dst, b)
	case FormMap:
		return appendMap(dst, b, depth+1)
	case FormArray:
		return appendArray(dst, b, depth+1)
	case FormNil:
		return append(dst, "null"...), b[1:], nil
	case FormBool:
		if b[0] == 0xc3 {
			return append(dst, "true"...), b[1:], nil
		}
		return append(dst, "false"...), b[1:], nil
	case FormBin:
		data, rest, err := ReadBin(b)
		return appendBase64(dst, data), rest, err
	case FormExt:
		return appendExt(dst, b)
	default:
		return dst, nil, mismatch(b, FormNone)
	}
}

func appendMap(dst, b []byte, depth int) (out, rest []byte, err error) {
	n, rest, err := ReadMapHeader(b)
	if err != nil {
		return dst, nil, err
	}
	if depth > MaxDepth {
		return dst, nil, ErrDepth
	}
	dst = append(dst, '{')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, rest, err = appendName(dst, rest, depth); err != nil {
			return dst, nil, err
		}
		dst = append(dst, ':')
		if dst, rest, err = appendValue(dst, rest, depth); err != nil {
			return dst, nil, err
		}
	}
	return append(dst, '}'), rest, nil
}

func appendArray(dst, b []byte, depth int) (out, rest []byte, err error) {
	n, rest, err := ReadArrayHeader(b)
	if err != nil {
		return dst, nil, err
	}
	if depth > MaxDepth {
		return dst, nil, ErrDepth
	}
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, rest, err = appendValue(dst, rest, depth); err != nil {
			return dst, nil, err
		}
	}
	return append(dst, ']'), rest, nil
}

// keyDepth is how many levels an array or a map counts for when it is a map's key. Its text is quoted once more for
// each key that it stands in, which doubles the backslashes: 512 such keys, 2 bytes each, would fill every disk.
const keyDepth = MaxDepth / 4

// appendName appends a map's key, which JSON wants to be a string.
func appendName(dst, b []byte, depth int) (out, rest []byte, err error) {
	start := len(dst)
	dst, rest, err = appendValue(dst, b, depth+keyDepth)
	if err != nil || dst[start] == '"' {
		return dst, rest, err
	}
	// Quote the text behind itself, then move it to its place: that needs no second buffer.
	end := len(dst)
	dst = appendString(dst, dst[start:])
	return append(dst[:start], dst[end:]...), rest, nil
}

func appendBase64(dst, data []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), data)
	return append(dst, '"')
}

func appendExt(dst, b []byte) (out, rest []byte, err error) {
	typ, data, rest, err := ReadExt(b)
	switch {
	case err != nil:
		return dst, nil, err
	case typ == ExtEventTime && len(data) == 8:
		dst = appendTime(append(dst, '"'), eventTime(data), trimmed)
		return append(dst, '"'), rest, nil
	case typ != ExtNumber:
		return appendBase64(dst, data), rest, nil
	case isNumber(data):
		return append(dst, data...), rest, nil
	default:
		return appendString(dst, data), rest, nil
	}
}

func appendFloat(dst, b []byte) (out, rest []byte, err error) {
	n := int(shapes[b[0]-0xc0].fixed)
	if n > len(b) {
		return dst, nil, ErrTruncated
	}
	if n == 5 {
		f := math.Float32frombits(binary.BigEndian.Uint32(b[1:]))
		return appendFloatBits(dst, float64(f), 32), b[n:], nil
	}
	return appendFloatBits(dst, math.Float64frombits(binary.BigEndian.Uint64(b[1:])), 64), b[n:], nil
}
