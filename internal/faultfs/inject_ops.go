package faultfs

import (
	"errors"
	"io/fs"
	"os"
)

// crash cuts every written file back to what was synced.
func (in *Injector) crash() {
	in.crashed = true
	for path, n := range in.synced {
		if err := os.Truncate(path, n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			panic("BUG: faultfs: " + err.Error())
		}
	}
}

// did records what an operation made of the durable lengths.
func (in *Injector) did(f func(synced map[string]int64)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	f(in.synced)
}

func (in *Injector) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if err := in.before(Open, name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if flag&(os.O_WRONLY|os.O_RDWR) != 0 {
		in.did(func(s map[string]int64) {
			if n, known := s[name]; !known || n > st.Size() {
				s[name] = st.Size()
			}
		})
	}
	return &file{File: f, in: in}, nil
}

func (in *Injector) ReadFile(name string) ([]byte, error) {
	if err := in.before(Read, name); err != nil {
		return nil, err
	}
	return (OS{}).ReadFile(name)
}

func (in *Injector) Rename(from, to string) error {
	if err := in.before(Rename, to); err != nil {
		return err
	}
	if err := (OS{}).Rename(from, to); err != nil {
		return err
	}
	in.did(func(s map[string]int64) {
		delete(s, to)
		if n, ok := s[from]; ok {
			s[to] = n
			delete(s, from)
		}
	})
	return nil
}

func (in *Injector) Link(from, to string) error {
	if err := in.before(Link, to); err != nil {
		return err
	}
	return (OS{}).Link(from, to)
}

func (in *Injector) Remove(name string) error {
	if err := in.before(Remove, name); err != nil {
		return err
	}
	in.did(func(s map[string]int64) { delete(s, name) })
	return (OS{}).Remove(name)
}

func (in *Injector) MkdirAll(dir string, perm fs.FileMode) error {
	if err := in.before(Mkdir, dir); err != nil {
		return err
	}
	return (OS{}).MkdirAll(dir, perm)
}

func (in *Injector) SyncDir(dir string) error {
	if err := in.before(SyncDir, dir); err != nil {
		return err
	}
	return (OS{}).SyncDir(dir)
}

type file struct {
	*os.File
	in *Injector
}

func (f *file) Write(b []byte) (int, error) {
	if err := f.in.before(Write, f.Name()); err != nil {
		if errors.Is(err, ErrCrashed) {
			return 0, err
		}
		n, werr := f.File.Write(b[:len(b)/2])
		return n, errors.Join(err, werr)
	}
	return f.File.Write(b)
}

func (f *file) Sync() error {
	if err := f.in.before(Sync, f.Name()); err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return err
	}
	f.in.did(func(s map[string]int64) { s[f.Name()] = st.Size() })
	return f.File.Sync()
}

func (f *file) Truncate(size int64) error {
	if err := f.in.before(Truncate, f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Close always closes, so that a test leaks nothing; an injected failure is only reported.
func (f *file) Close() error {
	err := f.in.before(Close, f.Name())
	return errors.Join(err, f.File.Close())
}
