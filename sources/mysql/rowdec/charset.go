package rowdec

import (
	"encoding/binary"
	"unicode/utf8"

	"yamabiko/event"
)

// Charsets names the character set of a collation, which is what a TABLE_MAP event carries.
type Charsets interface {
	// Name returns the character set's name as information_schema.COLLATIONS has it.
	Name(collation uint64) (charset string, ok bool)
}

// StaticCharsets knows the collations of the character sets that this package reads, by the ids that are the same
// on every MySQL server.
type StaticCharsets struct{}

// Name implements Charsets.
func (StaticCharsets) Name(id uint64) (string, bool) {
	switch id {
	case 63:
		return "binary", true
	case 5, 8, 15, 31, 47, 48, 49, 94:
		return "latin1", true
	case 11, 65:
		return "ascii", true
	case 33, 76, 83, 223:
		return "utf8mb3", true
	case 45, 46:
		return "utf8mb4", true
	}
	switch {
	case id >= 192 && id <= 215:
		return "utf8mb3", true
	case id >= 224 && id <= 247, id >= 255 && id <= 323:
		return "utf8mb4", true
	}
	return "", false
}

// charset is what has to be done with a column's bytes to have UTF-8.
type charset struct {
	code  code // codeUTF8, codeLatin1 or codeBin
	width int  // most bytes a character takes (mbmaxlen)
}

func charsetOf(name string) (charset, bool) {
	switch name {
	case "utf8mb4":
		return charset{codeUTF8, 4}, true
	case "utf8mb3", "utf8":
		return charset{codeUTF8, 3}, true
	case "ascii":
		return charset{codeUTF8, 1}, true
	case "latin1":
		return charset{codeLatin1, 1}, true
	case "binary":
		return charset{codeBin, 1}, true
	}
	return charset{}, false
}

// c1 is what MySQL's latin1 has at 0x80..0x9f: Windows-1252, and the control characters at its five gaps.
var c1 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

func latin1Rune(c byte) rune {
	if c >= 0x80 && c < 0xa0 {
		return c1[c-0x80]
	}
	return rune(c)
}

// appendLatin1 writes latin1 text as a msgpack str of UTF-8.
func appendLatin1(dst, v []byte) []byte {
	if isASCII(v) {
		return event.AppendString(dst, v)
	}
	n := 0
	for _, c := range v {
		n += utf8.RuneLen(latin1Rune(c))
	}
	dst = event.AppendStringHeader(dst, n)
	for _, c := range v {
		dst = utf8.AppendRune(dst, latin1Rune(c))
	}
	return dst
}

func isASCII(v []byte) bool {
	for ; len(v) >= 8; v = v[8:] {
		if binary.LittleEndian.Uint64(v)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range v {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func latin1ToUTF8(v []byte) []byte {
	out := make([]byte, 0, len(v))
	for _, c := range v {
		out = utf8.AppendRune(out, latin1Rune(c))
	}
	return out
}
