package mysql

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"
)

// The fields of a Transaction_payload_event (mysql::binlog::event::codecs::binary::Transaction_payload): type and length before each
// value, all length-encoded, until an end mark.
const (
	payloadEnd         = 0
	payloadCompression = 2

	compressionZstd = 0
	compressionNone = 255
)

// zstdWindow bounds what a compressed transaction makes us hold while it is unpacked event by event.
const zstdWindow = 64 << 20

// payload takes a compressed transaction. Its events are unpacked and handled one after another, so a transaction that unpacks to
// gigabytes needs no more memory than its largest event.
func (st *stream) payload(ctx context.Context, outer *replication.EventHeader, body []byte) error {
	compression, data, err := payloadFields(body)
	if err != nil {
		return err
	}
	var r io.Reader = bytes.NewReader(data)
	switch compression {
	case compressionNone:
	case compressionZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	default:
		return fmt.Errorf("transaction payload has compression %d, which is unknown", compression)
	}
	// Table ids inside a payload are its own, and its events have no checksums.
	maps, outerWire := st.maps, st.wire
	st.maps = map[uint64]*mapped{}
	defer func() { st.maps, st.wire = maps, outerWire }()
	if st.wire, err = st.wire.bare(); err != nil {
		return err
	}
	return st.unpack(ctx, outer, r)
}

// unpack reads events without checksums until r ends.
func (st *stream) unpack(ctx context.Context, outer *replication.EventHeader, r io.Reader) error {
	head := make([]byte, replication.EventHeaderSize)
	for {
		if _, err := io.ReadFull(r, head); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("transaction payload: %w", err)
		}
		var h replication.EventHeader
		if err := h.Decode(head); err != nil {
			return fmt.Errorf("transaction payload: %w", err)
		}
		// Copied piece by piece: a damaged size shall not make us allocate what is not there.
		raw := bytes.NewBuffer(bytes.Clone(head))
		n, err := io.Copy(raw, io.LimitReader(r, int64(h.EventSize)-replication.EventHeaderSize))
		if err != nil {
			return fmt.Errorf("transaction payload: %w", err)
		}
		if n != int64(h.EventSize)-replication.EventHeaderSize {
			return errors.New("transaction payload ends inside an event")
		}
		h.LogPos = outer.LogPos // inner events carry none of their own
		if err := st.event(ctx, &h, raw.Bytes()); err != nil {
			return err
		}
	}
}

func payloadFields(b []byte) (compression uint64, data []byte, err error) {
	cut := errors.New("transaction payload is cut short")
	for {
		typ, rest, ok := lenEnc(b)
		if !ok {
			return 0, nil, cut
		}
		if typ == payloadEnd {
			return compression, rest, nil
		}
		n, rest, ok := lenEnc(rest)
		if !ok || n > uint64(len(rest)) {
			return 0, nil, cut
		}
		if typ == payloadCompression {
			if compression, _, ok = lenEnc(rest[:n]); !ok {
				// 255 is no length-encoded integer of one byte, but is written as one.
				if n != 1 {
					return 0, nil, cut
				}
				compression = uint64(rest[0])
			}
		}
		b = rest[n:]
	}
}
