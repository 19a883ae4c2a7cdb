package event

import "time"

// trimmed asks appendTime for the digits that are needed.
const trimmed = -1

// appendTime appends t in RFC 3339, in UTC, with so many digits of the second's fraction. The year is of four digits,
// as an EventTime's is.
func appendTime(dst []byte, t time.Time, digits int) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendPair(appendPair(dst, year/100), year%100)
	dst = appendPair(append(dst, '-'), int(month))
	dst = appendPair(append(dst, '-'), day)
	dst = appendPair(append(dst, 'T'), hour)
	dst = appendPair(append(dst, ':'), minute)
	dst = appendPair(append(dst, ':'), second)
	return append(appendFraction(dst, t.Nanosecond(), digits), 'Z')
}

func appendFraction(dst []byte, ns, digits int) []byte {
	if digits == trimmed {
		digits = 9
		for n := ns; digits > 0 && n%10 == 0; n /= 10 {
			digits--
		}
	}
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	start := len(dst)
	for div := 10_000_000; div > 0; div /= 100 {
		dst = appendPair(dst, ns/div%100)
	}
	dst = append(dst, byte('0'+ns%10))
	return dst[:start+digits]
}

func appendPair(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }
