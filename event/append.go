package event

import (
	"encoding/binary"
	"math"
	"time"
)

// Ext types that stand in records. 0 is Fluentd's EventTime; 1 is ours.
const (
	ExtEventTime int8 = 0
	// ExtNumber is a JSON number with its digits, where neither an integer nor a double holds them all.
	ExtNumber int8 = 1
)

// eventTimeLen is the length of an EventTime as fixext8: format, type, seconds and nanoseconds.
const eventTimeLen = 10

// The Append functions write one msgpack value in its shortest format (msgpack specification, "Formats") and return
// the longer dst. They keep nothing of what they are given. A length of 2^32 or more has no format: batches stay far below.

// AppendNil writes nil.
func AppendNil(dst []byte) []byte { return append(dst, 0xc0) }

// AppendBool writes a bool.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

// AppendInt writes an integer; one that is not negative in an unsigned format.
func AppendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(dst, uint64(v))
	case v >= -32:
		return append(dst, byte(v))
	case v >= math.MinInt8:
		return append(dst, 0xd0, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(v))
}

// AppendUint writes an integer that may pass 2^63-1.
func AppendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 128:
		return append(dst, byte(v))
	case v <= math.MaxUint8:
		return append(dst, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
}

// AppendFloat32 writes a float of 32 bits. A FLOAT keeps its width, so that its JSON has no false digits.
func AppendFloat32(dst []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(v))
}

// AppendFloat64 writes a float of 64 bits.
func AppendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
}

// AppendStringHeader opens a str of n bytes that the caller appends next.
func AppendStringHeader(dst []byte, n int) []byte {
	switch {
	case n < 32:
		return append(dst, 0xa0|byte(n))
	case n <= math.MaxUint8:
		return append(dst, 0xd9, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
}

// AppendString writes a str. It should be UTF-8; nothing here looks.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	return append(AppendStringHeader(dst, len(s)), s...)
}

// AppendBinHeader opens a bin of n bytes that the caller appends next.
func AppendBinHeader(dst []byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, 0xc4, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(n))
}

// AppendBin writes a bin.
func AppendBin(dst, b []byte) []byte { return append(AppendBinHeader(dst, len(b)), b...) }

// AppendArrayHeader opens an array of n values that the caller appends next.
func AppendArrayHeader(dst []byte, n int) []byte {
	switch {
	case n < 16:
		return append(dst, 0x90|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xdc), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdd), uint32(n))
}

// AppendMapHeader opens a map of n keys and values that the caller appends next.
func AppendMapHeader(dst []byte, n int) []byte {
	switch {
	case n < 16:
		return append(dst, 0x80|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xde), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdf), uint32(n))
}

// AppendExt writes an extension value of an application type.
func AppendExt(dst []byte, typ int8, data []byte) []byte {
	switch n := len(data); n {
	case 1:
		dst = append(dst, 0xd4)
	case 2:
		dst = append(dst, 0xd5)
	case 4:
		dst = append(dst, 0xd6)
	case 8:
		dst = append(dst, 0xd7)
	case 16:
		dst = append(dst, 0xd8)
	default:
		switch {
		case n <= math.MaxUint8:
			dst = append(dst, 0xc7, byte(n))
		case n <= math.MaxUint16:
			dst = binary.BigEndian.AppendUint16(append(dst, 0xc8), uint16(n))
		default:
			dst = binary.BigEndian.AppendUint32(append(dst, 0xc9), uint32(n))
		}
	}
	return append(append(dst, byte(typ)), data...)
}

// AppendEventTime writes t as Fluentd's EventTime, always as fixext8 (Forward Protocol Specification v1, "EventTime Ext
// Format"): unsigned 32-bit seconds, so times before 1970 or after 2106-02-07 do not survive.
func AppendEventTime(dst []byte, t time.Time) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, 0xd7, byte(ExtEventTime)), uint32(t.Unix()))
	return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
}

// AppendHead opens an event: the two-element array and its time. The record follows.
func AppendHead(dst []byte, t time.Time) []byte { return AppendEventTime(append(dst, 0x92), t) }
