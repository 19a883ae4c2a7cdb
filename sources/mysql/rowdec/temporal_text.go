package rowdec

import (
	"encoding/binary"
	"slices"

	"yamabiko/event"
)

// pairs has the digits of 0 to 99, as two bytes to be written little-endian. It is indexed by a byte, so that no
// index is out of bounds.
var pairs = func() (t [256]uint16) {
	for i := range uint16(100) {
		t[i] = '0' + i/10 | ('0'+i%10)<<8
	}
	return t
}()

// two writes two digits to the front of b.
func two(b []byte, n uint32) { binary.LittleEndian.PutUint16(b, pairs[uint8(n)]) }

// appendTemporal writes a value of a temporal type. Zero and partial dates are nil, unless keep asks for their
// digits: keys need them, or two rows would share a key. ok is false where no such value exists.
func (c *column) appendTemporal(dst, v []byte, keep bool) (out []byte, ok bool) {
	var t clock
	switch c.code {
	case codeTime:
		t, negative := readTime(v)
		return appendDuration(dst, t, negative, c.Digits)
	case codeOldTime:
		t, negative := readOldTime(v)
		return appendDuration(dst, t, negative, 0)
	case codeDate:
		t.date = le24(v)
	case codeDateTime:
		t = readDateTime(v)
	case codeOldDateTime:
		t = readOldDateTime(v)
	case codeTimestamp:
		t = fromUnix(be32(v), readFraction(v[4:]))
	default:
		t = fromUnix(le32(v), 0)
	}
	switch {
	case !t.ok():
		return dst, false
	case t.partial() && !keep:
		return event.AppendNil(dst), true
	case c.Kind == event.Date:
		return appendDay(dst, t), true
	}
	return appendDateTime(dst, t, 'T', c.Digits, c.Kind == event.Timestamp), true
}

// temporalMax is the longest text of a temporal value with its head: a TIMESTAMP(6).
const temporalMax = 1 + len("2006-01-02T15:04:05.000000Z")

// room makes room for a temporal value behind dst, which the caller cuts to its length.
func room(dst []byte) (grown []byte, b *[temporalMax]byte) {
	n := len(dst)
	grown = slices.Grow(dst, temporalMax)[:n+temporalMax]
	return grown, (*[temporalMax]byte)(grown[n:])
}

const fixstr = 0xa0

func appendDay(dst []byte, t clock) []byte {
	n := len(dst) + len("a2006-01-02")
	dst, b := room(dst)
	b[0] = fixstr | byte(len("2006-01-02"))
	t.putDay(b)
	return dst[:n]
}

func (t clock) putDay(b *[temporalMax]byte) {
	two(b[1:], t.year()/100)
	two(b[3:], t.year()%100)
	b[5], b[8] = '-', '-'
	two(b[6:], t.month())
	two(b[9:], t.day())
}

// appendDateTime writes a point in time; between stands between day and hour.
func appendDateTime(dst []byte, t clock, between byte, digits int, utc bool) []byte {
	n := len(dst)
	dst, b := room(dst)
	t.putDay(b)
	b[11], b[14], b[17] = between, ':', ':'
	two(b[12:], t.hour())
	two(b[15:], t.minute())
	two(b[18:], t.second())
	end := 20
	if digits > 0 {
		b[20] = '.'
		putMicro(b[21:], t.micro)
		end = 21 + digits
	}
	if utc {
		b[end] = 'Z'
		end++
	}
	b[0] = fixstr | byte(end-1)
	return dst[:n+end]
}

func putMicro(b []byte, micro uint32) {
	two(b[4:], micro%100)
	two(b[2:], micro/100%100)
	two(b, micro/10000)
}

// appendDuration writes a TIME: at least two digits of hours, and a sign before it where it is negative.
func appendDuration(dst []byte, t clock, negative bool, digits int) ([]byte, bool) {
	if !t.timeOK(838) {
		return dst, false
	}
	n, at := len(dst), 1
	dst, b := room(dst)
	if negative {
		b[at] = '-'
		at++
	}
	if t.hour() > 99 {
		b[at] = byte('0' + t.hour()/100)
		at++
	}
	rest := b[at : at+len("15:04:05.000000")]
	two(rest, t.hour()%100)
	two(rest[3:], t.minute())
	two(rest[6:], t.second())
	rest[2], rest[5], rest[8] = ':', ':', '.'
	putMicro(rest[9:], t.micro)
	end := at + len("15:04:05") + fractionLen(digits)
	b[0] = fixstr | byte(end-1)
	return dst[:n+end], true
}

// fractionLen is the length of the point and the digits behind it.
func fractionLen(digits int) int {
	if digits == 0 {
		return 0
	}
	return 1 + digits
}
