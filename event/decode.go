package event

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Number is the digits of a JSON number, as ExtNumber holds them.
type Number string

// Ext is an extension value of a type that has no meaning here.
type Ext struct {
	Type int8
	Data []byte
}

// Decode reads a whole value into Go's types and returns what follows; it allocates, so it is for cold paths. It gives
// nil, bool, int64 (uint64 above 2^63-1), float32, float64, string, []byte, []any, map[string]any, time.Time for an
// EventTime, Number or Ext. A map key that is no str becomes its JSON text; of equal keys the last stands. Nothing
// aliases b.
func Decode(b []byte) (v any, rest []byte, err error) { return decode(b, 0) }

func decode(b []byte, depth int) (v any, rest []byte, err error) {
	switch form := FormOf(b); form {
	case FormArray:
		return decodeArray(b, depth+1)
	case FormMap:
		return decodeMap(b, depth+1)
	case FormExt:
		return decodeExt(b)
	case FormString:
		s, rest, err := ReadString(b)
		if err != nil {
			return nil, nil, err
		}
		return string(s), rest, nil
	case FormBin:
		data, rest, err := ReadBin(b)
		if err != nil {
			return nil, nil, err
		}
		return append([]byte{}, data...), rest, nil
	default:
		return decodeScalar(b, form)
	}
}

func decodeScalar(b []byte, form Form) (v any, rest []byte, err error) {
	n, _, err := extent(b)
	if err != nil {
		return nil, nil, err
	}
	rest = b[n:]
	switch form {
	case FormNil:
		return nil, rest, nil
	case FormBool:
		return b[0] == 0xc3, rest, nil
	case FormFloat:
		if n == 5 {
			return math.Float32frombits(binary.BigEndian.Uint32(b[1:])), rest, nil
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), rest, nil
	}
	u, neg, rest, err := readInteger(b)
	if !neg && u > math.MaxInt64 {
		return u, rest, err
	}
	return int64(u), rest, err
}

// decodeGrain is what a container is sized for before its values are seen: a false count costs no more.
const decodeGrain = 64

func decodeArray(b []byte, depth int) (v any, rest []byte, err error) {
	n, rest, err := ReadArrayHeader(b)
	if err != nil {
		return nil, nil, err
	}
	if depth > MaxDepth {
		return nil, nil, ErrDepth
	}
	list := make([]any, 0, min(n, decodeGrain))
	for range n {
		var e any
		if e, rest, err = decode(rest, depth); err != nil {
			return nil, nil, err
		}
		list = append(list, e)
	}
	return list, rest, nil
}

func decodeMap(b []byte, depth int) (v any, rest []byte, err error) {
	n, rest, err := ReadMapHeader(b)
	if err != nil {
		return nil, nil, err
	}
	if depth > MaxDepth {
		return nil, nil, ErrDepth
	}
	m := make(map[string]any, min(n, decodeGrain))
	for range n {
		var name string
		if name, rest, err = decodeName(rest, depth); err != nil {
			return nil, nil, err
		}
		if m[name], rest, err = decode(rest, depth); err != nil {
			return nil, nil, err
		}
	}
	return m, rest, nil
}

// decodeName reads a map's key: a str as it is, anything else as its JSON text, without quotes where it has them.
func decodeName(b []byte, depth int) (name string, rest []byte, err error) {
	if FormOf(b) == FormString {
		s, rest, err := ReadString(b)
		return string(s), rest, err
	}
	if typ, data, rest, err := ReadExt(b); err == nil && typ == ExtNumber {
		return string(data), rest, nil
	}
	text, rest, err := appendValue(nil, b, depth+keyDepth)
	if err != nil {
		return "", nil, err
	}
	if text[0] == '"' { // base64 or a time: nothing in it is escaped
		text = text[1 : len(text)-1]
	}
	return string(text), rest, nil
}

func decodeExt(b []byte) (v any, rest []byte, err error) {
	typ, data, rest, err := ReadExt(b)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("ext: %w", err)
	case typ == ExtEventTime && len(data) == 8:
		return eventTime(data), rest, nil
	case typ == ExtNumber && isNumber(data):
		return Number(data), rest, nil
	default:
		return Ext{typ, append([]byte{}, data...)}, rest, nil
	}
}
