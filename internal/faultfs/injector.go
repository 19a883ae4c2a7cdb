package faultfs

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
)

// The operations that an Injector knows by name.
const (
	Open     = "open"
	Read     = "read"
	Write    = "write"
	Sync     = "sync"
	Truncate = "truncate"
	Close    = "close"
	Rename   = "rename"
	Link     = "link"
	Remove   = "remove"
	Mkdir    = "mkdir"
	SyncDir  = "syncdir"
	Any      = "*"
)

// ErrCrashed is what every operation returns after a crash.
var ErrCrashed = errors.New("faultfs: crashed")

// Injector is a file system over the real one whose operations fail as told. A write that fails has written its first half, as a
// full disk does. It is safe for several goroutines.
type Injector struct {
	mu      sync.Mutex
	rules   []*rule
	log     []string
	crashed bool
	synced  map[string]int64 // by path: how much of a written file is durable
}

type rule struct {
	op, glob string
	nth      int // which match fails; 0: each
	seen     int
	err      error
	crash    bool
}

// NewInjector returns an injector with no rules.
func NewInjector() *Injector { return &Injector{synced: map[string]int64{}} }

// Fail makes the nth (from 1) of the coming operations op on a path whose base matches glob fail with err; nth 0
// is each of them, until Heal.
func (in *Injector) Fail(op, glob string, nth int, err error) {
	in.add(&rule{op: op, glob: glob, nth: nth, err: err})
}

// Crash stops the machine at the nth (from 1) of the coming operations: it and all later ones fail, and what was written and not
// synced is gone.
func (in *Injector) Crash(nth int) {
	in.add(&rule{op: Any, glob: "*", nth: nth, err: ErrCrashed, crash: true})
}

func (in *Injector) add(r *rule) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.rules = append(in.rules, r)
}

// Heal forgets the rules: the disk has room again.
func (in *Injector) Heal() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.rules = nil
}

// Log returns the operations so far, as "op base", and starts a new log.
func (in *Injector) Log() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	l := in.log
	in.log = nil
	return l
}

// before decides about one operation. An error is a *fs.PathError, as from the real file system.
func (in *Injector) before(op, path string) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.crashed {
		return &fs.PathError{Op: op, Path: path, Err: ErrCrashed}
	}
	base := filepath.Base(path)
	in.log = append(in.log, op+" "+base)
	for _, r := range in.rules {
		if ok, _ := filepath.Match(r.glob, base); !ok || (r.op != Any && r.op != op) {
			continue
		}
		if r.seen++; r.nth != 0 && r.seen != r.nth {
			continue
		}
		if r.crash {
			in.crash()
		}
		return &fs.PathError{Op: op, Path: path, Err: r.err}
	}
	return nil
}
