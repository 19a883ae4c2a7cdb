package event

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// AppendJSONString appends s as a quoted JSON string. Only what must be escaped is (RFC 8259, section 7); bytes that
// are not UTF-8 become U+FFFD, one each.
func AppendJSONString(dst, s []byte) []byte { return appendString(dst, s) }

func appendString(dst, s []byte) []byte {
	if isPlain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	dst = append(dst, '"')
	for !utf8.Valid(s) {
		n := validLen(s)
		dst = append(appendEscaped(dst, s[:n]), "\uFFFD"...)
		s = s[n+1:]
	}
	return append(appendEscaped(dst, s), '"')
}

// validLen is the length of the UTF-8 that s, which is not all UTF-8, begins with.
func validLen(s []byte) int {
	for i := 0; ; {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
}

// appendEscaped appends s, which is UTF-8, with its quotes, backslashes and control characters escaped.
func appendEscaped(dst, s []byte) []byte {
	for {
		n := escapeAt(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return dst
		}
		dst = appendEscape(dst, s[n])
		s = s[n+1:]
	}
}

func appendEscape(dst []byte, c byte) []byte {
	const short = "btn\x00fr" // for 8 to 13
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c >= 8 && c <= 13 && c != 11:
		return append(dst, '\\', short[c-8])
	default:
		const hex = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0x0f])
	}
}

// Eight bytes are looked at in one word. Taking a byte's bound from it borrows from its top bit where it is below;
// what a borrow does to the bytes after it matters to nobody, since the first hit counts.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// isPlain tells whether s is ASCII without anything to escape: most strings are, and are copied as they are.
func isPlain(s []byte) bool {
	if n := len(s); n >= 8 {
		for i := 0; i < n-8; i += 8 {
			if special(binary.LittleEndian.Uint64(s[i:])) != 0 {
				return false
			}
		}
		return special(binary.LittleEndian.Uint64(s[n-8:])) == 0 // may look at some twice
	} else if n >= 4 {
		head, tail := binary.LittleEndian.Uint32(s), binary.LittleEndian.Uint32(s[n-4:])
		return special(uint64(head)|uint64(tail)<<32) == 0
	}
	for _, c := range s {
		if needsEscape(c) || c >= 0x80 {
			return false
		}
	}
	return true
}

// special has a top bit set where a byte of w is to be escaped or is not ASCII.
func special(w uint64) uint64 {
	return (w | (w - ones*0x20) | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)) & tops
}

// escapeAt returns the place of the first byte of s that needs an escape, or len(s).
func escapeAt(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		q, b := w^ones*'"', w^ones*'\\'
		hits := ((w-ones*0x20)&^w | (q-ones)&^q | (b-ones)&^b) & tops
		if hits != 0 {
			return i + bits.TrailingZeros64(hits)/8
		}
	}
	for ; i < len(s); i++ {
		if needsEscape(s[i]) {
			return i
		}
	}
	return len(s)
}

func needsEscape(c byte) bool { return c < 0x20 || c == '"' || c == '\\' }
