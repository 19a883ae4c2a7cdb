//go:build unix

package stdout

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openStdout opens standard output a second time. The runtime ends the program at a broken pipe on file
// descriptors 1 and 2 (os/signal, "SIGPIPE"); on any other the sink gets EPIPE and says what happened.
func openStdout() (io.WriteCloser, error) {
	st, err := os.Stdout.Stat()
	if err != nil {
		return nil, err
	}
	// A pipe opened by its name has its own flags: non-blocking for us alone, so a reader that has stopped reading
	// does not keep us from ending. A pipe of another user cannot be opened so; then a duplicate has to do.
	if st.Mode()&os.ModeNamedPipe != 0 {
		if f, err := os.OpenFile("/proc/self/fd/1", os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
			return pipe{f}, nil
		}
	}
	fd, err := unix.FcntlInt(os.Stdout.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "stdout"), nil
}
