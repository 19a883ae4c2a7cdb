package elasticsearch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// result is the answer to one action of a bulk.
type result struct {
	Status int    `json:"status"`
	Error  *cause `json:"error"`
}

// item is one element of a reply's items: an object whose one key is the action.
type item struct {
	Index  *result `json:"index"`
	Create *result `json:"create"`
	Delete *result `json:"delete"`
}

func (i *item) result() *result {
	switch {
	case i.Index != nil:
		return i.Index
	case i.Create != nil:
		return i.Create
	}
	return i.Delete
}

var noErrors = []byte(`{"errors":false`)

// readReply passes on the answers to the actions from `from` below `to`. A reply without errors, the usual one, is not
// looked into: on is not called.
func readReply(reply []byte, from, to int, on answered) error {
	if bytes.HasPrefix(reply, noErrors) {
		return nil
	}
	var r struct {
		Errors *bool  `json:"errors"`
		Items  []item `json:"items"`
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	switch {
	case r.Errors == nil:
		return errors.New("the reply is not that of a bulk")
	case !*r.Errors:
		return nil
	case len(r.Items) != to-from:
		return fmt.Errorf("the reply has %d items for %d actions", len(r.Items), to-from)
	}
	for i := range r.Items {
		res := r.Items[i].result()
		if res == nil {
			return fmt.Errorf("the reply's item %d names no action", i)
		}
		on(from+i, res)
	}
	return nil
}

// verdict is what an answer means for its event.
type verdict uint8

const (
	accepted  verdict = iota
	refused           // the server holds a newer version (409): a success, unless rule S6 doubts it
	rejected          // the document itself is at fault, and no retry mends it
	postponed         // the server's state is at fault
)

func (r *result) verdict() verdict {
	switch {
	case r.Status < 300:
		return accepted
	case r.Status == http.StatusConflict:
		return refused
	case r.Status == http.StatusNotFound && r.Error == nil: // a delete that found nothing leaves a tombstone all the same
		return accepted
	case (r.Status == http.StatusBadRequest || r.Status == http.StatusRequestEntityTooLarge) && !r.Error.isState():
		return rejected
	}
	return postponed
}

// isState tells the errors with status 400 that speak of the index and not of the document.
func (c *cause) isState() bool {
	if c == nil {
		return false
	}
	switch c.Type {
	case indexMissing, "index_closed_exception", "cluster_block_exception", "security_exception", "validation_exception":
		return true
	}
	return strings.Contains(c.Reason, "no write index is defined") || strings.Contains(c.Reason, "maximum normal shards open") ||
		strings.Contains(c.Reason, "in data streams")
}

// indexMissing is the type of the error for an index that does not exist.
const indexMissing = "index_not_found_exception"

// isType tells whether err is an answer with that error type.
func isType(err error, typ string) bool {
	var e *statusError
	return errors.As(err, &e) && e.cause.Type == typ
}

// storedVersion reads the version that a refusal names: "…: version conflict, current version [20] is higher than the
// one provided [10]" (VersionType.explainConflictForWrites). ok is false for any other text.
func storedVersion(c *cause) (v uint64, ok bool) {
	if c == nil {
		return 0, false
	}
	_, after, ok := strings.Cut(c.Reason, "version conflict, current version [")
	digits, after, closed := strings.Cut(after, "]")
	if !ok || !closed || !strings.HasPrefix(after, " is higher") {
		return 0, false
	}
	v, err := strconv.ParseUint(digits, 10, 64)
	return v, err == nil
}
