package rowdec

import "yamabiko/event"

// code says how a column's bytes in a row image are read. The order has no meaning.
type code uint8

const (
	codeNone code = iota // known from information_schema only: no row image can be read
	codeInt              // of any size, little-endian
	codeUint
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
	label  label    // the name
	code   code     //
	prefix uint8    // bytes of the length that stands before a value of variable size; 0: the size is fixed
	shift  uint8    // codeInt, codeUint: the bits that eight bytes have more than the value
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
	if uint(n) > uint(len(img)) { // int may have 32 bits
		return nil, nil, false
	}
	return img[:n], img[n:], true
}

func (c *column) length(img []byte) (n int, ok bool) {
	if len(img) < int(c.prefix) {
		return 0, false
	}
	switch c.prefix {
	case 1:
		return int(img[0]), true
	case 2:
		return int(le16(img)), true
	case 3:
		return int(le24(img)), true
	}
	return int(le32(img)), true
}

// label is a piece of msgpack that is written with every row. Short ones are copied as one block of a fixed size, of
// which only the first n bytes count: that is several times as fast as a copy of n bytes.
type label struct {
	n     int
	block [labelBlock]byte
	long  []byte // instead of block, where it is longer
}

const labelBlock = 16

func newLabel(b []byte) label {
	l := label{n: len(b)}
	if copy(l.block[:], b) < len(b) {
		l.long = b
	}
	return l
}

func (l *label) append(dst []byte) []byte {
	n := len(dst)
	if cap(dst)-n < labelBlock || l.long != nil {
		return l.appendSlow(dst)
	}
	dst = dst[:n+labelBlock]
	*(*[labelBlock]byte)(dst[n:]) = l.block
	return dst[:n+l.n]
}

func (l *label) appendSlow(dst []byte) []byte {
	if l.long != nil {
		return append(dst, l.long...)
	}
	return append(dst, l.block[:l.n]...)
}
