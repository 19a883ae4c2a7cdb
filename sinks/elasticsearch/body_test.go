package elasticsearch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

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

// A server that answers before it has read the body lets the call return while the transport may still be sending. What
// arrives afterwards must still be the first body.
func TestE6_AnEarlyAnswerDoesNotMixBodies(t *testing.T) {
	var mu sync.Mutex
	var bodies [][]byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		_, _ = io.WriteString(w, `{"errors":false}`)
		_ = rc.Flush()
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		bodies = append(bodies, b)
		mu.Unlock()
	}))
	conf := Defaults()
	conf.URLs, conf.Mapping, conf.Workers = []string{srv.URL}, mappingOff, 1
	s := openSink(t, conf, nil)
	for i := range 50 {
		b := rows(orders())
		for j := range 300 {
			b.Insert(uint64(1000*i+j), j, "n", i, "title", string(bytes.Repeat([]byte{byte('a' + i%26)}, 1000)))
		}
		if err := s.Write(context.Background(), sinktest.Chunk(0, b.Build())); err != nil {
			t.Fatal(err)
		}
	}
	srv.Close() // waits for the handlers
	for _, b := range bodies {
		for line := range bytes.Lines(b) {
			if i := bytes.IndexByte(line, '\n'); i < 0 {
				continue // the end of a body that broke off
			}
			if at := bytes.Index(line, []byte(`"title":"`)); at > 0 {
				if text := line[at+9 : at+1009]; len(bytes.Trim(text, string(text[:1]))) > 0 {
					t.Fatalf("two bodies are mixed: %.80s", line)
				}
			}
		}
	}
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
