package event

import (
	"encoding/binary"
	"fmt"
	"time"
)

// ReadEventTime reads the time of an event: Fluentd's EventTime as fixext8 or ext8, or an integer of seconds
// (Forward Protocol Specification v1, "EventTime Ext Format"). It returns UTC and what follows.
func ReadEventTime(b []byte) (t time.Time, rest []byte, err error) {
	if len(b) >= eventTimeLen && b[0] == 0xd7 && int8(b[1]) == ExtEventTime { // what AppendEventTime writes
		return eventTime(b[2:]), b[eventTimeLen:], nil
	}
	if FormOf(b) == FormInt {
		sec, rest, err := ReadInt(b)
		if err != nil {
			return time.Time{}, nil, fmt.Errorf("event time: %w", err)
		}
		return time.Unix(sec, 0).UTC(), rest, nil
	}
	typ, data, rest, err := ReadExt(b)
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("event time: %w", err)
	}
	if typ != ExtEventTime || len(data) != 8 {
		return time.Time{}, nil, fmt.Errorf("event time: %w: ext of type %d and %d bytes", ErrForm, typ, len(data))
	}
	return eventTime(data), rest, nil
}

// eventTime reads the payload of an EventTime: seconds and nanoseconds, 32 bits each.
func eventTime(b []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))).UTC()
}

// ReadMessage reads one [time, record] of a PackedForward stream and returns what follows. The record is a whole
// map that aliases b.
func ReadMessage(b []byte) (t time.Time, record, rest []byte, err error) {
	n, rest, err := ReadArrayHeader(b)
	if err != nil {
		return time.Time{}, nil, nil, fmt.Errorf("event: %w", err)
	}
	if n != 2 {
		return time.Time{}, nil, nil, fmt.Errorf("event: want [time, record], have an array of %d", n)
	}
	t, body, err := ReadEventTime(rest)
	if err != nil {
		return time.Time{}, nil, nil, err
	}
	if FormOf(body) != FormMap {
		return time.Time{}, nil, nil, fmt.Errorf("event: record: %w", mismatch(body, FormMap))
	}
	if rest, err = Skip(body); err != nil {
		return time.Time{}, nil, nil, fmt.Errorf("event: record: %w", err)
	}
	n = len(body) - len(rest)
	return t, body[:n:n], rest, nil
}
