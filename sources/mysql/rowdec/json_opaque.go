package rowdec

import (
	"encoding/base64"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
)

// appendOpaque writes a JSON value of another SQL type as the server prints it.
func appendOpaque(dst []byte, typ byte, v []byte) ([]byte, bool) {
	switch typ {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return appendOpaqueDecimal(dst, v)
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_TIME:
		if len(v) != 8 {
			return dst, false
		}
		return appendOpaqueTemporal(dst, typ, int64(le64(v)))
	}
	return appendOpaqueBytes(dst, typ, v), true
}

// appendOpaqueBytes writes any other type in base64, in the lines of 76 characters that the server makes of it.
func appendOpaqueBytes(dst []byte, typ byte, v []byte) []byte {
	const before, line = "base64:type", 57
	var digits [3]byte
	number := strconv.AppendUint(digits[:0], uint64(typ), 10)
	n := len(before) + len(number) + 1 + base64.StdEncoding.EncodedLen(len(v))
	if len(v) > 0 {
		n += (len(v) - 1) / line // line breaks
	}
	dst = append(append(event.AppendStringHeader(dst, n), before...), number...)
	dst = append(dst, ':')
	for ; len(v) > line; v = v[line:] {
		dst = append(base64.StdEncoding.AppendEncode(dst, v[:line]), '\n')
	}
	return base64.StdEncoding.AppendEncode(dst, v)
}

// appendOpaqueDecimal reads a precision, a scale, and a DECIMAL of these.
func appendOpaqueDecimal(dst, v []byte) ([]byte, bool) {
	if len(v) < 2 {
		return dst, false
	}
	prec, scale := int(v[0]), int(v[1])
	if prec < 1 || prec > maxDigits || scale > prec || len(v) != 2+decimalSize(prec, scale) {
		return dst, false
	}
	var t decimalText
	text, ok := t.parse(v[2:], prec, scale)
	if !ok {
		return dst, false
	}
	return appendNumber(dst, text)
}

// appendOpaqueTemporal reads the server's packed form: the parts from bit 24 up, the microseconds below.
func appendOpaqueTemporal(dst []byte, typ byte, x int64) ([]byte, bool) {
	if typ == mysql.MYSQL_TYPE_TIME {
		return appendOpaqueTime(dst, x)
	}
	t := unpackDateTime(x>>24, uint32(x&(1<<24-1)))
	if !t.ok() {
		return dst, false
	}
	if typ == mysql.MYSQL_TYPE_DATE {
		return appendDay(dst, t), true
	}
	return appendDateTime(dst, t, ' ', 6, false), true
}

func appendOpaqueTime(dst []byte, x int64) ([]byte, bool) {
	t, negative := unpackTime(x, 24)
	return appendDuration(dst, t, negative, 6)
}
