package testenv

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

//go:embed scripts
var scripts embed.FS

// cacheDir is where servers are installed; the scripts agree with it.
func cacheDir() (string, error) {
	if dir := os.Getenv("YAMABIKO_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("testenv: no cache folder, set YAMABIKO_CACHE: %w", err)
	}
	return filepath.Join(dir, "yamabiko"), nil
}

// processDir is this process's folder below the cache: the scripts and the servers' data. The lock on it tells others
// that the process lives; folders of killed processes are removed by the next one.
type processDir struct {
	path string
	lock *os.File
}

var theRunDir struct {
	sync.Mutex
	processDir
}

// runDir returns this process's folder, made on first use.
func runDir() (string, error) {
	theRunDir.Lock()
	defer theRunDir.Unlock()
	if theRunDir.lock == nil {
		d, err := makeRunDir()
		if err != nil {
			return "", err
		}
		theRunDir.processDir = d
	}
	return theRunDir.path, nil
}

func makeRunDir() (d processDir, err error) {
	cache, err := cacheDir()
	if err != nil {
		return d, err
	}
	runs := filepath.Join(cache, "run")
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return d, fmt.Errorf("testenv: %w", err)
	}
	sweep(runs)
	if d.path, err = os.MkdirTemp(runs, fmt.Sprintf("%d-", os.Getpid())); err != nil {
		return d, fmt.Errorf("testenv: %w", err)
	}
	d.lock, err = lock(d.path)
	if err != nil {
		return d, err
	}
	if err := os.CopyFS(d.path, scripts); err != nil {
		return d, fmt.Errorf("testenv: unpack scripts: %w", err)
	}
	return d, nil
}

// sweep removes the folders of processes that ended without closeRunDir. Young ones may just not be locked yet.
func sweep(runs string) {
	entries, _ := os.ReadDir(runs)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		dir := filepath.Join(runs, e.Name())
		if held, err := lock(dir); err == nil {
			_ = os.RemoveAll(dir) // what stays is tried again by the next process
			_ = held.Close()
		}
	}
}

// lock takes the lock of a run folder, or fails at once when its process lives.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("testenv: lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}

// closeRunDir removes the folder, if it was ever needed; the servers in it have been stopped.
func closeRunDir() {
	theRunDir.Lock()
	defer theRunDir.Unlock()
	if theRunDir.lock == nil {
		return
	}
	_ = os.RemoveAll(theRunDir.path) // what stays is swept by a later run
	_ = theRunDir.lock.Close()
	theRunDir.processDir = processDir{}
}
