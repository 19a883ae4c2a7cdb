package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// page is a part of an index, as the scroll API gives it.
type page struct {
	Scroll string `json:"_scroll_id"`
	Hits   struct {
		Hits []struct {
			ID     string          `json:"_id"`
			Source json.RawMessage `json:"_source"`
		}
	}
}

// documents returns what an index holds, as canonical JSON by id. An index that does not exist holds nothing.
func (t *table) documents(ctx context.Context, es, index string) (docs map[string]string, err error) {
	at := es + "/" + url.PathEscape(index)
	if err := send(ctx, http.MethodPost, at+"/_refresh?ignore_unavailable=true", "", nil); err != nil {
		return nil, err
	}
	var p page
	err = send(ctx, http.MethodPost, at+"/_search?scroll=1m&ignore_unavailable=true", `{"size":5000,"sort":["_doc"]}`, &p)
	if err != nil || p.Scroll == "" {
		return nil, err
	}
	scroll := p.Scroll
	defer func() { // a server bears few scrolls at a time
		err = errors.Join(err, send(ctx, http.MethodDelete, es+"/_search/scroll", fmt.Sprintf(`{"scroll_id":%q}`, scroll), nil))
	}()
	docs = map[string]string{}
	for len(p.Hits.Hits) > 0 {
		if err := t.take(docs, p); err != nil {
			return nil, err
		}
		p = page{}
		err := send(ctx, http.MethodPost, es+"/_search/scroll", fmt.Sprintf(`{"scroll":"1m","scroll_id":%q}`, scroll), &p)
		if err != nil {
			return nil, err
		}
	}
	if len(t.key) == 0 {
		return numbered(slices.Collect(maps.Values(docs))), nil
	}
	return docs, nil
}

func (t *table) take(docs map[string]string, p page) error {
	for _, hit := range p.Hits.Hits {
		row, err := parse(hit.Source)
		if err != nil {
			return fmt.Errorf("document %s: %w", hit.ID, err)
		}
		docs[hit.ID] = t.canonical(row)
	}
	return nil
}

// send wants success and decodes the answer into out, if there is one.
func send(ctx context.Context, method, to, body string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, to, err)
	}
	gone := method == http.MethodDelete && resp.StatusCode == http.StatusNotFound // a scroll that was read to its end
	if resp.StatusCode != http.StatusOK && !gone {
		return fmt.Errorf("%s %s: status %d: %.300s", method, to, resp.StatusCode, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
