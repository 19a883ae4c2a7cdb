package elasticsearch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"

	"yamabiko/event"
)

// maxID is Elasticsearch's limit on _id in bytes (IndexRequest.MAX_DOCUMENT_ID_LENGTH_IN_BYTES).
const maxID = 512

// appendID appends the _id of a row with the given primary key (a msgpack array), not escaped for JSON. One integer is
// its digits, one string itself, everything else `~` and typed parts; keys of equal types that differ give ids that differ.
func appendID(dst, key []byte) ([]byte, error) {
	n, rest, err := event.ReadArrayHeader(key)
	if err != nil {
		return dst, fmt.Errorf("key: %w", err)
	}
	if n == 1 {
		switch event.FormOf(rest) {
		case event.FormInt:
			return appendInteger(dst, rest)
		case event.FormString:
			s, _, err := event.ReadString(rest)
			if err != nil {
				return dst, fmt.Errorf("key: %w", err)
			}
			if len(s) > 0 && len(s) <= maxID && s[0] != '~' && utf8.Valid(s) {
				return append(dst, s...), nil
			}
		}
	}
	return appendTyped(dst, key)
}

func appendTyped(dst, key []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '~')
	var err error
	for i, v := range event.Elements(key, &err) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendPart(dst, v); err != nil {
			break
		}
	}
	if err != nil {
		return dst[:start], fmt.Errorf("key: %w", err)
	}
	if len(dst)-start > maxID {
		sum := sha256.Sum256(dst[start:])
		dst = hex.AppendEncode(append(dst[:start], "~h"...), sum[:])
	}
	return dst, nil
}

// appendPart writes one key column: a letter for its form, then its text. The letters leave out s, r, l and h, which open the
// ids of rows without a key, of logs, and of hashes.
func appendPart(dst, v []byte) ([]byte, error) {
	switch form := event.FormOf(v); form {
	case event.FormInt:
		return appendInteger(append(dst, 'i'), v)
	case event.FormString:
		s, _, err := event.ReadString(v)
		return appendEncoded(append(dst, 't'), s), err
	case event.FormBin:
		data, _, err := event.ReadBin(v)
		return hex.AppendEncode(append(dst, 'x'), data), err
	case event.FormFloat:
		f, _, err := event.ReadFloat(v)
		return strconv.AppendFloat(append(dst, 'f'), f, 'g', -1, 64), err
	case event.FormBool:
		b, _, err := event.ReadBool(v)
		return strconv.AppendBool(append(dst, 'b'), b), err
	case event.FormNil:
		return append(dst, 'n'), nil
	default: // a value that no key column has today: its encoding tells it from others
		return hex.AppendEncode(append(dst, 'm'), v), nil
	}
}

func appendInteger(dst, v []byte) ([]byte, error) {
	if i, _, err := event.ReadInt(v); err == nil {
		return strconv.AppendInt(dst, i, 10), nil
	}
	u, _, err := event.ReadUint(v)
	if err != nil {
		return dst, fmt.Errorf("key: %w", err)
	}
	return strconv.AppendUint(dst, u, 10), nil
}

// appendEncoded keeps letters of any script, so that ids can be read, and encodes what would be taken for structure, control
// characters, and bytes that are not UTF-8.
func appendEncoded(dst, s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r == ',' || r == '%' || r <= ' ' || r == 0x7f || r == utf8.RuneError && n == 1 {
			dst = appendPercent(dst, s[0])
		} else {
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst
}

// appendStreamID is the id of a streamed change of a table without a key: its Seq is its own (rule S1).
func appendStreamID(dst []byte, seq uint64) []byte {
	return strconv.AppendUint(append(dst, "~s"...), seq, 10)
}

// appendCopyID is the id of a snapshot row of a table without a key: what it holds, and its number among equal rows.
func appendCopyID(dst []byte, sum [sha256.Size]byte, number uint32) []byte {
	dst = hex.AppendEncode(append(dst, "~r"...), sum[:])
	return strconv.AppendUint(append(dst, '.'), uint64(number), 10)
}

// appendLogID is the id of a log event that has a place in its stream, so that a repeat writes no second document.
func appendLogID(dst []byte, stream string, seq uint64) []byte {
	sum := sha256.Sum256([]byte(stream))
	dst = hex.AppendEncode(append(dst, "~l"...), sum[:12])
	return strconv.AppendUint(append(dst, '.'), seq, 10)
}
