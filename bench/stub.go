package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// stubRole is an Elasticsearch that keeps nothing: it answers every bulk as one without errors is answered. With -record it keeps the
// bodies, for the loader, and the first one's query.
func stubRole(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("stub", flag.ContinueOnError)
	addr := f.String("listen", "", "host:port")
	record := f.String("record", "", "folder")
	if err := f.Parse(args); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: &bulkStub{record: *record}}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(ln); ctx.Err() == nil {
		return err
	}
	return nil
}

type bulkStub struct {
	record string
	n      atomic.Int64
}

// ServeHTTP answers as Elasticsearch does, as far as the sink asks.
func (s *bulkStub) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("X-Elastic-Product", "Elasticsearch")
	rw.Header().Set("Content-Type", "application/json")
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		http.Error(rw, err.Error(), http.StatusBadRequest)
	case strings.HasSuffix(r.URL.Path, "/_mapping"):
		fmt.Fprint(rw, `{"orders":{"mappings":{}}}`)
	case r.URL.Path != "/_bulk":
		fmt.Fprint(rw, `{"version":{"number":"8.19.0"}}`)
	default:
		if err := s.keep(r.URL.RawQuery, body); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = rw.Write(bulkAnswer(bytes.Count(body, []byte{'\n'}) / 2)) // a client that is gone needs none
	}
}

func bulkAnswer(actions int) []byte {
	const item = `{"index":{"status":201}}`
	return []byte(`{"errors":false,"items":[` + strings.TrimSuffix(strings.Repeat(item+",", actions), ",") + `]}`)
}

func (s *bulkStub) keep(query string, body []byte) error {
	if s.record == "" {
		return nil
	}
	n := s.n.Add(1)
	if n == 1 {
		if err := os.WriteFile(filepath.Join(s.record, "query"), []byte(query), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(s.record, fmt.Sprintf("%06d.ndjson", n)), body, 0o600)
}
