package file

import (
	"errors"
	"sync"
	"time"
)

const (
	maxOpen = 64              // files kept open, unless more lanes than that are writing
	maxIdle = 5 * time.Minute // after which an unused file is closed
)

// cache keeps the files that are in use or were lately.
type cache struct {
	open func(path string) *outFile

	mu    sync.Mutex
	files map[string]*outFile
}

// take returns the file at path, to be given back after use. An error concerns another file, which was closed to make room.
func (c *cache) take(path string, now time.Time) (*outFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.files[path]
	if o == nil {
		o = c.open(path)
		c.files[path] = o
	}
	o.refs++
	o.used = now
	return o, c.shrink(now)
}

func (c *cache) give(o *outFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o.refs--
}

// shrink closes the files that were idle for long and, of the others, those unused the longest while there are too many.
func (c *cache) shrink(now time.Time) error {
	var errs []error
	for {
		var oldest *outFile
		for _, o := range c.files {
			if o.refs == 0 && (oldest == nil || o.used.Before(oldest.used)) {
				oldest = o
			}
		}
		if oldest == nil || (len(c.files) <= maxOpen && now.Sub(oldest.used) < maxIdle) {
			return errors.Join(errs...)
		}
		errs = append(errs, c.drop(oldest))
	}
}

func (c *cache) drop(o *outFile) error {
	delete(c.files, o.path)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.close()
}

// close closes every file.
func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, o := range c.files {
		errs = append(errs, c.drop(o))
	}
	return errors.Join(errs...)
}
