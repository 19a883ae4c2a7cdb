package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/pprof"
	"time"
)

// Handler returns what Serve serves. It knows GET and HEAD only: nothing here changes anything.
func (o Options) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "yamabiko\n/healthz\n/readyz\n/metrics\n/status\n")
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", o.readyz)
	mux.HandleFunc("GET /status", o.status)
	mux.HandleFunc("GET /metrics", o.metrics)
	if o.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// readiness is the answer of /readyz, and the head of /status.
type readiness struct {
	Ready    bool      `json:"ready"`
	Problems []Problem `json:"problems"`
}

func (o Options) readiness(s Status) readiness {
	all := s.Problems(time.Now(), o.StallAfter)
	for _, probe := range o.Probes {
		all = append(all, probe()...)
	}
	if all == nil {
		all = []Problem{} // [] and not null
	}
	return readiness{len(all) == 0, all}
}

func (o Options) readyz(w http.ResponseWriter, _ *http.Request) {
	r := o.readiness(o.Status())
	code := http.StatusOK
	if !r.Ready {
		code = http.StatusServiceUnavailable
	}
	o.reply(w, code, r)
}

func (o Options) status(w http.ResponseWriter, _ *http.Request) {
	s := o.Status()
	o.reply(w, http.StatusOK, struct {
		readiness
		Status
	}{o.readiness(s), s})
}

func (o Options) metrics(w http.ResponseWriter, _ *http.Request) {
	s := o.Status()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	o.Metrics.write(w, s, o.readiness(s).Ready)
}

func (o Options) reply(w http.ResponseWriter, code int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		o.Log.Error("cannot write a status as JSON", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n'))
}
