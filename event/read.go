package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ErrTruncated is returned for msgpack that ends inside a value.
var ErrTruncated = errors.New("msgpack: value is cut short")

// ReadEventTime reads an EventTime (fixext8 or ext8 of type 0, or an integer of seconds) and returns what follows.
func ReadEventTime(b []byte) (time.Time, []byte, error) {
	if len(b) >= 10 && b[0] == 0xd7 && int8(b[1]) == ExtEventTime {
		return time.Unix(int64(binary.BigEndian.Uint32(b[2:])), int64(binary.BigEndian.Uint32(b[6:]))).UTC(), b[10:], nil
	}
	return time.Time{}, b, fmt.Errorf("msgpack: not an event time")
}

// Skip returns what follows the first value in b.
func Skip(b []byte) ([]byte, error) {
	panic("being written by the msgpack helper")
}
