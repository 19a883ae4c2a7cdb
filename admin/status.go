// Package admin is the HTTP server for machines and people who look after a process: health, readiness, metrics, status and,
// by option, profiles. Everything is read-only.
package admin

import (
	"encoding/json"
	"time"
)

// Status is the state of a process at one moment. Whoever runs the server makes it for each request that needs it.
type Status struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Sources []Source  `json:"sources"`
	Sinks   []Sink    `json:"sinks"`
}

// Source is how a source is doing.
type Source struct {
	Name     string
	Phase    string        // "connecting", "snapshot", "streaming", "stopped"
	Err      string        // why it is not running; empty while it is
	Moved    time.Time     // when anything last arrived from the upstream, heartbeats included; zero: nothing yet
	Lag      time.Duration // behind the upstream; meaningless unless LagKnown
	LagKnown bool
	LagBytes int64  // 0 when caught up, -1 unknown
	CaughtUp bool   // has passed what the upstream, or a former run, held when this one began
	Held     string // why the position is held; empty while it is not
	Seq      uint64
	InFlight int64 // bytes that were read and are not yet durable
	Position string
	Tables   []Table
}

// Table is how a table of a source is doing.
type Table struct {
	Schema   string `json:"schema"`
	Table    string `json:"table"`
	Stopped  string `json:"stopped,omitempty"`  // why, with the remedy
	Snapshot string `json:"snapshot,omitempty"` // "", "waiting", "reading", "done"
	Rows     int64  `json:"rows"`               // of the snapshot: read so far
	Total    int64  `json:"total"`              // the server's estimate; 0 unknown
}

// Sink is how a sink is doing.
type Sink struct {
	Name      string
	Err       string    // why it is failing; empty while it is not
	Permanent bool      // trying again will not mend Err
	Since     time.Time // when it began to fail
	Attempt   int
	Buffers   []Buffer
	*SinkCounters
}

// Buffer is what waits for a sink.
type Buffer struct {
	Route string `json:"route,omitempty"` // empty where routes share the sink's one buffer
	Bytes int64  `json:"bytes"`
}

// MarshalJSON writes the lag as a number of seconds or, while it is not known, as null.
func (s Source) MarshalJSON() ([]byte, error) {
	out := struct {
		Name       string     `json:"name"`
		Phase      string     `json:"phase"`
		Error      string     `json:"error,omitempty"`
		Moved      *time.Time `json:"moved"`
		LagSeconds *float64   `json:"lag_seconds"`
		LagBytes   *int64     `json:"lag_bytes"`
		CaughtUp   bool       `json:"caught_up"`
		Held       string     `json:"position_held,omitempty"`
		Position   string     `json:"position,omitempty"`
		Seq        uint64     `json:"seq,string"`
		InFlight   int64      `json:"inflight_bytes"`
		Tables     []Table    `json:"tables"`
	}{
		Name: s.Name, Phase: s.Phase, Error: s.Err, CaughtUp: s.CaughtUp, Held: s.Held, Position: s.Position, Seq: s.Seq,
		InFlight: s.InFlight, Tables: s.Tables,
	}
	if !s.Moved.IsZero() {
		out.Moved = &s.Moved
	}
	if s.LagKnown {
		lag := s.Lag.Seconds()
		out.LagSeconds = &lag
	}
	if s.LagBytes >= 0 {
		out.LagBytes = &s.LagBytes
	}
	return json.Marshal(out)
}

// MarshalJSON writes the counters as they are now.
func (s Sink) MarshalJSON() ([]byte, error) {
	out := struct {
		Name      string     `json:"name"`
		Error     string     `json:"error,omitempty"`
		Permanent bool       `json:"permanent,omitempty"`
		Since     *time.Time `json:"failing_since,omitempty"`
		Attempt   int        `json:"attempt,omitempty"`
		Buffers   []Buffer   `json:"buffers"`
		Events    uint64     `json:"events"`
		Bytes     uint64     `json:"bytes"`
		Retries   uint64     `json:"retries"`
		Rejects   uint64     `json:"rejects"`
	}{Name: s.Name, Error: s.Err, Permanent: s.Permanent, Attempt: s.Attempt, Buffers: s.Buffers}
	if s.Err != "" && !s.Since.IsZero() {
		out.Since = &s.Since
	}
	if c := s.SinkCounters; c != nil {
		out.Events, out.Bytes, out.Retries, out.Rejects = c.Events.Get(), c.Bytes.Get(), c.Retries.Get(), c.Rejects.Get()
	}
	return json.Marshal(out)
}
