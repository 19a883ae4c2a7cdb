package elasticsearch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"yamabiko/config"
	"yamabiko/sinks/sinktest"
)

func TestE6_ABodyGoesBackWhenItsLastReaderCloses(t *testing.T) {
	p := bodyPool{keep: minKeep}
	b := p.get()
	b.buf = append(b.buf, "first"...)
	r := payload{owner: b, bytes: b.buf}.open()
	b.release() // the call has returned, and the transport still reads
	other := p.get()
	other.buf = append(other.buf, "other"...)
	if got, err := io.ReadAll(r); string(got) != "first" || err != nil {
		t.Fatalf("the reader sees %q, %v: its buffer was given away", got, err)
	}
	for range 2 { // Close twice is once
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.refs.Load(); n != 0 {
		t.Errorf("%d references left after the last Close", n)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed reader reads: %v", err)
	}
}

// slowReader is a transport that returns the answer while it has yet to read the body, as net/http does when a server answers
// early.
type slowReader struct{ bodies []io.ReadCloser }

func (s *slowReader) RoundTrip(r *http.Request) (*http.Response, error) {
	s.bodies = append(s.bodies, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"X-Elastic-Product": {"Elasticsearch"}},
		Body: io.NopCloser(strings.NewReader(`{"errors":false}`))}, nil
}

func TestE6_WhatIsReadAfterTheCallIsStillTheFirstBody(t *testing.T) {
	for _, zipped := range []bool{false, true} {
		conf := Defaults()
		conf.URLs, conf.Mapping, conf.Gzip = []string{"http://es.invalid:9200"}, mappingOff, zipped
		s := openSink(t, conf, nil)
		var slow slowReader
		tp, err := elastictransport.NewClient(elastictransport.WithURLs(s.client.tp.URLs()...), elastictransport.WithTransport(&slow), elastictransport.WithDisableRetry())
		if err != nil {
			t.Fatal(err)
		}
		s.client.tp = tp
		const calls = 5
		for i := range calls {
			if err := s.Write(t.Context(), sinktest.Chunk(0, rows(orders()).Insert(uint64(i+1), i, "n", i).Build())); err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range slow.bodies {
			got := readBody(t, b, zipped)
			if want := fmt.Sprintf(`{"id":%d,"n":%d}`, i, i); !strings.Contains(got, want) {
				t.Errorf("gzip %v: body %d reads %q, want one with %s", zipped, i, got, want)
			}
		}
	}
}

func readBody(t *testing.T, body io.ReadCloser, zipped bool) string {
	t.Helper()
	defer body.Close()
	var r io.Reader = body
	if zipped {
		z, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A reader that is read and closed at once must never show the bytes of the body's next use.
func TestE6_CloseBesideRead(t *testing.T) {
	p := bodyPool{keep: minKeep}
	for round := range 200 {
		b := p.get()
		fill := byte('a' + round%26)
		b.buf = append(b.buf, bytes.Repeat([]byte{fill}, 64<<10)...)
		r := payload{owner: b, bytes: b.buf}.open()
		b.release()
		var wg sync.WaitGroup
		wg.Go(func() {
			chunk := make([]byte, 1000)
			for {
				n, err := r.Read(chunk)
				if len(bytes.Trim(chunk[:n], string(fill))) > 0 {
					t.Error("the reader sees another body's bytes")
				}
				if err != nil {
					return
				}
			}
		})
		wg.Go(func() {
			r.Close()
			next := p.get()
			next.buf = append(next.buf, bytes.Repeat([]byte{'!'}, 64<<10)...)
			next.release()
		})
		wg.Wait()
	}
}

func TestAHugeBodyIsNotKept(t *testing.T) {
	p := bodyPool{keep: 100}
	b := p.get()
	b.buf = make([]byte, 101)
	b.release()
	if again := p.get(); cap(again.buf) > 100 {
		t.Errorf("a buffer of %d bytes was kept", cap(again.buf))
	}
}

func TestConfigCheckFindsEveryMistake(t *testing.T) {
	c := Defaults()
	c.URLs = []string{"es1:9200", "http://u:p@es1:9200"}
	c.Index, c.Flavor, c.Mapping = "{tabel}", "solr", "maybe"
	c.JSON = map[string]string{"doc": "nested"}
	c.Workers, c.Timeout, c.ConnectTimeout = 0, 5, 0
	c.User, c.APIKey, c.Proxy = "u", config.NewSecret("k"), "proxy"
	err := c.Check()
	for _, field := range []string{"urls[0]", "urls[1]", "index", "flavor", "mapping", "json.doc", "workers", "timeout", "connect_timeout", "api_key", "proxy"} {
		if !hasField(err, field) {
			t.Errorf("nothing is said about %s: %v", field, err)
		}
	}
	if err := (Config{}).Check(); !hasField(err, "urls") {
		t.Errorf("no urls: %v", err)
	}
	good := Defaults()
	good.URLs = []string{"https://es1:9200/base/"}
	if err := good.Check(); err != nil {
		t.Errorf("a good configuration: %v", err)
	}
}

func hasField(err error, field string) bool {
	var f *config.FieldError
	if errors.As(err, &f) && f.Field == field {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if hasField(inner, field) {
				return true
			}
		}
	}
	return false
}
