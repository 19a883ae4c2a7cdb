package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Options are what a server shows.
type Options struct {
	// Status makes the state of now. It is called by several goroutines and must not block.
	Status func() Status
	// Probes are asked for readiness beside Status.
	Probes  []Probe
	Metrics *Metrics
	// StallAfter is how long a stream may be silent and still count as ready.
	StallAfter time.Duration
	Pprof      bool // serve /debug/pprof/
	Log        *slog.Logger
}

const (
	stopTime = 5 * time.Second // for requests under way when the server stops
	// A CPU profile or a trace takes as long as it is asked for; net/http/pprof refuses more than the write timeout.
	pprofTime = 5 * time.Minute
)

// Serve answers requests until ctx ends, and returns nil when those under way are done or cut. It closes ln. An error
// means that the listener failed.
func Serve(ctx context.Context, ln net.Listener, opt Options) error {
	srv := &http.Server{
		Handler:           opt.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(opt.Log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx }, // a profile under way ends with the process
	}
	if opt.Pprof {
		srv.WriteTimeout = pprofTime
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("admin server on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		err = errors.Join(err, srv.Close())
		opt.Log.Warn("admin requests were cut", "err", err)
	}
	<-failed
	return nil
}
