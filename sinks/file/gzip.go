package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzipped is a gzip member for each write. Where a member ends only decoding tells, so each says its own length in a
// subfield of its header's extra field (RFC 1952, 2.3.1.1), as BGZF does: "YB", eight bytes, little-endian.
type gzipped struct {
	framed
	writers sync.Pool
}

func newGzip() *gzipped { return &gzipped{framed: framed{"\x1f\x8b\x08\x04", gzipEnd, gzipVerify}} }

// A member's header with the extra field: ten fixed bytes, two for the extra field's length, four for the subfield's name
// and length, eight for the value.
const (
	gzipValueAt  = 16
	gzipHeader   = gzipValueAt + 8
	gzipExtra    = "YB\x08\x00"
	gzipHasExtra = 1 << 2
)

func (z *gzipped) appendFrame(dst, lines []byte) []byte {
	buf := bytes.NewBuffer(dst)
	w, ok := z.writers.Get().(*gzip.Writer)
	if !ok {
		w = gzip.NewWriter(buf)
	}
	w.Reset(buf)
	w.Extra = append([]byte(gzipExtra), make([]byte, 8)...)
	// A bytes.Buffer takes everything, so neither fails.
	_, _ = w.Write(lines)
	_ = w.Close()
	z.writers.Put(w)
	out := buf.Bytes()
	binary.LittleEndian.PutUint64(out[len(dst)+gzipValueAt:], uint64(len(out)-len(dst)))
	return out
}

func gzipEnd(f io.ReaderAt, off, size int64) (int64, error) {
	b, err := readUpTo(f, off, gzipHeader)
	if err != nil {
		return 0, err
	}
	if len(b) >= 4 && (string(b[:3]) != "\x1f\x8b\x08" || b[3]&gzipHasExtra == 0) {
		return 0, errors.New("gzip: no member of ours")
	}
	if len(b) < gzipHeader {
		return 0, io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint64(b[gzipValueAt:])
	if string(b[12:gzipValueAt]) != gzipExtra || n < gzipHeader {
		return 0, errors.New("gzip: no member of ours")
	}
	if n > uint64(size-off) {
		return 0, io.ErrUnexpectedEOF
	}
	return off + int64(n), nil
}

func gzipVerify(frame []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(frame))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}
