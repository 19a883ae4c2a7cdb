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
	const before = "base64:type"
	var digits [3]byte
	number := strconv.AppendUint(digits[:0], uint64(typ), 10)
	dst = event.AppendStringHeader(dst, len(before)+len(number)+1+base64.StdEncoding.EncodedLen(len(v)))
	dst = append(append(append(dst, before...), number...), ':')
	return base64.StdEncoding.AppendEncode(dst, v), true
}

// appendOpaqueDecimal reads a precision, a scale, and a DECIMAL of these.
func appendOpaqueDecimal(dst, v []byte) ([]byte, bool) {
	if len(v) < 2 {
		return dst, false
	}
	prec, scale := int(v[0]), int(v[1])
	if prec < 1 || prec > 65 || scale > 30 || scale > prec || len(v) != 2+decimalSize(prec, scale) {
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
	t := unpackDateTime(x>>24, int(x&(1<<24-1)))
	if !t.ok() {
		return dst, false
	}
	if typ == mysql.MYSQL_TYPE_DATE {
		return appendDay(event.AppendStringHeader(dst, 10), &t), true
	}
	dst = appendDay(event.AppendStringHeader(dst, 26), &t)
	h := t.hour * 2
	return appendMinutes(append(dst, ' ', pairs[h], pairs[h+1]), &t, 6), true
}

func appendOpaqueTime(dst []byte, x int64) ([]byte, bool) {
	t, negative := unpackTime(x, 24)
	return appendDuration(dst, &t, negative, 6)
}
