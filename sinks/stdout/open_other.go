//go:build !unix

package stdout

import (
	"io"
	"os"
)

// openStdout gives standard output as it is: there is no SIGPIPE here that a second descriptor would have to avoid.
func openStdout() (io.WriteCloser, error) { return os.Stdout, nil }
