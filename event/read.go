package event

import (
	"errors"
	"fmt"
)

// The errors of reading msgpack. A value of another form than the one asked for gives an error that wraps ErrForm.
var (
	ErrTruncated = errors.New("msgpack: value is cut short")
	ErrInvalid   = errors.New("msgpack: 0xc1 is not a format")
	ErrForm      = errors.New("msgpack: value of another form")
	ErrDepth     = fmt.Errorf("msgpack: values nest deeper than %d", MaxDepth)
)

// MaxDepth is how deep arrays and maps may nest in what Decode and AppendJSON take. One that is itself a map's key
// counts for a quarter of it.
const MaxDepth = 512

// The Read functions read one value of a form, however it is written, and return what follows it. What they return
// aliases b: valid as long as b is. On an error the rest is nil.

// ReadMapHeader reads the head of a map: n keys and values follow. There is room for n of them in rest, so n is safe
// to size things by.
func ReadMapHeader(b []byte) (n int, rest []byte, err error) { return readHeader(b, FormMap, 2) }

// ReadArrayHeader reads the head of an array: n values follow. There is room for n of them in rest.
func ReadArrayHeader(b []byte) (n int, rest []byte, err error) { return readHeader(b, FormArray, 1) }

func readHeader(b []byte, want Form, each int) (n int, rest []byte, err error) {
	if FormOf(b) != want {
		return 0, nil, mismatch(b, want)
	}
	n, at := int(b[0]&0x0f), 1
	if b[0] >= 0xc0 {
		s := shapes[b[0]-0xc0]
		if n, err = readCount(b[1:], int(s.width)); err != nil {
			return 0, nil, err
		}
		at = int(s.fixed)
	}
	if rest = b[at:]; n*each > len(rest) {
		return 0, nil, ErrTruncated
	}
	return n, rest, nil
}

// ReadString reads a str. Its bytes are what the writer gave: not always UTF-8.
func ReadString(b []byte) (s, rest []byte, err error) {
	if FormOf(b) != FormString {
		return nil, nil, mismatch(b, FormString)
	}
	return readString(b)
}

// readString reads what is known to be a str.
func readString(b []byte) (s, rest []byte, err error) {
	if b[0] >= 0xc0 {
		return readPayload(b)
	}
	end := 1 + int(b[0]&0x1f)
	if end > len(b) {
		return nil, nil, ErrTruncated
	}
	return b[1:end:end], b[end:], nil
}

// ReadBin reads a bin.
func ReadBin(b []byte) (data, rest []byte, err error) {
	if FormOf(b) != FormBin {
		return nil, nil, mismatch(b, FormBin)
	}
	return readPayload(b)
}

// ReadExt reads an ext and its application type.
func ReadExt(b []byte) (typ int8, data, rest []byte, err error) {
	if FormOf(b) != FormExt {
		return 0, nil, nil, mismatch(b, FormExt)
	}
	if shapes[b[0]-0xc0].width > 0 {
		if data, rest, err = readPayload(b); err != nil {
			return 0, nil, nil, err
		}
		return int8(b[len(b)-len(rest)-len(data)-1]), data, rest, nil
	}
	end := int(shapes[b[0]-0xc0].fixed)
	if end > len(b) {
		return 0, nil, nil, ErrTruncated
	}
	return int8(b[1]), b[2:end:end], b[end:], nil
}

// readPayload reads the counted bytes of a str, bin or ext.
func readPayload(b []byte) (data, rest []byte, err error) {
	s := shapes[b[0]-0xc0]
	n, err := readCount(b[1:], int(s.width))
	if err != nil {
		return nil, nil, err
	}
	at := int(s.fixed)
	if n > len(b)-at {
		return nil, nil, ErrTruncated
	}
	return b[at : at+n : at+n], b[at+n:], nil
}
