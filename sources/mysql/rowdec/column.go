package rowdec

import "yamabiko/event"

// code says how a column's bytes in a row image are read. The order has no meaning.
type code uint8

const (
	codeNone code = iota // known from information_schema only: no row image can be read
	codeInt8
	codeUint8
	codeInt16
	codeUint16
	codeInt24
	codeUint24
	codeInt32
	codeUint32
	codeInt64
	codeUint64
	codeFloat
	codeDouble
	codeDecimal
	codeYear
	codeDate
	codeTime
	codeDateTime
	codeTimestamp
	codeOldTime      // the three of tables made before MySQL 5.6
	codeOldDateTime  //
	codeOldTimestamp //
	codeBit
	codeEnum
	codeSet
	codeUTF8
	codeLatin1
	codeBin
	codeBinPad
	codeJSON
	codeVector
)

// column is one column of a Plan.
type column struct {
	event.Column
	label  []byte   // the name as a msgpack str
	code   code     //
	prefix uint8    // bytes of the length that stands before a value of variable size; 0: the size is fixed
	size   int      // a fixed value's bytes; for codeBinPad, the bytes to pad to
	prec   int      // codeDecimal: digits in all, Digits of them after the point
	labels [][]byte // codeEnum, codeSet: the members as msgpack strs
	key    int      // the place in the primary key, or -1
}

// cut takes the value of the column from the front of a row image. ok is false where the image is cut short.
func (c *column) cut(img []byte) (v, rest []byte, ok bool) {
	n := c.size
	if c.prefix != 0 {
		if n, ok = c.length(img); !ok {
			return nil, nil, false
		}
		img = img[c.prefix:]
	}
	if n > len(img) {
		return nil, nil, false
	}
	return img[:n:n], img[n:], true
}

func (c *column) length(img []byte) (n int, ok bool) {
	if len(img) < int(c.prefix) {
		return 0, false
	}
	switch c.prefix {
	case 1:
		return int(img[0]), true
	case 2:
		return int(img[0]) | int(img[1])<<8, true
	case 3:
		return int(img[0]) | int(img[1])<<8 | int(img[2])<<16, true
	}
	return int(img[0]) | int(img[1])<<8 | int(img[2])<<16 | int(img[3])<<24, true
}
