package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"syscall"

	"yamabiko/event"
)

// bulk is a body of action lines, and where each begins.
type bulk struct {
	body   *body
	starts []int
	reply  []byte // the buffer of the last reply, for the next one
}

// begin notes that an action starts here.
func (b *bulk) begin() { b.starts = append(b.starts, len(b.body.buf)) }

// undo takes back what was appended since the last begin.
func (b *bulk) undo() {
	last := len(b.starts) - 1
	b.body.buf = b.body.buf[:b.starts[last]]
	b.starts = b.starts[:last]
}

// openID appends an action's opening; the _id follows.
func (b *bulk) openID(opening []byte) { b.body.buf = append(b.body.buf, opening...) }

// versioned closes an action line with the version that the server holds the document against (rule E1).
func (b *bulk) versioned(seq uint64) {
	b.body.buf = append(b.body.buf, `","version":`...)
	b.body.buf = strconv.AppendUint(b.body.buf, seq, 10)
	b.body.buf = append(b.body.buf, `,"version_type":"external_gte"}}`+"\n"...)
}

// document appends a record as the line after its action.
func (b *bulk) document(rec []byte) error {
	buf, err := event.AppendJSON(b.body.buf, rec)
	b.body.buf = append(buf, '\n')
	return err
}

// stretch returns the bytes of the actions from to below to.
func (b *bulk) stretch(from, to int) []byte {
	end := len(b.body.buf)
	if to < len(b.starts) {
		end = b.starts[to]
	}
	return b.body.buf[b.starts[from]:end]
}

// fit returns the end of the longest run of actions from `from` that has at most limit bytes, and holds one at least. A limit of
// 0 is none.
func (b *bulk) fit(from int, limit int64) int {
	if limit == 0 || int64(len(b.body.buf)-b.starts[from]) <= limit {
		return len(b.starts)
	}
	to := from + 1
	for to < len(b.starts) && int64(len(b.stretch(from, to+1))) <= limit {
		to++
	}
	return to
}

// answered is called for every action with an error or, where a reply has any, with a status.
type answered func(i int, r *result)

// send posts b, in pieces if the server says that it is too large, and passes on the answer to each action that has one to hear.
// done is how many actions were answered, in order, when err came.
func (s *Sink) send(ctx context.Context, b *bulk, on answered) (done int, err error) {
	limit := s.bodyLimit.Load()
	for done < len(b.starts) {
		to := b.fit(done, limit)
		size := int64(len(b.stretch(done, to)))
		a, err := s.post(ctx, b, done, to)
		switch {
		case err != nil && to-done > 1 && size > provenFloor && brokeOff(err):
			limit = size / 2 // it may be a 413 that was not heard; a server that is gone fails the next try as well
			continue
		case err != nil:
			return done, err
		case a.status == http.StatusRequestEntityTooLarge && to-done > 1:
			limit = size / 2
			s.bodyLimit.Store(limit)
			continue
		case a.status == http.StatusRequestEntityTooLarge:
			on(done, tooLarge(size))
		case a.status >= 300:
			return done, newStatusError(http.MethodPost, "/_bulk", a)
		default:
			if err := readReply(a.body, done, to, on); err != nil {
				return done, fmt.Errorf("POST /_bulk at %s: %w", a.host, err)
			}
		}
		b.reply = a.body
		done = to
	}
	return done, nil
}

// brokeOff tells whether the server closed the connection in the middle. One that unpacks gzip finds out only then that a body
// is too large, and its answer is lost if it comes while we send.
func brokeOff(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func tooLarge(n int64) *result {
	return &result{Status: http.StatusRequestEntityTooLarge, Error: &cause{Type: "content_too_long",
		Reason: fmt.Sprintf("a document of %d bytes by itself is more than the server takes (http.max_content_length, or a proxy's limit)", n)}}
}

// bulkFilter keeps a reply small. The status stays for each action, since the filter would otherwise drop those without an
// error from the list and nothing would tell whose error it is.
const bulkFilter = "filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.type,items.*.error.caused_by.reason"

func (s *Sink) post(ctx context.Context, b *bulk, from, to int) (answer, error) {
	p := payload{owner: b.body, bytes: b.stretch(from, to)}
	if s.conf.Gzip {
		zipped, err := s.bodies.zip(p.bytes)
		if err != nil {
			return answer{}, fmt.Errorf("gzip: %w", err)
		}
		defer zipped.release()
		p = payload{owner: zipped, bytes: zipped.buf, gzip: true}
	}
	return s.client.call(ctx, http.MethodPost, "/_bulk", s.bulkQuery, "x-ndjson", p, b.reply)
}
