//go:build !unix

package mysql

import "net"

// readReady cannot tell here whether a read would wait, so every read counts as waiting: batches are smaller.
func readReady(net.Conn, []byte) (n int, ready bool, err error) { return 0, false, nil }
