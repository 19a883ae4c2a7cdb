package testenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// FreePort returns a loopback TCP port that nobody listens on. It lies below the range from which systems give ports to
// outgoing connections: a client that keeps dialling a stopped server's port from that range may one day get that very
// number as its own and connect to itself, and a restarted server may find its port taken.
func FreePort() (int, error) {
	for range 100 {
		port := 12000 + rand.IntN(20000)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // taken
		}
		return port, l.Close()
	}
	return 0, errors.New("testenv: no free port in a hundred tries")
}
