package faultfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"yamabiko/internal/faultfs"
)

func write(t *testing.T, in faultfs.FS, path string, parts ...string) error {
	t.Helper()
	f, err := in.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range parts {
		if p == "" {
			err = f.Sync()
		} else {
			_, err = f.Write([]byte(p))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Fatalf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func TestFailIsTheNthOfItsKind(t *testing.T) {
	in, dir := faultfs.NewInjector(), t.TempDir()
	in.Fail(faultfs.Write, "a*", 2, syscall.ENOSPC)
	if err := write(t, in, dir+"/b", "1", "2", "3"); err != nil {
		t.Fatalf("another file: %v", err)
	}
	err := write(t, in, dir+"/a", "1111", "2222")
	var named *fs.PathError
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &named) || filepath.Base(named.Path) != "a" {
		t.Fatalf("second write: %v", err)
	}
	wantContent(t, dir+"/a", "111122") // a full disk takes a part
	if err := write(t, in, dir+"/a", "3"); err != nil {
		t.Fatalf("a write after the one that was to fail: %v", err)
	}
}

func TestCrashLosesWhatWasNotSynced(t *testing.T) {
	in, dir := faultfs.NewInjector(), t.TempDir()
	if err := write(t, in, dir+"/a.tmp", "kept", "", "lost"); err != nil {
		t.Fatal(err)
	}
	if err := in.Rename(dir+"/a.tmp", dir+"/a"); err != nil {
		t.Fatal(err)
	}
	in.Crash(1)
	if err := in.SyncDir(dir); !errors.Is(err, faultfs.ErrCrashed) {
		t.Fatalf("the operation that the crash hit: %v", err)
	}
	if err := write(t, in, dir+"/a", "more"); !errors.Is(err, faultfs.ErrCrashed) {
		t.Fatalf("an operation after the crash: %v", err)
	}
	wantContent(t, dir+"/a", "kept")
}
