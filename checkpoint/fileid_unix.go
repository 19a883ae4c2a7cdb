//go:build unix && !linux

package checkpoint

import (
	"os"
	"strconv"
	"syscall"
)

// fileID tells one file from another that has its content, by the inode number: a rename keeps it, a copy gets another. A number that
// was freed may come again, which Linux's version guards against. Empty: unknown.
func fileID(path string) string {
	st, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strconv.FormatUint(uint64(sys.Ino), 10)
}
