package router

import (
	"sync"
	"sync/atomic"
	"time"

	"yamabiko/sinks"
)

// SinkStatus is how a sink is doing, for readiness and people.
type SinkStatus struct {
	Name      string
	Buffered  int64     // bytes that wait or are on their way
	Err       error     // the latest error of a lane that is failing; nil while none is
	Permanent bool      // trying again cannot mend Err: somebody has to
	Since     time.Time // when the oldest failing lane began to fail
	Attempt   int       // the highest count of attempts at one chunk
}

// health is what the lanes of one sink report.
type health struct {
	bytes atomic.Int64
	mu    sync.Mutex
	lanes []laneHealth
}

type laneHealth struct {
	err     error
	since   time.Time
	attempt int
}

// Status returns the state of every sink, by name.
func (r *Router) Status() []SinkStatus {
	all := make([]SinkStatus, len(r.targets))
	for i, t := range r.targets {
		all[i] = t.health.status()
		all[i].Name = t.name
	}
	return all
}

func (h *health) status() SinkStatus {
	s := SinkStatus{Buffered: h.bytes.Load()}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.lanes {
		if l.err == nil {
			continue
		}
		permanent := sinks.IsPermanent(l.err)
		if s.Err == nil || permanent && !s.Permanent {
			s.Err, s.Permanent = l.err, permanent
		}
		if s.Since.IsZero() || l.since.Before(s.Since) {
			s.Since = l.since
		}
		s.Attempt = max(s.Attempt, l.attempt)
	}
	return s
}

// failed notes, and logs, that a lane is to try again.
func (d *delivery) failed(err error, left int, at time.Time) {
	d.r.hooks.Retried(d.name)
	d.health.mu.Lock()
	l := &d.health.lanes[d.lane]
	if l.err == nil {
		l.since = time.Now()
	}
	l.err, l.attempt = err, d.attempt
	d.health.mu.Unlock()
	d.r.log.Warn("sink failed", "sink", d.name, "lane", d.lane, "events_left", left, "attempt", d.attempt,
		"permanent", sinks.IsPermanent(err), "retry_at", at, "err", err)
}

// succeeded notes that a lane's chunk is done.
func (d *delivery) succeeded() {
	attempts := d.attempt
	d.attempt = 0
	d.wait.reset()
	if attempts == 1 {
		return
	}
	d.health.mu.Lock()
	d.health.lanes[d.lane] = laneHealth{}
	d.health.mu.Unlock()
	d.r.log.Info("sink goes on", "sink", d.name, "lane", d.lane, "attempts", attempts)
}
