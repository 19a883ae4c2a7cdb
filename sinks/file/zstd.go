package file

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow bounds what a reader of the file, and we at open, need to decode it.
const zstdWindow = 1 << 20

// zstdded is a zstd frame with checksum for each write.
type zstdded struct {
	framed
	enc *zstd.Encoder
}

func newZstd(lanes int) (*zstdded, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(lanes), zstd.WithWindowSize(zstdWindow))
	if err != nil {
		return nil, err
	}
	return &zstdded{framed{"\x28\xb5\x2f\xfd", zstdEnd, zstdVerify}, enc}, nil
}

func (z *zstdded) appendFrame(dst, lines []byte) []byte { return z.enc.EncodeAll(lines, dst) }

// zstdEnd walks the blocks of a frame by their headers (RFC 8878, 3.1.1).
func zstdEnd(f io.ReaderAt, off, size int64) (int64, error) {
	const blockHeader = 3
	b, err := readUpTo(f, off, zstd.HeaderMaxSize)
	if err != nil {
		return 0, err
	}
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return 0, err
	}
	if h.Skippable {
		return within(off+int64(h.HeaderSize)+int64(h.SkippableSize), size)
	}
	for off += int64(h.HeaderSize); ; {
		b, err := readUpTo(f, off, blockHeader)
		if err != nil {
			return 0, err
		}
		if len(b) < blockHeader {
			return 0, io.ErrUnexpectedEOF
		}
		v := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		last, typ, n := v&1 == 1, v>>1&3, v>>3
		switch typ {
		case 1: // RLE: one byte, n times
			n = 1
		case 3:
			return 0, errors.New("zstd: reserved block type")
		}
		off += blockHeader + n
		if last {
			break
		}
	}
	if h.HasCheckSum {
		off += 4
	}
	return within(off, size)
}

func within(end, size int64) (int64, error) {
	if end > size {
		return 0, io.ErrUnexpectedEOF
	}
	return end, nil
}

func zstdVerify(frame []byte) error {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Reset(bytes.NewReader(frame)); err != nil {
		return err
	}
	_, err = d.WriteTo(io.Discard)
	return err
}
