package admin

import (
	"strings"
	"sync"

	"github.com/VictoriaMetrics/metrics"
)

// Counter counts up. Add is one atomic operation.
type Counter = metrics.Counter

// Metrics holds the counters of a process. Callers fetch a counter once and keep it; fetching is safe from all goroutines.
type Metrics struct{ set *metrics.Set }

// NewMetrics returns counters of their own: two engines in one process share none.
func NewMetrics() *Metrics { return &Metrics{set: metrics.NewSet()} }

// SinkCounters count what a sink does.
type SinkCounters struct {
	Events  *Counter // durable downstream
	Bytes   *Counter // of these events, as they are held in memory
	Retries *Counter // of chunks, or of what was left of one
	Rejects *Counter // events that became dead letters
}

// Sink returns a sink's counters.
func (m *Metrics) Sink(name string) *SinkCounters {
	counter := func(what string) *Counter { return m.counter("yamabiko_sink_"+what+"_total", "sink", name) }
	return &SinkCounters{counter("events"), counter("bytes"), counter("retries"), m.Rejects(name)}
}

// Rejects counts a sink's events that became dead letters; with no name those that reached none.
func (m *Metrics) Rejects(sink string) *Counter {
	return m.counter("yamabiko_sink_rejects_total", "sink", sink)
}

// Dropped counts events that were dropped on purpose, by where and why.
func (m *Metrics) Dropped(where, reason string) *Counter {
	return m.counter("yamabiko_dropped_total", "where", where, "reason", reason)
}

// RowCounters count what one source emits, by table and operation.
type RowCounters struct {
	m      *Metrics
	source string
	mu     sync.Mutex
	known  map[rowKey]*Counter
}

type rowKey struct{ schema, table, op string }

// Rows returns a source's counters.
func (m *Metrics) Rows(source string) *RowCounters {
	return &RowCounters{m: m, source: source, known: map[rowKey]*Counter{}}
}

// Add counts n events. It is meant to be called once a batch, and allocates for new tables only.
func (r *RowCounters) Add(schema, table, op string, n int) {
	k := rowKey{schema, table, op}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.known[k]
	if c == nil {
		c = r.m.counter("yamabiko_source_rows_total", "source", r.source, "schema", schema, "table", table, "op", op)
		r.known[k] = c
	}
	c.Add(n)
}

func (m *Metrics) counter(name string, labels ...string) *Counter {
	return m.set.GetOrCreateCounter(series(name, labels...))
}

// series is a name with its labels, given as pairs, in Prometheus text format.
func series(name string, labels ...string) string {
	// https://prometheus.io/docs/instrumenting/exposition_formats/: these three are escaped, and text is UTF-8.
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var b strings.Builder
	b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.WriteString(labels[i] + `="` + escape.Replace(strings.ToValidUTF8(labels[i+1], "\ufffd")) + `"`)
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}
