package engine

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"yamabiko/sources"
)

// TestObservable: after a small run every name of the design is there over the wire, and health, readiness and status agree.
func TestObservable(t *testing.T) {
	r := newRoad(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent()) // nothing of either server's clients stays
	r.sql("CREATE TABLE orders (id INT PRIMARY KEY, title VARCHAR(20))", "INSERT INTO orders VALUES (1,'a'),(2,'b')")
	r.more = "}, nowhere: {type: 'null'"
	r.start()
	r.ready()
	r.sql("UPDATE orders SET title='c' WHERE id=1", "DELETE FROM orders WHERE id=2")
	r.same()
	r.ready()
	r.until("at the tip, with nothing on its way", func() bool {
		st := r.e.Status()
		return st.Sources[0].LagBytes == 0 && st.Sources[0].InFlight == 0 && st.Sinks[0].Buffers[0].Bytes == 0
	})
	if code, body := r.get("/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("healthz: %d %q", code, body)
	}
	_, metrics := r.get("/metrics")
	table := `source="shop",schema="` + r.schema + `",table="orders",op=`
	for _, want := range []string{
		`yamabiko_source_rows_total{` + table + `"read"} 2`,
		`yamabiko_source_rows_total{` + table + `"update"} 1`,
		`yamabiko_source_rows_total{` + table + `"delete"} 1`,
		`yamabiko_source_lag_seconds{source="shop"} \d`,
		`yamabiko_source_lag_bytes{source="shop"} 0`,
		`yamabiko_sink_events_total{sink="es"} [1-9]`,
		`yamabiko_sink_bytes_total{sink="es"} [1-9]`,
		`yamabiko_sink_retries_total{sink="es"} \d`,
		`yamabiko_sink_rejects_total{sink="es"} 0`,
		`yamabiko_inflight_bytes{source="shop"} 0`,
		`yamabiko_buffer_bytes{route="",sink="es"} 0`,
		`yamabiko_snapshot_rows{source="shop",table="` + r.schema + `.orders"} 2`,
		`yamabiko_ready 1`,
	} {
		if !regexp.MustCompile("(?m)^" + strings.NewReplacer("{", `\{`, "}", `\}`).Replace(want)).MatchString(metrics) {
			t.Errorf("no %s in\n%s", want, grep(metrics, "yamabiko_"))
		}
	}
	code, status := r.get("/status")
	for _, want := range []string{`"ready": true`, `"version": "test"`, `"name": "shop"`, `"phase": "streaming"`, `"caught_up": true`, `"snapshot": "done"`, `"name": "es"`} {
		if code != http.StatusOK || !strings.Contains(status, want) {
			t.Errorf("status %d has no %s:\n%s", code, want, status)
		}
	}
	if strings.Contains(metrics+status, `"cdc"`) {
		t.Error("the password is shown")
	}
	r.stop()
	http.DefaultClient.CloseIdleConnections() // compare's
}

// TestLagIsUnknownWhileCutOff: a source that cannot reach its server has no lag, neither 0 nor another.
func TestLagIsUnknownWhileCutOff(t *testing.T) {
	r := newRoad(t)
	r.mysql = "127.0.0.1:1"
	r.start()
	r.complains("shop: not running: mysql shop: connect at 127.0.0.1:1", "refused")
	_, metrics := r.get("/metrics")
	if strings.Contains(metrics, "yamabiko_source_lag_") {
		t.Errorf("a lag is shown:\n%s", grep(metrics, "yamabiko_source"))
	}
	if !strings.Contains(metrics, "yamabiko_ready 0") {
		t.Error("it is ready")
	}
	if st := r.e.Status().Sources[0]; st.LagKnown || st.CaughtUp || st.Phase == "streaming" {
		t.Errorf("status %+v", st)
	}
}

// TestDroppedIsCounted: what a route drops on purpose is counted with its reason.
func TestDroppedIsCounted(t *testing.T) {
	w := newWorld(t, `
sources: {made: {type: generate, count: 12}}
routes: [{match: generate, drop: true}, {else: true, to: n}]
sinks: {n: {type: 'null'}}`)
	w.start()
	w.until("the position passes what was dropped", func() bool { return string(w.saved("made").Position) == "12" })
	_, metrics := w.get("/metrics")
	if !regexp.MustCompile(`(?m)^yamabiko_dropped_total\{where="route",reason=".+"\} 12$`).MatchString(metrics) {
		t.Error(grep(metrics, "dropped"))
	}
}

// TestNotReadyWhileCatchingUp: what a source and its tables lack shows, each thing by itself.
func TestNotReadyWhileCatchingUp(t *testing.T) {
	p := newPuppet()
	p.set(func(st *sources.Status) {
		st.CaughtUp = false
		st.Tables = []sources.TableStatus{{Schema: "a", Table: "b", Stopped: "binlog_row_metadata is MINIMAL: SET PERSIST …"}, {Schema: "a", Table: "c", Snapshot: "reading", Rows: 3, Total: 9}}
	})
	w := newWorld(t, "sources: {s: {type: puppet}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, p.plugin("puppet"))
	w.start()
	w.complains("s: catching up")
	w.complains("s: stopped: binlog_row_metadata is MINIMAL")
	w.complains("s: snapshot reading: 3 of about 9 rows")
	p.set(func(st *sources.Status) { st.CaughtUp, st.Tables = true, nil })
	w.ready()
}

func grep(text, what string) (lines string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			lines += line
		}
	}
	return lines
}
