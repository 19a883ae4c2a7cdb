package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// ackProxy passes requests on to Elasticsearch and notes when a bulk that holds a document was answered without errors.
type ackProxy struct {
	es    string
	mu    sync.Mutex
	acked []time.Time // by id
}

// ServeHTTP implements http.Handler.
func (p *ackProxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	req := r.Clone(r.Context())
	req.RequestURI, req.Body = "", io.NopCloser(bytes.NewReader(body))
	if req.URL, err = req.URL.Parse(p.es + r.URL.RequestURI()); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	if bytes.Contains(answer, []byte(`"errors":false`)) {
		p.note(body, time.Now())
	}
	for k, v := range res.Header {
		rw.Header()[k] = v
	}
	rw.WriteHeader(res.StatusCode)
	_, _ = rw.Write(answer) // a client that is gone needs none
}

// note finds the ids in a bulk's action lines.
func (p *ackProxy) note(body []byte, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		_, rest, ok := bytes.Cut(body, []byte(`"_id":"`))
		if !ok {
			return
		}
		id, after, _ := bytes.Cut(rest, []byte{'"'})
		if n, err := strconv.Atoi(string(id)); err == nil && n < len(p.acked) {
			p.acked[n] = at
		}
		body = after
	}
}
