//go:build unix

package mysql

import (
	"io"
	"net"
	"syscall"
)

// readReady reads what is there already; ready is false where a read would have to wait.
func readReady(c net.Conn, p []byte) (n int, ready bool, err error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, false, nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, true, err
	}
	var errno error
	if err := raw.Read(func(fd uintptr) bool {
		n, errno = syscall.Read(int(fd), p)
		return true
	}); err != nil {
		return 0, true, err
	}
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return 0, false, nil
	case errno != nil:
		return 0, true, errno
	case n == 0:
		return 0, true, io.EOF
	}
	return n, true, nil
}
