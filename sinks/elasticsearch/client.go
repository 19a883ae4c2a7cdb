package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"yamabiko/sinks"
)

// client sends requests to the nodes in turn, over the official client's transport.
type client struct {
	tp      *elastictransport.Client
	http    *http.Transport
	nodes   int
	flavor  string
	timeout time.Duration
	header  http.Header // of every request; never changed
	proven  proven
}

func newClient(conf Config, lanes int) (*client, error) {
	tr, err := newTransport(conf, lanes)
	if err != nil {
		return nil, err
	}
	c := &client{http: tr, nodes: len(conf.URLs), flavor: conf.Flavor, timeout: conf.Timeout.Std(), header: authHeader(conf)}
	urls := make([]*url.URL, len(conf.URLs))
	for i, raw := range conf.URLs {
		if urls[i], err = parseURL(raw); err != nil {
			return nil, fmt.Errorf("urls[%d]: %w", i, err)
		}
	}
	// The transport's own retries would read every body into memory once more, and would send again what is not to be
	// sent again; the same holds for its gzip, which gives the buffer back while it may still be read (rule E6).
	c.tp, err = elastictransport.NewClient(elastictransport.WithURLs(urls...), elastictransport.WithTransport(tr),
		elastictransport.WithDisableRetry(), elastictransport.WithUserAgent("yamabiko"))
	return c, err
}

// mime is the media type for a body of the kind json or x-ndjson. Elasticsearch gets the one that makes later major versions answer
// as 8 does (REST API compatibility); OpenSearch refuses that.
func (c *client) mime(kind string) string {
	if c.flavor == flavorOpenSearch {
		return "application/" + kind
	}
	return "application/vnd.elasticsearch+" + kind + ";compatible-with=8"
}

// answer is a reply that was read whole.
type answer struct {
	status int
	host   string
	body   []byte
}

// call sends one request and reads the reply into buf. A node that cannot be reached, or that breaks off, is passed over at once for
// the next; every other failure is the caller's to judge. An HTTP status of 400 or more is no error here.
func (c *client) call(ctx context.Context, method, path, query, kind string, p payload, buf []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var failed error
	for range c.nodes {
		a, err := c.once(ctx, method, path, query, kind, p, buf)
		if err == nil || sinks.IsPermanent(err) {
			return a, err
		}
		if failed == nil {
			failed = err
		} else {
			failed = fmt.Errorf("%w; %w", failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return answer{}, failed
}

func (c *client) once(ctx context.Context, method, path, query, kind string, p payload, buf []byte) (answer, error) {
	req := c.request(method, path, query, kind, p).WithContext(ctx)
	res, err := c.tp.Perform(req)
	c.proven.learn(len(p.bytes), res, err)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s at %s: %w", method, path, req.URL.Host, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, host: req.URL.Host}
	w := bytes.NewBuffer(buf[:0])
	if _, err := io.Copy(w, res.Body); err != nil {
		return a, fmt.Errorf("%s %s at %s: the reply broke off: %w", method, path, a.host, err)
	}
	a.body = w.Bytes()
	if a.status < 300 && c.flavor == flavorElasticsearch && res.Header.Get("X-Elastic-Product") != "Elasticsearch" {
		return a, sinks.AsPermanent(fmt.Errorf("%s answers, but is not Elasticsearch 7.14 or later (for OpenSearch: set flavor: opensearch)", a.host))
	}
	return a, nil
}

func (c *client) request(method, path, query, kind string, p payload) *http.Request {
	h := make(http.Header, len(c.header)+5)
	for k, v := range c.header {
		h[k] = v
	}
	h.Set("Accept", c.mime("json"))
	req := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1} // net/http ignores Expect without them
	if p.bytes == nil {
		return req
	}
	h.Set("Content-Type", c.mime(kind))
	if p.gzip {
		h.Set("Content-Encoding", "gzip")
	}
	if c.proven.doubts(len(p.bytes)) {
		h.Set("Expect", "100-continue")
		req.Close = true // else net/http sends the body after a 413 too, to keep the connection
	}
	req.ContentLength = int64(len(p.bytes))
	req.Body = p.open()
	req.GetBody = func() (io.ReadCloser, error) { return p.open(), nil }
	return req
}

// patience is what the server is told: it shall give up, and say why, before we cut the connection and know nothing (rule E2).
func (c *client) patience() time.Duration { return c.timeout * 3 / 4 }

func (c *client) close() error {
	err := c.tp.Close(context.Background())
	c.http.CloseIdleConnections()
	return err
}
