package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The errors of reading msgpack. A value of another form than asked for gives an error that wraps ErrForm.
var (
	ErrTruncated = errors.New("msgpack: value is cut short")
	ErrInvalid   = errors.New("msgpack: 0xc1 is not a format")
	ErrForm      = errors.New("msgpack: value of another form")
	ErrDepth     = fmt.Errorf("msgpack: values nest deeper than %d", MaxDepth)
)

// MaxDepth is how deep arrays and maps may nest in what Decode and AppendJSON take.
const MaxDepth = 512

// ReadEventTime reads an EventTime (fixext8 or ext8 of type 0, or an integer of seconds) and returns what follows.
func ReadEventTime(b []byte) (time.Time, []byte, error) {
	if len(b) >= 10 && b[0] == 0xd7 && int8(b[1]) == ExtEventTime {
		return time.Unix(int64(binary.BigEndian.Uint32(b[2:])), int64(binary.BigEndian.Uint32(b[6:]))).UTC(), b[10:], nil
	}
	return time.Time{}, b, fmt.Errorf("msgpack: not an event time")
}
