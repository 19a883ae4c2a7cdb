package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"yamabiko/sinks"
)

// codec is how lines lie in a file.
type codec interface {
	// appendFrame appends lines as they are to stand in the file.
	appendFrame(dst, lines []byte) []byte
	// whole returns up to where a file of that size holds what appendFrame wrote and a crash did not spoil. A file
	// that is not ours, or was spoilt otherwise, is a permanent error: it shall not be cut.
	whole(f io.ReaderAt, size int64) (int64, error)
}

// codecOf chooses by the path's ending.
func codecOf(path string, lanes int) (codec, error) {
	switch {
	case strings.HasSuffix(path, ".zst"):
		return newZstd(max(1, lanes))
	case strings.HasSuffix(path, ".gz"):
		return newGzip(), nil
	}
	return plain{}, nil
}

// tailWindow is how much of a file's end is looked through for holes: pages that a crash left unwritten although the
// length was, which read as zeros. Only what was not yet fsynced can have any, and that is less than the window for any
// sensible size of chunks.
const tailWindow = 16 << 20

// sector is the least that a disk leaves unwritten.
const sector = 512

// maxTorn is the most that is cut from a file of frames: a torn frame is one chunk's lines, or one huge row.
const maxTorn = 128 << 20

// framed finds the end of the last sound frame of a file of frames.
type framed struct {
	magic string // how each frame begins
	// end returns where the frame at off ends, and io.ErrUnexpectedEOF if it is cut short.
	end func(f io.ReaderAt, off, size int64) (int64, error)
	// verify decodes a frame.
	verify func(frame []byte) error
}

func (d framed) whole(f io.ReaderAt, size int64) (int64, error) {
	var late []int64 // where the frames begin that are to be verified
	off := int64(0)
	for off < size {
		end, err := d.end(f, off, size)
		if err != nil {
			if torn, rerr := d.torn(f, off, size, err); rerr != nil || !torn {
				return 0, errors.Join(damaged(off, err), rerr)
			}
			break
		}
		if end > size-tailWindow {
			late = append(late, off)
		}
		off = end
	}
	return d.verified(f, late, off)
}

func damaged(off int64, err error) error {
	return sinks.AsPermanent(fmt.Errorf("is damaged or not ours at byte %d: %w: move the file away", off, err))
}

// torn tells whether what begins at off, where no frame could be read, is what a crash leaves: the beginning of a frame
// with nothing sound behind it, or a hole.
func (d framed) torn(f io.ReaderAt, off, size int64, why error) (bool, error) {
	if size-off > maxTorn {
		return false, nil
	}
	rest, err := readUpTo(f, off, int(size-off))
	if err != nil {
		return false, err
	}
	if bytes.Contains(rest, make([]byte, sector)) || len(bytes.Trim(rest, "\x00")) == 0 {
		return true, nil
	}
	return errors.Is(why, io.ErrUnexpectedEOF) && rest[0] == d.magic[0] && !d.sound(rest[1:]), nil
}

// sound tells whether a whole frame stands anywhere in b.
func (d framed) sound(b []byte) bool {
	for {
		i := bytes.Index(b, []byte(d.magic))
		if i < 0 {
			return false
		}
		b = b[i:]
		end, err := d.end(bytes.NewReader(b), 0, int64(len(b)))
		if err == nil && d.verify(b[:end]) == nil {
			return true
		}
		b = b[1:]
	}
}

// verified decodes the frames that begin at these places, the last of which ends at end.
func (d framed) verified(f io.ReaderAt, starts []int64, end int64) (int64, error) {
	for i, off := range starts {
		next := end
		if i+1 < len(starts) {
			next = starts[i+1]
		}
		frame, err := readUpTo(f, off, int(next-off))
		if err != nil {
			return 0, err
		}
		if err := d.verify(frame); err == nil {
			continue
		} else if !bytes.Contains(frame, make([]byte, sector)) {
			return 0, damaged(off, err)
		}
		return off, nil
	}
	return end, nil
}

// readUpTo reads at most n bytes at off.
func readUpTo(f io.ReaderAt, off int64, n int) ([]byte, error) {
	buf := make([]byte, n)
	got, err := f.ReadAt(buf, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return buf[:got], nil
}
