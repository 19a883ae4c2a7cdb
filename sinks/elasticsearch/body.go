package elasticsearch

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// minKeep is the least size, in bytes, up to which a body's buffer goes back to the pool.
const minKeep = 4 << 20

// bodyPool lends the buffers that bulk bodies are written into.
type bodyPool struct {
	bodies sync.Pool // *body
	zips   sync.Pool // *gzip.Writer
	keep   int       // a larger buffer, left by one huge row, is not kept
}

// body is a request body. It goes back to its pool when its maker and every reader have let it go: the transport may still
// be reading when the call has returned (rule E6).
type body struct {
	buf  []byte
	pool *bodyPool
	refs atomic.Int32
}

// get returns an empty body, held once by the caller.
func (p *bodyPool) get() *body {
	b, ok := p.bodies.Get().(*body)
	if !ok {
		b = &body{pool: p}
	}
	b.buf = b.buf[:0]
	b.refs.Store(1)
	return b
}

func (b *body) release() {
	switch n := b.refs.Add(-1); {
	case n < 0:
		panic("BUG: elasticsearch: body released more often than held")
	case n == 0 && cap(b.buf) <= b.pool.keep:
		b.pool.bodies.Put(b)
	}
}

// zip compresses data into a body of its own, held once by the caller.
func (p *bodyPool) zip(data []byte) (*body, error) {
	out := p.get()
	z, ok := p.zips.Get().(*gzip.Writer)
	if !ok {
		var err error
		// The fastest level: rows shrink to a fifth already, and the better levels cost more CPU than encoding the rows.
		if z, err = gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); err != nil {
			return nil, err
		}
	}
	z.Reset(out)
	_, err := z.Write(data)
	if cerr := z.Close(); err == nil {
		err = cerr
	}
	p.zips.Put(z)
	if err != nil {
		out.release()
		return nil, err
	}
	return out, nil
}

// Write appends p; it never fails.
func (b *body) Write(p []byte) (int, error) {
	b.buf = append(b.buf, p...)
	return len(p), nil
}

// payload is a stretch of a body, to be read any number of times.
type payload struct {
	owner *body // nil: the bytes belong to nobody's pool
	bytes []byte
	gzip  bool
}

// open returns a reader that holds the body until it is closed.
func (p payload) open() io.ReadCloser {
	if p.owner != nil {
		p.owner.refs.Add(1)
	}
	return &bodyReader{owner: p.owner, rest: p.bytes}
}

// bodyReader may be closed by another goroutine than the one that reads. It has no WriteTo, since that would hand out
// bytes that a Close beside it gives away.
type bodyReader struct {
	mu     sync.Mutex
	owner  *body
	rest   []byte
	closed bool
}

func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return 0, io.ErrClosedPipe
	case len(r.rest) == 0:
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *bodyReader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed, r.rest = true, nil
	if r.owner != nil {
		r.owner.release()
	}
	return nil
}
