package router

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"yamabiko/internal/faultfs"
)

// dayFile appends whole lines to a file a day. After an error it closes the file: what the kernel holds of it
// is unknown, so the next append starts from what is on disk.
type dayFile struct {
	dir  string
	fs   faultfs.FS
	name string
	f    faultfs.File
	size int64 // of whole lines
}

// append writes lines and returns nil once they are durable.
func (d *dayFile) append(now time.Time, lines []byte) error {
	if err := d.open(now.Format("20060102") + ".ndjson"); err != nil {
		return err
	}
	_, err := d.f.Write(lines)
	if err == nil {
		err = d.f.Sync()
	}
	if err != nil {
		// Take back what was written of it. If that fails too, open mends the line when it comes to it.
		return errors.Join(err, d.f.Truncate(d.size), d.close())
	}
	d.size += int64(len(lines))
	return nil
}

func (d *dayFile) open(name string) error {
	if d.f != nil && d.name == name {
		return nil
	}
	if err := d.close(); err != nil {
		return err
	}
	if err := d.fs.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	f, err := d.fs.OpenFile(filepath.Join(d.dir, name), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	size, err := endLine(f)
	if err == nil {
		err = d.syncNames()
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.f, d.name, d.size = f, name, size
	return nil
}

// syncNames makes the names of the file and of its folder durable.
func (d *dayFile) syncNames() error {
	return errors.Join(d.fs.SyncDir(d.dir), d.fs.SyncDir(filepath.Dir(d.dir)))
}

// endLine ends a line that a crash has cut, so that the next letter does not grow onto it, and returns the size.
func endLine(f faultfs.File) (int64, error) {
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return 0, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, st.Size()-1); err != nil {
		return 0, err
	}
	if last[0] == '\n' {
		return st.Size(), nil
	}
	_, err = f.Write([]byte{'\n'})
	return st.Size() + 1, err
}

func (d *dayFile) close() error {
	if d.f == nil {
		return nil
	}
	err := d.f.Close()
	d.f = nil
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
