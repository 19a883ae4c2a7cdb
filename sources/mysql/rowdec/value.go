package rowdec

import (
	"encoding/binary"
	"math"

	"yamabiko/event"
)

func be32(v []byte) uint32 { return binary.BigEndian.Uint32(v) }
func le16(v []byte) uint16 { return binary.LittleEndian.Uint16(v) }
func le32(v []byte) uint32 { return binary.LittleEndian.Uint32(v) }
func le64(v []byte) uint64 { return binary.LittleEndian.Uint64(v) }
func le24(v []byte) uint32 { return uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16 }

// appendWire writes the msgpack form of a value that cut gave. ok is false where the type has no such value.
func (c *column) appendWire(dst, v []byte) (out []byte, ok bool) {
	switch c.code {
	case codeInt:
		return event.AppendInt(dst, int64(little(v)<<c.shift)>>c.shift), true
	case codeUint:
		return event.AppendUint(dst, little(v)), true
	case codeUTF8:
		return event.AppendString(dst, v), true
	case codeLatin1:
		return appendLatin1(dst, v), true
	case codeBin:
		return event.AppendBin(dst, v), true
	case codeFloat:
		return event.AppendFloat32(dst, math.Float32frombits(le32(v))), true
	case codeDouble:
		return event.AppendFloat64(dst, math.Float64frombits(le64(v))), true
	case codeDecimal:
		return appendDecimal(dst, v, c.prec, c.Digits)
	case codeDate, codeDateTime, codeTimestamp:
		return c.appendTemporal(dst, v, false)
	case codeEnum:
		return c.appendEnum(dst, v)
	}
	return c.appendRare(dst, v)
}

// appendRare is the rest of appendWire.
func (c *column) appendRare(dst, v []byte) (out []byte, ok bool) {
	switch c.code {
	case codeYear:
		return event.AppendInt(dst, year(v[0])), true
	case codeBit:
		return event.AppendUint(dst, bigEndian(v)), true
	case codeSet:
		return c.appendSet(dst, v)
	case codeBinPad:
		return appendPadded(dst, v, c.size)
	case codeJSON:
		return appendJSON(dst, v)
	case codeVector:
		return appendVector(dst, v)
	}
	return c.appendTemporal(dst, v, false)
}

// year: 0 is the year 0000, and the others count from 1900.
func year(b byte) int64 {
	if b == 0 {
		return 0
	}
	return 1900 + int64(b)
}

func little(v []byte) (x uint64) {
	for i, c := range v {
		x |= uint64(c) << (8 * i)
	}
	return x
}

func bigEndian(v []byte) (x uint64) {
	for _, c := range v {
		x = x<<8 | uint64(c)
	}
	return x
}

// appendEnum writes the label. Index 0 is what MySQL stores for an invalid value, and prints as ”.
func (c *column) appendEnum(dst, v []byte) ([]byte, bool) {
	i := int(v[0])
	if len(v) == 2 {
		i = int(le16(v))
	}
	switch {
	case i == 0:
		return event.AppendString(dst, ""), true
	case i > len(c.labels):
		return dst, false
	}
	return append(dst, c.labels[i-1]...), true
}

// appendSet writes an array of labels; bit i of the little-endian value stands for member i.
func (c *column) appendSet(dst, v []byte) ([]byte, bool) {
	n := 0
	for i := range len(v) * 8 {
		if v[i>>3]&(1<<(i&7)) == 0 {
			continue
		}
		if n++; i >= len(c.labels) {
			return dst, false
		}
	}
	dst = event.AppendArrayHeader(dst, n)
	for i, label := range c.labels {
		if i>>3 < len(v) && v[i>>3]&(1<<(i&7)) != 0 {
			dst = append(dst, label...)
		}
	}
	return dst, true
}

// appendPadded writes a BINARY(n) with the zeros that the binlog leaves out at its end.
func appendPadded(dst, v []byte, n int) ([]byte, bool) {
	if len(v) > n {
		return dst, false
	}
	dst = append(event.AppendBinHeader(dst, n), v...)
	for range n - len(v) {
		dst = append(dst, 0)
	}
	return dst, true
}

// appendVector writes an array of float32; the wire has them little-endian.
func appendVector(dst, v []byte) ([]byte, bool) {
	if len(v)%4 != 0 {
		return dst, false
	}
	dst = event.AppendArrayHeader(dst, len(v)/4)
	for ; len(v) > 0; v = v[4:] {
		dst = event.AppendFloat32(dst, math.Float32frombits(le32(v)))
	}
	return dst, true
}

// appendJSON writes a JSON column. An empty value is what a NOT NULL column holds in rows older than itself.
func appendJSON(dst, v []byte) ([]byte, bool) {
	if len(v) == 0 {
		return event.AppendNil(dst), true
	}
	out, err := AppendJSONBinary(dst, v)
	return out, err == nil
}
