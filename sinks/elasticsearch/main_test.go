package elasticsearch

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// fixture is a sink over a real server, and what it reported.
type fixture struct {
	*testing.T
	es     *testenv.ESServer
	prefix string
	sink   *Sink
	rej    sinktest.Rejects

	mu       sync.Mutex
	suspects map[string]uint64
}

// setup opens a sink whose indices begin with a prefix of the test's own.
func setup(t *testing.T, es *testenv.ESServer, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{T: t, es: es, prefix: es.Prefix(t), suspects: map[string]uint64{}}
	f.open(change...)
	return f
}

// open makes the fixture's sink anew, as a restart of the program does.
func (f *fixture) open(change ...func(*Config)) {
	f.Helper()
	conf := Defaults()
	conf.URLs = []string{f.es.URL}
	conf.Index = f.prefix + "{table}"
	conf.Timeout = config.Duration(20 * time.Second)
	for _, c := range change {
		c(&conf)
	}
	if err := conf.Check(); err != nil {
		f.Fatal(err)
	}
	f.sink = openSink(f.T, conf, func(stream string, stored uint64) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.suspects[stream] = stored
	})
}

func openSink(t testing.TB, conf Config, suspect func(string, uint64)) *Sink {
	t.Helper()
	s, err := Open(conf, sinks.Env{Name: "rows", Lanes: conf.Workers, Suspect: suspect,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limits: sinks.Limits{Chunk: 4 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// try writes batches as one chunk.
func (f *fixture) try(batches ...*event.Batch) error {
	f.Helper()
	c := sinktest.Chunk(0, batches...)
	c.OnReject = f.rej.Add
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return f.sink.Write(ctx, c)
}

// write is try that must succeed.
func (f *fixture) write(batches ...*event.Batch) {
	f.Helper()
	if err := f.try(batches...); err != nil {
		f.Fatal(err)
	}
}

// docs are the documents of a table by id, decoded.
func (f *fixture) docs(table string) map[string]map[string]any {
	f.Helper()
	out := map[string]map[string]any{}
	for id, raw := range f.es.Docs(f, f.prefix+table) {
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			f.Fatal(err)
		}
		out[id] = doc
	}
	return out
}

// do sends a request that must succeed.
func (f *fixture) do(method, path, body string) []byte {
	f.Helper()
	status, answer := f.es.Do(f, method, path, body)
	if status >= 300 {
		f.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

func (f *fixture) suspect(stream string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.suspects[stream]
}

// orders is the table of most tests.
func orders() *event.Table {
	return sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int), sinktest.Col("n", event.Int),
		sinktest.Col("title", event.String), sinktest.Col("v", event.JSON))
}

func rows(t *event.Table) *sinktest.Builder { return sinktest.Batch("cdc.app."+t.Name, t) }
