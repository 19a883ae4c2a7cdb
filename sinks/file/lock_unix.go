//go:build unix

package file

import (
	"golang.org/x/sys/unix"

	"yamabiko/internal/faultfs"
)

// lock keeps two writers from cutting away each other's lines. The lock goes with the open file.
func lock(f faultfs.File) error {
	if d, ok := f.(interface{ Fd() uintptr }); ok {
		return unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	return nil
}
