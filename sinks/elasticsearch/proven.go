package elasticsearch

import (
	"net/http"
	"sync/atomic"
)

// provenFloor is a size in bytes, of a body, that every server takes.
const provenFloor = 64 << 10

// proven is the size of body, in bytes, that the server is known to take. A server to which a body is too large answers 413 and closes
// the connection while we still send; what we see then may be a broken pipe and not the answer. So a body that is larger than any before
// is announced first ("Expect: 100-continue", RFC 9110, 10.1.1), which gets the answer for certain.
type proven struct{ size atomic.Int64 }

func (p *proven) doubts(n int) bool { return int64(n) > max(p.size.Load(), provenFloor) }

// learn takes the outcome of sending n bytes. Twice the size counts as proven, so that bodies that grow slowly are not announced
// each; if that was wrong, the failure makes the next try announce itself.
func (p *proven) learn(n int, res *http.Response, err error) {
	switch {
	case err != nil || res.StatusCode == http.StatusRequestEntityTooLarge:
		p.size.Store(0)
	case res.StatusCode < 300 && p.doubts(n):
		p.size.Store(2 * int64(n))
	}
}
