package testenv

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// Cut is a TCP proxy that fails on demand: it drops connections, refuses new ones, or goes silent.
type Cut struct {
	Addr string // 127.0.0.1:port, the same as long as the test runs

	target string
	work   sync.WaitGroup

	mu       sync.Mutex
	wake     *sync.Cond // of mu: silent or the set of connections has changed
	listener net.Listener
	conns    map[net.Conn]bool
	silent   bool
	closed   bool
}

// CutProxy starts a proxy to target ("127.0.0.1:3306"); it ends with the test.
func CutProxy(t testing.TB, target string) *Cut {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cut{Addr: fmt.Sprintf("127.0.0.1:%d", port), target: target, conns: map[net.Conn]bool{}}
	c.wake = sync.NewCond(&c.mu)
	if err := c.listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// Cut drops every connection now, as a broken network device would.
func (c *Cut) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
}

// Refuse(true) closes the listening port, so that new connections are refused; connections that stand stay.
func (c *Cut) Refuse(on bool) {
	c.mu.Lock()
	open := c.listener != nil
	if on && open {
		_ = c.listener.Close()
		c.listener = nil
	}
	c.mu.Unlock()
	if on || open {
		return
	}
	if err := c.listen(); err != nil {
		panic(fmt.Sprintf("testenv: cut proxy cannot take its port again: %v", err))
	}
}

// Blackhole(true) holds all bytes back while connections stay open, and accepts new ones; Blackhole(false) lets the
// bytes go on.
func (c *Cut) Blackhole(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = on
	c.wake.Broadcast()
}

func (c *Cut) listen() error {
	l, err := net.Listen("tcp4", c.Addr)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener = l
	c.work.Go(func() { c.accept(l) })
	return nil
}

func (c *Cut) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed
		}
		c.work.Go(func() { c.serve(conn) })
	}
}

// serve joins one client with the target until either side ends.
func (c *Cut) serve(client net.Conn) {
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		_ = client.Close()
		return
	}
	if !c.add(client, server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.copy(server, client) })
	both.Go(func() { c.copy(client, server) })
	both.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, client)
	delete(c.conns, server)
}

// copy moves bytes one way and closes both ends when it is over.
func (c *Cut) copy(dst, src net.Conn) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 && c.mayPass(src) {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// mayPass waits while the proxy is silent; false means that the connection was cut meanwhile.
func (c *Cut) mayPass(src net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.silent && c.conns[src] {
		c.wake.Wait()
	}
	return c.conns[src]
}

func (c *Cut) add(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		if c.closed {
			_ = conn.Close()
			continue
		}
		c.conns[conn] = true
	}
	return !c.closed
}

// drop closes all connections; c.mu is held. A reset rather than a goodbye: the other side learns that it was cut off.
func (c *Cut) drop() {
	for conn := range c.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	clear(c.conns)
	c.wake.Broadcast()
}

func (c *Cut) close() {
	c.Refuse(true)
	c.mu.Lock()
	c.closed = true
	c.drop()
	c.mu.Unlock()
	c.work.Wait()
}
