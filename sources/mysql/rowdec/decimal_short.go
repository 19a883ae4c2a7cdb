package rowdec

import "yamabiko/event"

// appendShortDecimal writes a value of at most one group on either side of the point, which nearly all are.
func appendShortDecimal(dst, v []byte, whole, scale int) ([]byte, bool) {
	size := decimalBytes[whole]
	x := bigEndian(v) ^ 1<<(8*len(v)-1)
	negative := v[0]&0x80 == 0
	if negative {
		x ^= 1<<(8*len(v)) - 1
	}
	a, b := uint32(x>>(8*(len(v)-size))), uint32(x&(1<<(8*(len(v)-size))-1))
	if a >= decimalLimit[whole] || b >= decimalLimit[scale] {
		return dst, false
	}
	var buf [maxDecimal]byte
	at := len(buf)
	if scale > 0 {
		at = putDigits(buf[:at], b, scale) - 1
		buf[at] = '.'
	}
	at = putDigits(buf[:at], a, 1)
	if negative && x != 0 {
		at--
		buf[at] = '-'
	}
	return event.AppendString(dst, buf[at:]), true
}

// putDigits writes x to the end of b, with at least this many digits, and returns where they begin.
func putDigits(b []byte, x uint32, least int) (at int) {
	at = len(b)
	for ; x >= 10; x /= 100 {
		at -= 2
		two(b[at:], x%100)
	}
	if x > 0 {
		at--
		b[at] = byte('0' + x)
	}
	for len(b)-at < least {
		at--
		b[at] = '0'
	}
	return at
}
