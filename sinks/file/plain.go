package file

import (
	"bytes"
	"errors"
	"io"

	"yamabiko/sinks"
)

// plain is lines as they are.
type plain struct{}

func (plain) appendFrame(_, lines []byte) []byte { return lines }

const block = 64 << 10

func (plain) whole(f io.ReaderAt, size int64) (int64, error) {
	hole, err := firstZero(f, max(0, size-tailWindow), size)
	if err != nil {
		return 0, err
	}
	good, err := afterLastLine(f, hole)
	if err != nil || good == size {
		return good, err
	}
	first, err := readUpTo(f, good, 1)
	if err != nil {
		return 0, err
	}
	if first[0] != '{' && first[0] != 0 {
		return 0, sinks.AsPermanent(errors.New("ends within a line that is none of ours: move the file away"))
	}
	return good, nil
}

// firstZero returns where between from and to the first zero byte stands, or to: JSON holds none.
func firstZero(f io.ReaderAt, from, to int64) (int64, error) {
	for from < to {
		b, err := readUpTo(f, from, int(min(block, to-from)))
		if err != nil {
			return 0, err
		}
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return from + int64(i), nil
		}
		if len(b) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		from += int64(len(b))
	}
	return to, nil
}

// afterLastLine returns what follows the last line end before to, or 0.
func afterLastLine(f io.ReaderAt, to int64) (int64, error) {
	for to > 0 {
		from := max(0, to-block)
		b, err := readUpTo(f, from, int(to-from))
		if err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		to = from
	}
	return 0, nil
}
