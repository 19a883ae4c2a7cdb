package admin

import (
	"fmt"
	"io"
	"strconv"

	"github.com/VictoriaMetrics/metrics"
)

// write writes all metrics: the counters, the gauges that follow from the state now, and those of the process and of Go.
func (m *Metrics) write(w io.Writer, s Status, ready bool) {
	m.set.WritePrometheus(w)
	up := 0.0
	if ready {
		up = 1
	}
	gauge(w, up, "yamabiko_ready")
	for _, src := range s.Sources {
		if src.LagKnown { // else absent: a stalled stream must not look like one that has caught up
			gauge(w, src.Lag.Seconds(), "yamabiko_source_lag_seconds", "source", src.Name)
		}
	}
	for _, src := range s.Sources {
		if src.LagBytes >= 0 {
			gauge(w, float64(src.LagBytes), "yamabiko_source_lag_bytes", "source", src.Name)
		}
	}
	for _, src := range s.Sources {
		gauge(w, float64(src.InFlight), "yamabiko_inflight_bytes", "source", src.Name)
	}
	for _, sink := range s.Sinks {
		for _, b := range sink.Buffers {
			gauge(w, float64(b.Bytes), "yamabiko_buffer_bytes", "route", b.Route, "sink", sink.Name)
		}
	}
	for _, src := range s.Sources {
		for _, t := range src.Tables {
			if t.Snapshot != "" {
				gauge(w, float64(t.Rows), "yamabiko_snapshot_rows", "source", src.Name, "table", t.Schema+"."+t.Table)
			}
		}
	}
	metrics.WriteProcessMetrics(w)
}

func gauge(w io.Writer, v float64, name string, labels ...string) {
	fmt.Fprintf(w, "%s %s\n", series(name, labels...), strconv.FormatFloat(v, 'f', -1, 64))
}
