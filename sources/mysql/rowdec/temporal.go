package rowdec

import (
	"encoding/binary"
)

// The formats of the temporal types are those of the server's my_time.cc: my_datetime_packed_to_binary and its
// brothers, and for the old ones the decimal numbers of Field_datetime and Field_time.

// clock is a point in time, or for TIME a duration, cut in its parts.
type clock struct {
	year, month, day     uint32
	hour, minute, second uint32
	micro                uint32
}

// partial tells whether this is a date that no calendar has: MySQL's zero date, or one without month or day.
func (c clock) partial() bool { return c.month == 0 || c.day == 0 }

// ok tells whether the parts are within what MySQL can store; noYear says that they were not to be read.
func (c clock) ok() bool {
	return c.year <= 9999 && c.month <= 12 && c.day <= 31 && c.hour <= 23 &&
		c.minute <= 59 && c.second <= 59 && c.micro <= 999999
}

// timeOK is ok for a duration.
func (c clock) timeOK() bool {
	return c.hour <= 838 && c.minute <= 59 && c.second <= 59 && c.micro <= 999999
}

// readFraction reads the bytes behind the seconds, as microseconds; they are one for each two digits.
func readFraction(v []byte) uint32 {
	switch len(v) {
	case 1:
		return uint32(v[0]) * 10000
	case 2:
		return uint32(binary.BigEndian.Uint16(v)) * 100
	case 3:
		return uint32(v[0])<<16 | uint32(v[1])<<8 | uint32(v[2])
	}
	return 0
}

func readDate(v []byte) clock {
	x := le24(v)
	return clock{year: x >> 9, month: x >> 5 & 15, day: x & 31}
}

func readDateTime(v []byte) clock {
	x := int64(v[0])<<32 | int64(binary.BigEndian.Uint32(v[1:]))
	return unpackDateTime(x-1<<39, readFraction(v[5:]))
}

// unpackDateTime takes apart year*13+month (from bit 22), day (5 bits), hour (5), minute (6), second (6).
func unpackDateTime(x int64, micro uint32) clock {
	if x < 0 {
		return clock{year: noYear}
	}
	month, rest := uint32(x>>22), uint32(x&(1<<22-1))
	return clock{
		year: month / 13, month: month % 13, day: rest >> 17,
		hour: rest >> 12 & 31, minute: rest >> 6 & 63, second: rest & 63, micro: micro,
	}
}

const noYear = 1 << 31

func readOldDateTime(v []byte) clock {
	x := le64(v)
	if x > 99991231235959 {
		return clock{year: noYear}
	}
	d, t := uint32(x/1000000), uint32(x%1000000)
	return clock{year: d / 10000, month: d / 100 % 100, day: d % 100, hour: t / 10000, minute: t / 100 % 100, second: t % 100}
}

// fromUnix takes apart seconds since 1970 in UTC. Zero is the zero date: a TIMESTAMP begins one second later.
func fromUnix(sec, micro uint32) clock {
	if sec == 0 {
		return clock{}
	}
	day, s := sec/86400, sec%86400
	// Days since 0000-03-01, so that the leap day is the last of its year, in eras of 400 years.
	z := day + 719468
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	month := (5*doy + 2) / 153
	c := clock{year: yoe + era*400, month: month + 3, day: doy - (153*month+2)/5 + 1, hour: s / 3600, minute: s / 60 % 60, second: s % 60, micro: micro}
	if c.month > 12 {
		c.month -= 12
		c.year++
	}
	return c
}

// readTime gives a duration; its hours may be as many as 838.
func readTime(v []byte) (c clock, negative bool) {
	bits := 8 * (len(v) - 3)
	c, negative = unpackTime(int64(bigEndian(v))-1<<23<<bits, bits)
	for ; bits < 24; bits += 8 {
		c.micro *= 100
	}
	return c, negative
}

// unpackTime takes apart hour, minute (6 bits), second (6), and a fraction of this many bits. The fraction is part of
// the number, so that negating the whole puts it right too.
func unpackTime(x int64, fraction int) (c clock, negative bool) {
	if x < 0 {
		x, negative = -x, true
	}
	s := uint32(x >> fraction)
	return clock{hour: s >> 12, minute: s >> 6 & 63, second: s & 63, micro: uint32(x & (1<<fraction - 1))}, negative
}

func readOldTime(v []byte) (c clock, negative bool) {
	x := int32(uint32(v[0])<<8|uint32(v[1])<<16|uint32(v[2])<<24) >> 8
	if x < 0 {
		x, negative = -x, true
	}
	return clock{hour: uint32(x / 10000), minute: uint32(x / 100 % 100), second: uint32(x % 100)}, negative
}
