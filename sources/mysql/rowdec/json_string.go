package rowdec

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"yamabiko/event"
)

// jsonStringText writes the string of which b begins behind the quote.
func jsonStringText(dst, b []byte) (out, rest []byte, ok bool) {
	for i, c := range b {
		switch {
		case c == '"':
			return event.AppendString(dst, b[:i]), b[i+1:], true
		case c == '\\':
			return jsonEscaped(dst, b)
		case c < 0x20:
			return dst, b, false
		}
	}
	return dst, b, false
}

// jsonEscaped is jsonStringText for strings with escapes, whose length is known at the end only.
func jsonEscaped(dst, b []byte) (out, rest []byte, ok bool) {
	at := len(dst)
	dst = append(dst, 0)
	for len(b) > 0 {
		switch c := b[0]; {
		case c == '"':
			var buf [5]byte
			head := event.AppendStringHeader(buf[:0], len(dst)-at-1)
			return insertHeader(dst, at, head), b[1:], true
		case c < 0x20:
			return dst, b, false
		case c != '\\':
			dst, b = append(dst, c), b[1:]
		case len(b) >= 2 && b[1] == 'u':
			r, after, ok := unicodeEscape(b)
			if !ok {
				return dst, b, false
			}
			dst, b = utf8.AppendRune(dst, r), after
		default:
			c, ok := shortEscape(b)
			if !ok {
				return dst, b, false
			}
			dst, b = append(dst, c), b[2:]
		}
	}
	return dst, b, false
}

func shortEscape(b []byte) (c byte, ok bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch c = b[1]; c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// unicodeEscape reads \uXXXX, or two of them where they are a surrogate pair; a surrogate alone is no character.
func unicodeEscape(b []byte) (r rune, rest []byte, ok bool) {
	r, ok = hex4(b)
	if !ok || !utf16.IsSurrogate(r) {
		return r, b[min(6, len(b)):], ok
	}
	low, ok := hex4(b[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, b, false
	}
	return r, b[12:], true
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var out [2]byte
	for i, c := range b[2:6] {
		var d byte
		switch lower := c | 0x20; {
		case c >= '0' && c <= '9':
			d = c - '0'
		case lower >= 'a' && lower <= 'f':
			d = lower - 'a' + 10
		default:
			return 0, false
		}
		out[i/2] = out[i/2]<<4 | d
	}
	return rune(binary.BigEndian.Uint16(out[:])), true
}
