package rowdec

import (
	"errors"

	"yamabiko/event"
)

var errJSONText = errors.New("not a JSON text of MySQL's")

// AppendJSONText writes a JSON value as the server prints it as msgpack, with the bytes that AppendJSONBinary gives for
// the same value. It is strict: what RFC 8259 does not allow is an error, and nesting beyond the server's own limit
// too. dst is returned as it was on an error.
func AppendJSONText(dst, text []byte) ([]byte, error) {
	out, rest, ok := jsonValue(dst, text, 0)
	if !ok || len(skipSpace(rest)) != 0 {
		return dst, errJSONText
	}
	return out, nil
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// jsonValue writes the value that b begins with and returns what follows it.
func jsonValue(dst, b []byte, depth int) (out, rest []byte, ok bool) {
	b = skipSpace(b)
	if len(b) == 0 {
		return dst, b, false
	}
	switch c := b[0]; {
	case c == '"':
		return jsonStringText(dst, b[1:])
	case c == '{', c == '[':
		return jsonContainer(dst, b[1:], c == '{', depth+1)
	case c == '-', '0' <= c && c <= '9':
		n := numberLen(b)
		out, ok = appendNumber(dst, b[:n])
		return out, b[n:], ok && n > 0
	}
	return jsonLiteralText(dst, b)
}

func jsonLiteralText(dst, b []byte) (out, rest []byte, ok bool) {
	switch {
	case len(b) >= 4 && string(b[:4]) == "null":
		return event.AppendNil(dst), b[4:], true
	case len(b) >= 4 && string(b[:4]) == "true":
		return event.AppendBool(dst, true), b[4:], true
	case len(b) >= 5 && string(b[:5]) == "false":
		return event.AppendBool(dst, false), b[5:], true
	}
	return dst, b, false
}

// numberLen is the length of the number that b begins with, 0 if it is none.
func numberLen(b []byte) int {
	i := 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if b[0] == '-' {
		i++
	}
	if zero := i < len(b) && b[i] == '0'; zero {
		i++
	} else if !digits() {
		return 0
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return 0
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// jsonContainer writes an object or array of which b begins behind the bracket. How many elements it has is known at
// its end only, so the header is written last, and what follows it moves if it is longer than one byte.
func jsonContainer(dst, b []byte, object bool, depth int) (out, rest []byte, ok bool) {
	if depth > maxJSONDepth {
		return dst, b, false
	}
	end := byte(']')
	if object {
		end = '}'
	}
	at, count := len(dst), 0
	dst = append(dst, 0)
	for b = skipSpace(b); ; count++ {
		if len(b) > 0 && b[0] == end && count == 0 {
			break
		}
		if object {
			if dst, b, ok = jsonName(dst, b); !ok {
				return dst, b, false
			}
		}
		if dst, b, ok = jsonValue(dst, b, depth); !ok {
			return dst, b, false
		}
		if b = skipSpace(b); len(b) == 0 || b[0] != ',' && b[0] != end {
			return dst, b, false
		}
		if b[0] == end {
			count++
			break
		}
		b = b[1:]
	}
	return closeContainer(dst, at, count, object), b[1:], true
}

// jsonName writes an object's next name and takes the colon behind it.
func jsonName(dst, b []byte) (out, rest []byte, ok bool) {
	if b = skipSpace(b); len(b) == 0 || b[0] != '"' {
		return dst, b, false
	}
	if dst, b, ok = jsonStringText(dst, b[1:]); !ok {
		return dst, b, false
	}
	if b = skipSpace(b); len(b) == 0 || b[0] != ':' {
		return dst, b, false
	}
	return dst, b[1:], true
}

// closeContainer puts the header in the place at `at` where one byte was left for it.
func closeContainer(dst []byte, at, count int, object bool) []byte {
	var buf [5]byte
	head := event.AppendArrayHeader(buf[:0], count)
	if object {
		head = event.AppendMapHeader(buf[:0], count)
	}
	return insertHeader(dst, at, head)
}

// insertHeader replaces the byte at `at` by head.
func insertHeader(dst []byte, at int, head []byte) []byte {
	if more := len(head) - 1; more > 0 {
		dst = append(dst, head[:more]...)
		copy(dst[at+len(head):], dst[at+1:])
	}
	copy(dst[at:], head)
	return dst
}
