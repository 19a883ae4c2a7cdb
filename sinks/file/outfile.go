package file

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"yamabiko/internal/faultfs"
)

// errLost is what a lane gets whose lines were cut away because another lane's fsync failed, or the file was replaced.
var errLost = errors.New("lines not yet fsynced are lost")

// outFile is one file that several lanes append to. Its content is whole lines (or frames) up to good, durable ones up
// to synced; whatever stands beyond good is cut away before anything else is written.
type outFile struct {
	path  string
	fs    faultfs.FS
	codec codec
	log   *slog.Logger

	refs int       // lanes that use it; guarded by the cache
	used time.Time // when a lane last took it; guarded by the cache

	syncing sync.Mutex // one fsync at a time, so that one serves every lane that waits; before mu
	mu      sync.Mutex
	f       faultfs.File // nil while closed
	info    fs.FileInfo  // of f, to see that path still leads to it
	good    int64
	synced  int64
	epoch   int  // rises whenever lines written before may be gone
	dirty   bool // there may be something beyond good
}

// mark is how far a lane has written.
type mark struct {
	epoch int
	end   int64
}

// append writes whole lines. They are durable after sync. On error none of them stays.
func (o *outFile) append(lines []byte) (mark, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.ready(); err != nil {
		return mark{}, err
	}
	o.dirty = true
	if _, err := o.f.Write(lines); err != nil {
		return mark{}, errors.Join(err, o.cut())
	}
	o.dirty = false
	o.good += int64(len(lines))
	return mark{o.epoch, o.good}, nil
}

// cut removes what stands beyond good.
func (o *outFile) cut() error {
	if !o.dirty {
		return nil
	}
	if err := o.f.Truncate(o.good); err != nil {
		return err
	}
	o.dirty = false
	return nil
}

// sync makes everything up to m durable. After an error the lines since the last fsync are gone, whatever lane wrote
// them: the kernel may have thrown them away, and a second fsync would not tell.
func (o *outFile) sync(m mark) error {
	o.syncing.Lock()
	defer o.syncing.Unlock()
	o.mu.Lock()
	f, target, epoch, synced := o.f, o.good, o.epoch, o.synced
	o.mu.Unlock()
	if epoch != m.epoch {
		return fmt.Errorf("%s: %w", o.path, errLost)
	}
	if synced >= m.end {
		return nil
	}
	err := f.Sync()
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.epoch != m.epoch:
		return fmt.Errorf("%s: %w", o.path, errLost)
	case err != nil:
		o.good, o.dirty = o.synced, true
		o.epoch++
		return errors.Join(err, o.cut())
	}
	o.synced = target
	return nil
}

// ready opens the file, or opens it again where path leads to another one now (logrotate) or somebody else changed it.
func (o *outFile) ready() error {
	if o.f != nil {
		if err := o.cut(); err != nil {
			return err
		}
		same, err := o.same()
		if same || err != nil {
			return err
		}
		o.log.Warn("file was replaced or changed by somebody else, opening it again", "path", o.path)
		if err := o.close(); err != nil {
			return err
		}
	}
	return o.open()
}

func (o *outFile) same() (bool, error) {
	f, err := o.fs.OpenFile(o.path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(st, o.info) && st.Size() == o.good, nil
}

// close closes f. Lines that no fsync covers yet count as lost.
func (o *outFile) close() error {
	if o.f == nil {
		return nil
	}
	err := errors.Join(o.cut(), o.f.Close())
	o.f = nil
	o.epoch++
	return err
}
