package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// api makes one of the rare calls, for which the official client knows the paths, and decodes the reply into out, if that is not nil. A status
// of 300 or more is a *statusError.
func (c *client) api(ctx context.Context, call esapi.Request, out any) error {
	res, err := call.Do(ctx, c)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("reply of %T: %w", call, err)
	}
	return nil
}

// Perform implements esapi.Transport over call: other nodes are tried, and the reply is read whole.
func (c *client) Perform(req *http.Request) (*http.Response, error) {
	var p payload
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		p.bytes = b
	}
	a, err := c.call(req.Context(), req.Method, req.URL.Path, req.URL.RawQuery, "json", p, nil)
	if err != nil {
		return nil, err
	}
	if a.status >= 300 {
		return nil, newStatusError(req.Method, req.URL.Path, a)
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

// named is an index as a path of esapi takes it: esapi puts names into paths as they are.
func named(index string) []string { return []string{url.PathEscape(index)} }

// encoded is a request's body.
func encoded(v any) io.Reader {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: elasticsearch: a body of ours does not encode: " + err.Error())
	}
	return bytes.NewReader(b)
}
