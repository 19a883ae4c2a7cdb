// Package faultfs is the file system as yamabiko's own state uses it, and an injector that makes its operations fail
// one by one, so that tests can prove what a full disk, a failed fsync or a crash between two steps leaves behind.
package faultfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// FS is a file system. Errors are the os package's: they name the operation and the path.
type FS interface {
	// OpenFile opens a file as os.OpenFile does; the caller closes it.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// ReadFile returns a whole file.
	ReadFile(name string) ([]byte, error)
	// Rename moves a file over another, atomically within one file system. It is durable after SyncDir.
	Rename(from, to string) error
	// Link gives a file a second name, which must not exist.
	Link(from, to string) error
	// Remove removes a file.
	Remove(name string) error
	// MkdirAll makes a folder and its parents.
	MkdirAll(dir string, perm fs.FileMode) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync makes what was written durable (fsync). After it fails the content is unknown and must be written again:
	// the kernel may have thrown the dirty pages away.
	Sync() error
	// Truncate cuts the file to size bytes.
	Truncate(size int64) error
	// Stat describes the open file.
	Stat() (fs.FileInfo, error)
}

// OS is the real file system.
type OS struct{}

func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

func (OS) ReadFile(name string) ([]byte, error)        { return os.ReadFile(name) }
func (OS) Rename(from, to string) error                { return os.Rename(from, to) }
func (OS) Link(from, to string) error                  { return os.Link(from, to) }
func (OS) Remove(name string) error                    { return os.Remove(name) }
func (OS) MkdirAll(dir string, perm fs.FileMode) error { return os.MkdirAll(dir, perm) }

func (OS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
