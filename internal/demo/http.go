package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"yamabiko/admin"
)

// get decodes what a URL answers and returns the HTTP status. Numbers keep their digits.
func get(ctx context.Context, url string, out any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body.Bytes(), out); err != nil {
		return resp.StatusCode, fmt.Errorf("%s: status %d: %.200s", url, resp.StatusCode, body.Bytes())
	}
	return resp.StatusCode, nil
}

// status is how yamabiko's one source is doing.
func (d *demo) status(ctx context.Context) (src struct {
	Phase  string
	Error  string
	Tables []admin.Table
}, err error) {
	s := struct{ Sources []json.RawMessage }{}
	if _, err = get(ctx, d.admin+"/status", &s); err != nil {
		return src, err
	}
	if len(s.Sources) != 1 {
		return src, fmt.Errorf("status shows %d sources", len(s.Sources))
	}
	return src, json.Unmarshal(s.Sources[0], &src)
}

// document is what Elasticsearch returns for an id; nil if there is none.
func (d *demo) document(ctx context.Context, index, id string) (json.RawMessage, error) {
	var doc struct {
		Source json.RawMessage `json:"_source"`
	}
	status, err := get(ctx, d.es.URL+"/"+index+"/_doc/"+id, &doc)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("%s/%s: status %d", index, id, status)
	}
	return doc.Source, err
}

// number reads a count that a server wrote.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("BUG: demo: not a count: " + text)
	}
	return n
}

func sum(counts map[string]int) (all int) {
	for _, n := range counts {
		all += n
	}
	return all
}
