package mysql

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/go-mysql-org/go-mysql/replication"
)

// wire knows how the events of a binlog file are laid out, as its format description says. A server may add a checksum to every event, even
// where the replica said that it wants none.
type wire struct {
	parser   *replication.BinlogParser
	format   []byte // the format description event
	checksum int    // bytes behind every event
}

func newWire() *wire { return &wire{parser: replication.NewBinlogParser()} }

// describe takes a format description event.
func (w *wire) describe(raw []byte) error {
	ev, err := w.parser.Parse(raw)
	if err != nil {
		return err
	}
	f, ok := ev.Event.(*replication.FormatDescriptionEvent)
	if !ok {
		return errors.New("not a format description")
	}
	w.format, w.checksum = bytes.Clone(raw), 0
	if f.ChecksumAlgorithm == replication.BINLOG_CHECKSUM_ALG_CRC32 {
		w.checksum = replication.BinlogChecksumLength
	}
	return nil
}

// body returns an event without its header and checksum, which must be right.
func (w *wire) body(raw []byte) ([]byte, error) {
	end := len(raw) - w.checksum
	if end < replication.EventHeaderSize {
		return nil, errors.New("event is cut short")
	}
	if w.checksum > 0 {
		if got, want := crc32.ChecksumIEEE(raw[:end]), binary.LittleEndian.Uint32(raw[end:]); got != want {
			return nil, fmt.Errorf("event was damaged on its way: its checksum is %08x and should be %08x", got, want)
		}
	}
	return raw[replication.EventHeaderSize:end], nil
}

// bare is for events without checksums in the same format: those inside a transaction payload. The algorithm stands in the byte before the
// format description's own checksum (Format_description_event, "checksum_alg").
func (w *wire) bare() (*wire, error) {
	if w.checksum == 0 {
		return w, nil
	}
	format := bytes.Clone(w.format)
	format[len(format)-replication.BinlogChecksumLength-1] = byte(replication.BINLOG_CHECKSUM_ALG_OFF)
	b := newWire()
	return b, b.describe(format)
}
