package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"yamabiko/admin"
	"yamabiko/event"
	"yamabiko/router"
)

// hooks count what the router does.
func (e *Engine) hooks() router.Hooks {
	counters := map[string]*admin.SinkCounters{}
	for _, c := range e.conf.Sinks {
		counters[c.Name] = e.metrics.Sink(c.Name)
	}
	return router.Hooks{
		Delivered: func(sink string, events int, bytes int64) {
			counters[sink].Events.Add(events)
			counters[sink].Bytes.AddInt64(bytes)
		},
		Retried:  func(sink string) { counters[sink].Retries.Add(1) },
		Rejected: func(sink string, events int) { e.metrics.Rejects(sink).Add(events) },
		Dropped:  func(where, reason string, events int) { e.metrics.Dropped(where, reason).Add(events) },
	}
}

// counter counts what a source emits.
func (e *Engine) counter(source string) func(schema, table string, op event.Op, n int) {
	rows := e.metrics.Rows(source)
	return func(schema, table string, op event.Op, n int) { rows.Add(schema, table, op.String(), n) }
}

// listenAdmin takes the admin server's address; it returns nil where there is to be no server.
func (e *Engine) listenAdmin() (net.Listener, error) {
	if e.conf.Admin.Off() {
		return nil, nil
	}
	ln, err := net.Listen("tcp", e.conf.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("admin: %w; set admin.listen to another address, or to off", err)
	}
	return ln, nil
}

// serveAdmin serves health, readiness, metrics and status over HTTP.
func (e *Engine) serveAdmin(ctx context.Context, ln net.Listener) error {
	if ln == nil {
		return nil
	}
	return admin.Serve(ctx, ln, e.adminOptions())
}

func (e *Engine) adminOptions() admin.Options {
	return admin.Options{
		Status: e.Status, Metrics: e.metrics, StallAfter: e.conf.Admin.StallAfter.Std(), Pprof: e.conf.Admin.Pprof, Log: e.opt.Log("admin"),
	}
}

// Status is the state of everything at this moment.
func (e *Engine) Status() admin.Status {
	s := admin.Status{Version: e.opt.Version, Started: e.started}
	for _, p := range e.sources {
		s.Sources = append(s.Sources, p.observe())
	}
	for _, st := range e.router.Status() {
		sink := admin.Sink{
			Name: st.Name, Permanent: st.Permanent, Since: st.Since, Attempt: st.Attempt,
			Buffers: []admin.Buffer{{Bytes: st.Buffered}}, SinkCounters: e.metrics.Sink(st.Name),
		}
		if st.Err != nil {
			sink.Err = st.Err.Error()
		}
		s.Sinks = append(s.Sinks, sink)
	}
	return s
}

// observe is a source's state as the admin server shows it.
func (p *pipeline) observe() admin.Source {
	st := p.status()
	o := admin.Source{
		Name: p.name, Phase: st.Phase, Moved: st.Moved, Lag: st.Lag, LagKnown: st.LagKnown, LagBytes: st.LagBytes,
		// A source that has only just connected does not yet know the tables that it has to read.
		CaughtUp: st.CaughtUp && st.Phase != "connecting",
		Seq:      st.Seq, InFlight: p.ledger.InFlight(), Held: p.foreign(st),
	}
	for _, t := range st.Tables {
		o.Tables = append(o.Tables, admin.Table{Schema: t.Schema, Table: t.Table, Stopped: t.Stopped, Snapshot: t.Snapshot, Rows: t.Rows, Total: t.Total})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runErr != nil && (p.over || st.Phase == "stopped" || st.Phase == "connecting") {
		o.Err = p.runErr.Error()
	}
	if p.saveErr != nil {
		o.Held = fmt.Sprintf("the position cannot be saved: %v", p.saveErr)
	}
	return o
}

// serve answers HTTP requests on ln until ctx ends, and returns when those under way, whose contexts end with it, are answered.
func serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	err := srv.Shutdown(context.WithoutCancel(ctx))
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
