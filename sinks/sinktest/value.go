package sinktest

import (
	"encoding/json"
	"fmt"
	"time"

	"yamabiko/event"
)

// Raw is msgpack that AppendValue takes as it is.
type Raw []byte

// Map is a nested map with its order: names and values by turns.
type Map []any

// AppendMap appends a msgpack map of names and values by turns.
func AppendMap(dst []byte, fields ...any) []byte {
	if len(fields)%2 != 0 {
		panic(fmt.Sprintf("sinktest: a field without a value in %v", fields))
	}
	dst = event.AppendMapHeader(dst, len(fields)/2)
	for _, f := range fields {
		dst = AppendValue(dst, f)
	}
	return dst
}

// AppendValue appends v as msgpack: nil, bool, the integers, floats, string, []byte, Raw, Map, []any, time.Time
// (EventTime) and json.Number (ExtNumber).
func AppendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return event.AppendNil(dst)
	case bool:
		return event.AppendBool(dst, v)
	case int:
		return event.AppendInt(dst, int64(v))
	case int64:
		return event.AppendInt(dst, v)
	case uint64:
		return event.AppendUint(dst, v)
	case float32:
		return event.AppendFloat32(dst, v)
	case float64:
		return event.AppendFloat64(dst, v)
	case string:
		return event.AppendString(dst, v)
	case []byte:
		return event.AppendBin(dst, v)
	case json.Number:
		return event.AppendExt(dst, event.ExtNumber, []byte(v))
	case time.Time:
		return event.AppendEventTime(dst, v)
	case Raw:
		return append(dst, v...)
	case Map:
		return AppendMap(dst, v...)
	case []any:
		dst = event.AppendArrayHeader(dst, len(v))
		for _, x := range v {
			dst = AppendValue(dst, x)
		}
		return dst
	}
	panic(fmt.Sprintf("sinktest: no msgpack form for %T", v))
}
