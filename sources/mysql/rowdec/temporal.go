package rowdec

import (
	"encoding/binary"
)

// The formats of the temporal types are those of the server's my_time.cc: my_datetime_packed_to_binary and its
// brothers, and for the old ones the decimal numbers of Field_datetime and Field_time.

// clock is a point in time, or for TIME a duration, cut in its parts.
type clock struct {
	year, month, day     int
	hour, minute, second int
	micro                int
}

// partial tells whether this is a date that no calendar has: MySQL's zero date, or one without month or day.
func (c *clock) partial() bool { return c.month == 0 || c.day == 0 }

// ok tells whether the parts are within what MySQL can store; a negative year says that they were not to be read.
func (c *clock) ok() bool {
	return c.year >= 0 && c.year <= 9999 && c.month <= 12 && c.day <= 31 && c.hour <= 23 &&
		c.minute <= 59 && c.second <= 59 && c.micro <= 999999
}

// timeOK is ok for a duration.
func (c *clock) timeOK() bool {
	return c.hour <= 838 && c.minute <= 59 && c.second <= 59 && c.micro <= 999999
}

// readFraction reads the bytes behind the seconds, as microseconds; they are one for each two digits.
func readFraction(v []byte) int {
	switch len(v) {
	case 1:
		return int(v[0]) * 10000
	case 2:
		return int(binary.BigEndian.Uint16(v)) * 100
	case 3:
		return int(v[0])<<16 | int(v[1])<<8 | int(v[2])
	}
	return 0
}

func readDate(v []byte) clock {
	x := int(v[0]) | int(v[1])<<8 | int(v[2])<<16
	return clock{year: x >> 9, month: x >> 5 & 15, day: x & 31}
}

func readDateTime(v []byte) clock {
	x := int64(v[0])<<32 | int64(binary.BigEndian.Uint32(v[1:]))
	return unpackDateTime(x-1<<39, readFraction(v[5:]))
}

// unpackDateTime takes apart year*13+month (from bit 22), day (5 bits), hour (5), minute (6), second (6).
func unpackDateTime(x int64, micro int) clock {
	if x < 0 {
		return clock{year: -1}
	}
	month := int(x >> 22)
	return clock{
		year: month / 13, month: month % 13, day: int(x >> 17 & 31),
		hour: int(x >> 12 & 31), minute: int(x >> 6 & 63), second: int(x & 63), micro: micro,
	}
}

func readOldDateTime(v []byte) clock {
	x := binary.LittleEndian.Uint64(v)
	if x > 99991231235959 {
		return clock{year: -1}
	}
	d, t := int(x/1000000), int(x%1000000)
	return clock{year: d / 10000, month: d / 100 % 100, day: d % 100, hour: t / 10000, minute: t / 100 % 100, second: t % 100}
}

// fromUnix takes apart seconds since 1970 in UTC. Zero is the zero date: a TIMESTAMP begins one second later.
func fromUnix(sec uint32, micro int) clock {
	if sec == 0 {
		return clock{}
	}
	day, s := int(sec/86400), int(sec%86400)
	// Days since 0000-03-01, so that the leap day is the last of its year.
	z := day + 719468
	era := z / 146097
	doe := z % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	c := clock{year: yoe + era*400, day: doy - (153*mp+2)/5 + 1, hour: s / 3600, minute: s / 60 % 60, second: s % 60, micro: micro}
	if c.month = mp + 3; c.month > 12 {
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
	s := int(x >> fraction)
	return clock{hour: s >> 12, minute: s >> 6 & 63, second: s & 63, micro: int(x & (1<<fraction - 1))}, negative
}

func readOldTime(v []byte) (c clock, negative bool) {
	x := int32(uint32(v[0])<<8|uint32(v[1])<<16|uint32(v[2])<<24) >> 8
	if x < 0 {
		x, negative = -x, true
	}
	return clock{hour: int(x / 10000), minute: int(x / 100 % 100), second: int(x % 100)}, negative
}
