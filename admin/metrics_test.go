package admin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yamabiko/admin"
)

// sample is a line of the Prometheus text format; labels are joined as name=value with a zero byte between.
type sample struct{ name, labels string }

// parse reads the text format as strictly as a server does, and fails on what does not belong in it.
func parse(t *testing.T, text string) map[sample]float64 {
	t.Helper()
	line := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",? ?)*)\})? (\S+)$`)
	label := regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"`)
	unescape := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")
	got := map[sample]float64{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		if strings.HasPrefix(l, "#") || l == "" {
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("not in Prometheus' format: %q", l)
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		var labels []string
		for _, p := range label.FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, p[1]+"="+unescape.Replace(p[2]))
		}
		key := sample{m[1], strings.Join(labels, "\x00")}
		if _, twice := got[key]; twice {
			t.Errorf("twice: %q", l)
		}
		got[key] = v
	}
	return got
}

func scrape(t *testing.T, m *admin.Metrics, s admin.Status) map[sample]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	opt := admin.Options{Status: func() admin.Status { return s }, Metrics: m, StallAfter: time.Minute, Log: slog.New(slog.DiscardHandler)}
	opt.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return parse(t, w.Body.String())
}

// TestMetrics: each name of the design is there, with its labels and value.
func TestMetrics(t *testing.T) {
	m := admin.NewMetrics()
	rows := m.Rows("shop")
	rows.Add("shop", "orders", "insert", 3)
	rows.Add("shop", "orders", "insert", 4)
	rows.Add("shop", "orders", "delete", 1)
	sink := m.Sink("rows")
	sink.Events.Add(10)
	sink.Bytes.Add(1000)
	sink.Retries.Inc()
	m.Sink("rows").Rejects.Add(2) // the same counters, fetched again
	m.Dropped("route", "drop: true").Add(5)
	s := well(time.Now())
	s.Sources[0].Lag, s.Sources[0].LagBytes, s.Sources[0].InFlight = 2500*time.Millisecond, 1<<40, 77
	s.Sinks[0].Buffers = []admin.Buffer{{Route: "0", Bytes: 88}}
	got := scrape(t, m, s)
	for want, v := range map[sample]float64{
		{"yamabiko_source_rows_total", "source=shop\x00schema=shop\x00table=orders\x00op=insert"}: 7,
		{"yamabiko_source_rows_total", "source=shop\x00schema=shop\x00table=orders\x00op=delete"}: 1,
		{"yamabiko_source_lag_seconds", "source=shop"}:                                            2.5,
		{"yamabiko_source_lag_bytes", "source=shop"}:                                              1 << 40,
		{"yamabiko_sink_events_total", "sink=rows"}:                                               10,
		{"yamabiko_sink_bytes_total", "sink=rows"}:                                                1000,
		{"yamabiko_sink_retries_total", "sink=rows"}:                                              1,
		{"yamabiko_sink_rejects_total", "sink=rows"}:                                              2,
		{"yamabiko_inflight_bytes", "source=shop"}:                                                77,
		{"yamabiko_buffer_bytes", "route=0\x00sink=rows"}:                                         88,
		{"yamabiko_snapshot_rows", "source=shop\x00table=shop.orders"}:                            7,
		{"yamabiko_dropped_total", "where=route\x00reason=drop: true"}:                            5,
		{"yamabiko_ready", ""}:                                                                    1,
	} {
		if g, ok := got[want]; !ok || g != v {
			t.Errorf("%s{%q} is %v, %v; want %v", want.name, want.labels, g, ok, v)
		}
	}
	if got[sample{"process_resident_memory_bytes", ""}] == 0 || got[sample{"go_goroutines", ""}] == 0 {
		t.Error("no metrics of the process or of Go")
	}
}

// TestLagIsAbsentWhileUnknown: a stalled stream shows no lag, rather than none.
func TestLagIsAbsentWhileUnknown(t *testing.T) {
	s := well(time.Now())
	s.Sources[0].LagKnown, s.Sources[0].LagBytes = false, -1
	for k := range scrape(t, admin.NewMetrics(), s) {
		if strings.HasPrefix(k.name, "yamabiko_source_lag") {
			t.Errorf("%s is there", k.name)
		}
	}
}

// TestOddNames: tables may have any name; each comes out as it is, and disturbs no other.
func TestOddNames(t *testing.T) {
	odd := []string{`"`, `\`, "\n", `\"`, `\n`, `a",table="b`, `},x 1`, "{", ",", " ", "", "日本", "\t", "\r", "a\x00b"}
	m := admin.NewMetrics()
	for i, name := range odd {
		m.Rows("s").Add(name, name, "insert", i+1)
		m.Dropped(name, name).Add(i + 1)
	}
	s := well(time.Now())
	s.Sources[0].Tables = nil
	for i, name := range odd {
		s.Sources[0].Tables = append(s.Sources[0].Tables, admin.Table{Schema: "x", Table: name, Snapshot: "done", Rows: int64(i + 1)})
	}
	got := scrape(t, m, s)
	for i, name := range odd {
		for _, k := range []sample{
			{"yamabiko_source_rows_total", "source=s\x00schema=" + name + "\x00table=" + name + "\x00op=insert"},
			{"yamabiko_dropped_total", "where=" + name + "\x00reason=" + name},
			{"yamabiko_snapshot_rows", "source=shop\x00table=x." + name},
		} {
			if got[k] != float64(i+1) {
				t.Errorf("%s{%q} is %v, want %d", k.name, k.labels, got[k], i+1)
			}
		}
	}
	m.Dropped("\xff", "x").Inc()
	if got := scrape(t, m, s); got[sample{"yamabiko_dropped_total", "where=\ufffd\x00reason=x"}] != 1 {
		t.Error("what is no UTF-8 is not replaced")
	}
}

// TestCountingIsCheap: once a table is known, counting a batch allocates nothing.
func TestCountingIsCheap(t *testing.T) {
	rows := admin.NewMetrics().Rows("shop")
	rows.Add("shop", "orders", "insert", 1)
	if n := testing.AllocsPerRun(1000, func() { rows.Add("shop", "orders", "insert", 1) }); n > 0 {
		t.Errorf("%v allocations a batch", n)
	}
}
