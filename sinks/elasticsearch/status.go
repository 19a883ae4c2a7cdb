package elasticsearch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// cause is what Elasticsearch says about a failure, of a request or of one action of a bulk.
type cause struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy *cause `json:"caused_by"`
}

func (c *cause) String() string {
	if c == nil || c.Type == "" && c.Reason == "" {
		return "no reason given"
	}
	s := c.Type + ": " + c.Reason
	if c.CausedBy != nil && c.CausedBy.Reason != "" {
		s += ": " + c.CausedBy.Reason
	}
	return s
}

// state is String for a log: a state of the server may quote the row ("… containing [index {[orders][7], source[{…}]}]"), and no
// row value stands in a log line.
func (c *cause) state() string {
	s := c.String()
	for _, quote := range []string{", request: [", "source[", "Preview of field"} {
		s, _, _ = strings.Cut(s, quote)
	}
	return s
}

// statusError is a whole request that was answered with 300 or more.
type statusError struct {
	method, path, host string
	status             int
	cause              cause
}

func newStatusError(method, path string, a answer) *statusError {
	e := &statusError{method: method, path: path, host: a.host, status: a.status}
	var reply struct {
		Error json.RawMessage `json:"error"`
	}
	// A proxy's page is no JSON, and an old error is a string: then the status has to do.
	if json.Unmarshal(a.body, &reply) == nil && json.Unmarshal(reply.Error, &e.cause) != nil {
		_ = json.Unmarshal(reply.Error, &e.cause.Reason)
	}
	return e
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("%s %s at %s: %d %s: %s", e.method, e.path, e.host, e.status, http.StatusText(e.status), e.cause.state())
	if r := remedy(e.status, &e.cause, indexOf(e.path)); r != "" {
		s += " (" + r + ")"
	}
	return s
}

// indexOf is the index that a path names; calls over several indices name none.
func indexOf(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if name == "" || name[0] == '_' {
		return "<index>"
	}
	return name
}

// hasStatus tells whether err is an answer with that status.
func hasStatus(err error, status int) bool {
	var e *statusError
	return errors.As(err, &e) && e.status == status
}

// remedy says what mends a state of the server.
func remedy(status int, c *cause, index string) string {
	if c == nil {
		c = &cause{}
	}
	switch {
	case status == http.StatusUnauthorized:
		return "user and password, or api_key, are not accepted: mend them in the configuration"
	case status == http.StatusForbidden && c.Type == "security_exception":
		return "the user lacks the privilege: it needs create_index, manage and write on " + index
	case c.Type == "cluster_block_exception" && strings.Contains(c.Reason, "read-only-allow-delete"):
		return fmt.Sprintf(`the disk was full: free some, then PUT /%s/_settings {"index.blocks.read_only_allow_delete":null}`, index)
	case c.Type == "cluster_block_exception":
		return fmt.Sprintf(`writing is blocked: PUT /%s/_settings {"index.blocks.write":null,"index.blocks.read_only":null}`, index)
	case c.Type == "unavailable_shards_exception" || c.Type == "no_shard_available_action_exception":
		return "the index is red: GET /_cluster/allocation/explain says why"
	case c.Type == "index_closed_exception":
		return "POST /" + index + "/_open"
	case c.Type == "es_rejected_execution_exception" || c.Type == "rejected_execution_exception":
		return "the server's write queue is full: it is retried; fewer workers or more nodes would help"
	case strings.Contains(c.Reason, "maximum normal shards open") || strings.Contains(c.Reason, "maximum shards open"):
		return "the cluster is full of shards: delete indices, or raise cluster.max_shards_per_node"
	case status == http.StatusRequestEntityTooLarge:
		return "raise http.max_content_length of the server, or the limit of the proxy before it"
	}
	return ""
}
