package testenv

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ESServer is one node of Elasticsearch 8 or OpenSearch 2 without security. Started from jars it has no scripts.
type ESServer struct {
	server
	URL string // http://127.0.0.1:port
}

// Elasticsearch returns the server that the tests of this run share.
func Elasticsearch(t testing.TB) *ESServer {
	t.Helper()
	return sharedES.get(t)
}

// OpenSearch returns the OpenSearch that the tests of this package share.
func OpenSearch(t testing.TB) *ESServer {
	t.Helper()
	return sharedOS.get(t)
}

// PrivateElasticsearch starts a server for this test alone, with settings of its own ("http.max_content_length=1mb").
func PrivateElasticsearch(t testing.TB, settings ...string) *ESServer {
	t.Helper()
	s := private(t, StartElasticsearch, settings)
	s.t = t
	return s
}

// StartElasticsearch starts a server on port with its data in dir, which it makes or finds there, and returns once the
// server answers. The server ends with Close, or with this process.
func StartElasticsearch(ctx context.Context, dir string, port int, settings ...string) (*ESServer, error) {
	return startES(ctx, "elasticsearch", dir, port, settings)
}

// StartOpenSearch is StartElasticsearch for OpenSearch.
func StartOpenSearch(ctx context.Context, dir string, port int, settings ...string) (*ESServer, error) {
	return startES(ctx, "opensearch", dir, port, settings)
}

func startES(ctx context.Context, kind, dir string, port int, settings []string) (*ESServer, error) {
	if err := install(ctx, kind); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	s := &ESServer{server: server{DataDir: filepath.Join(dir, "data"), options: settings}, URL: fmt.Sprintf("http://127.0.0.1:%d", port)}
	s.p = &process{kind: kind, dir: dir, port: port, ready: s.ready}
	return s, s.p.start(ctx, settings)
}

func attachES(url string) (*ESServer, error) {
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s := &ESServer{URL: strings.TrimSuffix(url, "/")}
	return s, s.ready(ctx)
}

// ready is nil once the cluster is in use. One red index, which a crash can leave, must not keep a test waiting for
// ever: then it is enough that the node has joined its cluster.
func (s *ESServer) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	status, body, err := s.do(ctx, "GET", "/_cluster/health?wait_for_status=yellow&timeout=2s", "")
	if err != nil {
		return err
	}
	var health struct {
		Nodes int `json:"number_of_data_nodes"`
	}
	if err := json.Unmarshal(body, &health); err != nil || health.Nodes == 0 {
		return fmt.Errorf("%s: health %d: %.200s", s.URL, status, body)
	}
	return nil
}

// esClient keeps no connection: a test that looks for leaked goroutines must not find this package's.
var esClient = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

func (s *ESServer) do(ctx context.Context, method, path, body string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := esClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return resp.StatusCode, answer, nil
}

// String says what is running, and where.
func (s *ESServer) String() string {
	var root struct {
		Version struct{ Distribution, Number string }
	}
	_, body, err := s.do(context.Background(), "GET", "/", "")
	if err = errors.Join(err, json.Unmarshal(body, &root)); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %s at %s", cmp.Or(root.Version.Distribution, "elasticsearch"), root.Version.Number, s.URL)
}

// Do sends a request and returns the answer, whatever its status. path begins with a slash; body is JSON, NDJSON or empty.
func (s *ESServer) Do(t testing.TB, method, path, body string) (status int, answer []byte) {
	t.Helper()
	status, answer, err := s.do(context.Background(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

// Prefix returns a lower-case beginning for the names of this test's indices and index templates; what bears it is deleted when
// the test ends.
func (s *ESServer) Prefix(t testing.TB) string {
	t.Helper()
	prefix := fmt.Sprintf("t%d-%d-", os.Getpid(), names.Add(1))
	t.Cleanup(func() {
		if s.p != nil && s.p.cmd == nil {
			return // stopped by its test: the data folder goes too
		}
		if err := s.remove(prefix); err != nil {
			t.Errorf("remove the indices %s*: %v", prefix, err)
		}
	})
	return prefix
}

// remove deletes indices by their full names: servers refuse to delete by pattern.
func (s *ESServer) remove(prefix string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	status, body, err := s.do(ctx, "GET", "/_cat/indices/"+prefix+"*?h=index&expand_wildcards=all", "")
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("status %d: %.300s", status, body))
	}
	for index := range strings.FieldsSeq(string(body)) {
		if status, body, err = s.do(ctx, "DELETE", "/"+url.PathEscape(index)+"?ignore_unavailable=true", ""); err != nil || status != http.StatusOK {
			return errors.Join(err, fmt.Errorf("delete %s: status %d: %.300s", index, status, body))
		}
	}
	status, body, err = s.do(ctx, "DELETE", "/_index_template/"+prefix+"*", "")
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("delete templates: status %d: %.300s", status, body)
	}
	return err
}

// Docs refreshes an index and returns its documents by id. An index that does not exist has none.
func (s *ESServer) Docs(t testing.TB, index string) map[string]json.RawMessage {
	t.Helper()
	type page struct {
		Scroll string `json:"_scroll_id"`
		Hits   struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	s.must(t, "POST", "/"+index+"/_refresh?ignore_unavailable=true", "", nil)
	docs := map[string]json.RawMessage{}
	var p page
	s.must(t, "POST", "/"+index+"/_search?scroll=1m&ignore_unavailable=true", `{"size":5000,"sort":["_doc"]}`, &p)
	if p.Scroll == "" {
		return docs // no such index
	}
	scroll := p.Scroll
	for len(p.Hits.Hits) > 0 {
		for _, hit := range p.Hits.Hits {
			docs[hit.ID] = hit.Source
		}
		next := fmt.Sprintf(`{"scroll":"1m","scroll_id":%q}`, scroll)
		p = page{}
		s.must(t, "POST", "/_search/scroll", next, &p)
	}
	s.Do(t, "DELETE", "/_search/scroll", fmt.Sprintf(`{"scroll_id":%q}`, scroll)) // it would go by itself, later
	return docs
}

// must wants status 200 and decodes the answer into out, if there is one.
func (s *ESServer) must(t testing.TB, method, path, body string, out any) {
	t.Helper()
	status, answer := s.Do(t, method, path, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s: status %d: %.300s", method, path, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v in %.300s", method, path, err, answer)
	}
}
