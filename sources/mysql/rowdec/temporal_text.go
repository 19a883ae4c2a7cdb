package rowdec

import "yamabiko/event"

// pairs has the digits of 0 to 99.
const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

// appendTemporal writes a value of a temporal type. Zero and partial dates are nil, unless keep asks for their
// digits: keys need them, or two rows would share a key. ok is false where no such value exists.
func (c *column) appendTemporal(dst, v []byte, keep bool) (out []byte, ok bool) {
	var t clock
	switch c.code {
	case codeTime:
		t, negative := readTime(v)
		return appendDuration(dst, &t, negative, c.Digits)
	case codeOldTime:
		t, negative := readOldTime(v)
		return appendDuration(dst, &t, negative, 0)
	case codeDate:
		t = readDate(v)
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
		return appendDay(event.AppendStringHeader(dst, 10), &t), true
	}
	return appendDateTime(dst, &t, c.Digits, c.Kind == event.Timestamp), true
}

func appendDay(dst []byte, t *clock) []byte {
	a, b, m, d := t.year/100*2, t.year%100*2, t.month*2, t.day*2
	return append(dst, pairs[a], pairs[a+1], pairs[b], pairs[b+1], '-', pairs[m], pairs[m+1], '-', pairs[d], pairs[d+1])
}

func appendDateTime(dst []byte, t *clock, digits int, utc bool) []byte {
	n := len("2006-01-02T15:04:05") + fractionLen(digits)
	if utc {
		n++
	}
	dst = appendDay(event.AppendStringHeader(dst, n), t)
	h := t.hour * 2
	dst = appendMinutes(append(dst, 'T', pairs[h], pairs[h+1]), t, digits)
	if utc {
		dst = append(dst, 'Z')
	}
	return dst
}

// fractionLen is the length of the point and the digits behind it.
func fractionLen(digits int) int {
	if digits == 0 {
		return 0
	}
	return 1 + digits
}

// appendMinutes writes what stands behind the hour.
func appendMinutes(dst []byte, t *clock, digits int) []byte {
	m, s := t.minute*2, t.second*2
	dst = append(dst, ':', pairs[m], pairs[m+1], ':', pairs[s], pairs[s+1])
	if digits == 0 {
		return dst
	}
	x, y, z := t.micro/10000*2, t.micro/100%100*2, t.micro%100*2
	dst = append(dst, '.', pairs[x], pairs[x+1], pairs[y], pairs[y+1], pairs[z], pairs[z+1])
	return dst[:len(dst)-6+digits]
}

// appendDuration writes a TIME: at least two digits of hours, and a sign before it where it is negative.
func appendDuration(dst []byte, t *clock, negative bool, digits int) ([]byte, bool) {
	if !t.timeOK() {
		return dst, false
	}
	n := len("15:04:05") + fractionLen(digits)
	if negative {
		n++
	}
	if t.hour > 99 {
		n++
	}
	dst = event.AppendStringHeader(dst, n)
	if negative {
		dst = append(dst, '-')
	}
	if t.hour > 99 {
		dst = append(dst, byte('0'+t.hour/100))
	}
	h := t.hour % 100 * 2
	return appendMinutes(append(dst, pairs[h], pairs[h+1]), t, digits), true
}
