package rowdec

import "encoding/binary"

// The formats of the temporal types are those of the server's my_time.cc: my_datetime_packed_to_binary and its
// brothers, and for the old ones the decimal numbers of Field_datetime and Field_time.

// clock is a point in time, or for TIME a duration, in the packed parts that MySQL itself uses: few enough that they
// stay in registers.
type clock struct {
	date  uint32 // year, month (4 bits), day (5)
	time  uint32 // hour, minute (6 bits), second (6)
	micro uint32
}

func packDate(year, month, day uint32) uint32 { return year<<9 | month<<5 | day }

func packTime(hour, minute, second uint32) uint32 { return hour<<12 | minute<<6 | second }

func (c clock) year() uint32   { return c.date >> 9 }
func (c clock) month() uint32  { return c.date >> 5 & 15 }
func (c clock) day() uint32    { return c.date & 31 }
func (c clock) hour() uint32   { return c.time >> 12 }
func (c clock) minute() uint32 { return c.time >> 6 & 63 }
func (c clock) second() uint32 { return c.time & 63 }

// never is a clock that is neither ok nor timeOK.
var never = clock{date: 1 << 31, time: 1 << 31}

// partial tells whether this is a date that no calendar has: MySQL's zero date, or one without month or day.
func (c clock) partial() bool { return c.month() == 0 || c.day() == 0 }

// ok tells whether the parts are within what MySQL can store. Each difference below zero sets its first bit.
func (c clock) ok() bool {
	return c.timeOK(23) && (9999-c.year()|12-c.month())>>31 == 0
}

// timeOK is ok for a duration of at most this many hours and what is below them.
func (c clock) timeOK(hours uint32) bool {
	return (hours-c.hour()|59-c.minute()|59-c.second()|999999-c.micro)>>31 == 0
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

func readDateTime(v []byte) clock {
	x := int64(v[0])<<32 | int64(be32(v[1:]))
	return unpackDateTime(x-1<<39, readFraction(v[5:]))
}

// unpackDateTime takes apart year*13+month (from bit 22), day (5 bits), and the time.
func unpackDateTime(x int64, micro uint32) clock {
	month := uint32(x >> 22)
	if x < 0 || month > 13*9999+12 {
		return never
	}
	return clock{packDate(month/13, month%13, uint32(x>>17)&31), uint32(x) & (1<<17 - 1), micro}
}

func readOldDateTime(v []byte) clock {
	x := le64(v)
	d, t := uint32(x/1000000), uint32(x%1000000)
	if month, day := d/100%100, d%100; x > 99991231235959 || month > 12 || day > 31 || t/100%100 > 59 || t%100 > 59 {
		return never
	}
	return clock{packDate(d/10000, d/100%100, d%100), packTime(t/10000, t/100%100, t%100), 0}
}

// fromUnix takes apart seconds since 1970 in UTC. Zero is the zero date: a TIMESTAMP begins one second later.
func fromUnix(sec, micro uint32) clock {
	if sec == 0 {
		return clock{micro: micro}
	}
	s := sec % 86400
	return clock{fromDays(sec / 86400), packTime(s/3600, s/60%60, s%60), micro}
}

// fromDays takes apart days since 1970, by the method of C. Neri and L. Schneider, "Euclidean affine functions and
// their application to calendar algorithms" (2022): the year begins in March, so that the leap day is its last, and the
// remainders of linear functions stand in for tables.
func fromDays(days uint32) (date uint32) {
	const toMarchOfYear0 = 719468
	n := 4*(days+toMarchOfYear0) + 3
	century, ofCentury := n/146097, n%146097|3
	p := 2939745 * uint64(ofCentury)
	year, dayOfYear := 100*century+uint32(p>>32), uint32(p)/2939745/4
	m := 2141*dayOfYear + 197913
	month, day := m>>16, m&0xffff/2141+1
	if month > 12 {
		month, year = month-12, year+1
	}
	return packDate(year, month, day)
}

// readTime gives a duration; its hours may be as many as 838.
func readTime(v []byte) (c clock, negative bool) {
	bits := 8 * (len(v) - 3)
	c, negative = unpackTime(int64(bigEndian(v))-1<<23<<bits, bits)
	for ; bits > 0 && bits < 24; bits += 8 {
		c.micro *= 100
	}
	return c, negative
}

// unpackTime takes apart a time and a fraction of this many bits. The fraction is part of the number, so that negating
// the whole puts it right too.
func unpackTime(x int64, fraction int) (c clock, negative bool) {
	if x < 0 {
		x, negative = -x, true
	}
	return clock{time: uint32(min(x>>fraction, 1<<31)), micro: uint32(x & (1<<fraction - 1))}, negative
}

func readOldTime(v []byte) (c clock, negative bool) {
	x := int32(le24(v)<<8) >> 8
	if x < 0 {
		x, negative = -x, true
	}
	t := uint32(x)
	if t/100%100 > 59 || t%100 > 59 {
		return never, negative
	}
	return clock{time: packTime(t/10000, t/100%100, t%100)}, negative
}
