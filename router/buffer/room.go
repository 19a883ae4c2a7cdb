package buffer

import (
	"context"
	"slices"
	"sync"
)

// room counts bytes against a limit. Whoever waits is served in order, so that a large view is not starved by small ones.
type room struct {
	mu    *sync.Mutex // the buffer's
	limit int64
	used  int64
	wait  []*waiter
	shut  bool
}

type waiter struct {
	bytes int64
	ready chan struct{} // closed when the bytes are the waiter's, or the room is shut
	err   error         // set before ready is closed
}

func (r *room) fits(bytes int64) bool { return r.used == 0 || r.used+bytes <= r.limit }

// take waits for room for bytes. mu is held when it is called and when it returns, not meanwhile; full is called, with mu held, before
// it waits.
func (r *room) take(ctx context.Context, bytes int64, full func()) error {
	if r.shut {
		return ErrClosed
	}
	if len(r.wait) == 0 && r.fits(bytes) {
		r.used += bytes
		return nil
	}
	w := &waiter{bytes: bytes, ready: make(chan struct{})}
	r.wait = append(r.wait, w)
	full()
	r.mu.Unlock()
	defer r.mu.Lock()
	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-w.ready: // that came first after all
		return w.err
	default:
	}
	r.wait = slices.DeleteFunc(r.wait, func(x *waiter) bool { return x == w })
	r.serve() // the next one may be smaller
	return ctx.Err()
}

// give returns bytes. mu is held.
func (r *room) give(bytes int64) {
	r.used -= bytes
	if r.used < 0 {
		panic("BUG: buffer: gave back more bytes than it held")
	}
	r.serve()
}

func (r *room) serve() {
	for len(r.wait) > 0 && r.fits(r.wait[0].bytes) {
		r.used += r.wait[0].bytes
		close(r.wait[0].ready)
		r.wait = slices.Delete(r.wait, 0, 1)
	}
}

// close refuses all who wait and all who come. mu is held.
func (r *room) close() {
	r.shut = true
	for _, w := range r.wait {
		w.err = ErrClosed
		close(w.ready)
	}
	r.wait = nil
}
