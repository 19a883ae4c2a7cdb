package mysql

import (
	"net"
	"time"
)

// watchedConn is the replication connection. Before it blocks for want of data it calls idle, so that an open batch goes out
// at once when nothing more is waiting; and it gives up after timeout without a byte, counted only while reading, so that
// a slow sink does not look like a dead server.
type watchedConn struct {
	net.Conn
	idle    func()
	timeout time.Duration
}

func (c *watchedConn) Read(p []byte) (int, error) {
	if n, ready, err := readReady(c.Conn, p); ready {
		return n, err
	}
	c.idle()
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if err == nil {
		// Taken back, or it would expire while the events just read are being handled.
		err = c.Conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// SetReadDeadline is what go-mysql calls to end a read when the syncer closes; a deadline of ours must not undo it.
func (c *watchedConn) SetReadDeadline(time.Time) error { return c.Conn.Close() }
