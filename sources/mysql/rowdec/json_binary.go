package rowdec

import (
	"encoding/binary"
	"errors"
	"math"

	"yamabiko/event"
)

// The types of MySQL's binary JSON (sql-common/json_binary.h of the server).
const (
	jsonSmallObject = iota
	jsonLargeObject
	jsonSmallArray
	jsonLargeArray
	jsonLiteral
	jsonInt16
	jsonUint16
	jsonInt32
	jsonUint32
	jsonInt64
	jsonUint64
	jsonDouble
	jsonString
	jsonOpaque = 15
)

// maxJSONDepth is the server's own limit on nesting.
const maxJSONDepth = 100

var errJSON = errors.New("not a binary JSON value of MySQL's")

// AppendJSONBinary writes a JSON value in MySQL's binary form as msgpack: objects in their own order, numbers by the
// rule of appendNumber, values of other SQL types as the text that the server prints for them. It gives the same
// bytes as AppendJSONText for the server's text of the value. dst is returned as it was on an error.
func AppendJSONBinary(dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		return dst, errJSON
	}
	w := jsonWalk{budget: len(b)}
	out, ok := w.value(dst, b[0], b[1:], 0)
	if !ok {
		return dst, errJSON
	}
	return out, nil
}

// jsonWalk bounds the work: no two parts of a real value share bytes, so what was read may never exceed the value.
// Without this a few bytes of nested arrays that all point at each other would make terabytes.
type jsonWalk struct{ budget int }

func (w *jsonWalk) spend(n int) bool {
	w.budget -= n
	return w.budget >= 0
}

// value writes the value of this type that b begins with; b runs to the end of what holds it.
func (w *jsonWalk) value(dst []byte, typ byte, b []byte, depth int) ([]byte, bool) {
	switch typ {
	case jsonSmallObject, jsonSmallArray:
		return w.container(dst, b, 2, typ == jsonSmallObject, depth+1)
	case jsonLargeObject, jsonLargeArray:
		return w.container(dst, b, 4, typ == jsonLargeObject, depth+1)
	case jsonString:
		s, ok := jsonBytes(b)
		if !ok || !w.spend(len(s)+1) {
			return dst, false
		}
		return event.AppendString(dst, s), true
	case jsonOpaque:
		if len(b) == 0 {
			return dst, false
		}
		v, ok := jsonBytes(b[1:])
		if !ok || !w.spend(len(v)+2) {
			return dst, false
		}
		return appendOpaque(dst, b[0], v)
	case jsonInt64, jsonUint64, jsonDouble:
		if len(b) < 8 || !w.spend(8) {
			return dst, false
		}
		return appendWide(dst, typ, le64(b))
	}
	return appendNarrow(dst, typ, b)
}

func appendWide(dst []byte, typ byte, v uint64) ([]byte, bool) {
	switch typ {
	case jsonInt64:
		return event.AppendInt(dst, int64(v)), true
	case jsonUint64:
		return event.AppendUint(dst, v), true
	}
	f := math.Float64frombits(v)
	return event.AppendFloat64(dst, f), f-f == 0 // JSON has no infinities, nor what is no number
}

// appendNarrow writes the scalars that may stand in a container's own entry.
func appendNarrow(dst []byte, typ byte, b []byte) ([]byte, bool) {
	switch {
	case len(b) < 2 && (typ != jsonLiteral || len(b) == 0), len(b) < 4 && (typ == jsonInt32 || typ == jsonUint32):
		return dst, false
	}
	switch typ {
	case jsonLiteral:
		switch b[0] {
		case 0:
			return event.AppendNil(dst), true
		case 1, 2:
			return event.AppendBool(dst, b[0] == 1), true
		}
	case jsonInt16:
		return event.AppendInt(dst, int64(int16(le16(b)))), true
	case jsonUint16:
		return event.AppendUint(dst, uint64(le16(b))), true
	case jsonInt32:
		return event.AppendInt(dst, int64(int32(le32(b)))), true
	case jsonUint32:
		return event.AppendUint(dst, uint64(le32(b))), true
	}
	return dst, false
}

// jsonBytes reads a length, seven bits a byte with the lowest first, and as many bytes.
func jsonBytes(b []byte) (v []byte, ok bool) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil, false
	}
	return b[w : w+int(n)], true
}
