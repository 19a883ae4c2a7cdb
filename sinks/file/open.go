package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"yamabiko/internal/faultfs"
	"yamabiko/sinks"
)

const (
	dirMode  = 0o750
	fileMode = 0o640
)

// open opens or creates the file, locks it and cuts away what a crash left unfinished at its end.
func (o *outFile) open() error {
	f, err := o.create()
	if err != nil {
		return err
	}
	if err := o.adopt(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

func (o *outFile) create() (faultfs.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_APPEND
	f, err := o.fs.OpenFile(o.path, flags, fileMode)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := makeDir(o.fs, filepath.Dir(o.path)); err != nil {
		return nil, err
	}
	return o.fs.OpenFile(o.path, flags, fileMode)
}

// makeDir makes a folder and its parents, and their names durable.
func makeDir(fsys faultfs.FS, dir string) error {
	var parents []string
	for d := dir; ; d = filepath.Dir(d) {
		f, err := fsys.OpenFile(d, os.O_RDONLY, 0)
		if err == nil {
			f.Close()
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			return err
		}
		parents = append(parents, filepath.Dir(d))
	}
	if err := fsys.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	for _, p := range parents {
		if err := fsys.SyncDir(p); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes an open file over. On error it is still the caller's to close.
func (o *outFile) adopt(f faultfs.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return sinks.AsPermanent(fmt.Errorf("%s is no regular file", o.path))
	}
	if err := lock(f); err != nil {
		return fmt.Errorf("%s: another process or another sink writes to it: %w", o.path, err)
	}
	good, err := o.codec.whole(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", o.path, err)
	}
	if cut := info.Size() - good; cut > 0 {
		if err := f.Truncate(good); err != nil {
			return err
		}
		o.log.Warn("cut away what a crash left unfinished; it was never acknowledged and comes again", "path", o.path, "bytes", cut)
	}
	if good == 0 { // it may be new, and its name not durable yet
		if err := o.fs.SyncDir(filepath.Dir(o.path)); err != nil {
			return err
		}
	}
	o.f, o.info, o.good, o.synced, o.dirty = f, info, good, good, false
	o.epoch++
	return nil
}
