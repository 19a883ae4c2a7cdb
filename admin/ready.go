package admin

import (
	"fmt"
	"time"
)

// Problem is a reason for not being ready.
type Problem struct {
	Source string `json:"source,omitempty"`
	Sink   string `json:"sink,omitempty"`
	Table  string `json:"table,omitempty"` // schema.table
	Reason string `json:"reason"`
}

// Probe looks at something that Status does not hold. It must not block.
type Probe func() []Problem

// Problems lists why a process in this state is not ready; none: it is. stall is how long a stream may be silent, and a sink
// failing, before that counts: sources have heartbeats, and sinks that are merely busy answer again soon.
func (s Status) Problems(now time.Time, stall time.Duration) []Problem {
	var all []Problem
	for _, src := range s.Sources {
		all = append(all, src.problems(now, stall, s.Started)...)
	}
	for _, sink := range s.Sinks {
		if sink.Err == "" || !sink.Permanent && now.Sub(sink.Since) < stall {
			continue
		}
		all = append(all, Problem{Sink: sink.Name, Reason: fmt.Sprintf("failing for %s: %s", age(now, sink.Since), sink.Err)})
	}
	return all
}

func (s Source) problems(now time.Time, stall time.Duration, started time.Time) []Problem {
	var all []Problem
	add := func(format string, args ...any) {
		all = append(all, Problem{Source: s.Name, Reason: fmt.Sprintf(format, args...)})
	}
	moved := s.Moved
	if moved.IsZero() {
		moved = started
	}
	switch {
	case s.Err != "":
		add("not running: %s", s.Err)
	case now.Sub(moved) >= stall:
		add("nothing has arrived for %s, while %s", age(now, moved), s.Phase)
	}
	if !s.CaughtUp {
		add("catching up: what was written before the start has not all been read")
	}
	if s.Held != "" {
		add("position held: %s", s.Held)
	}
	for _, t := range s.Tables {
		if reason := t.problem(); reason != "" {
			all = append(all, Problem{Source: s.Name, Table: t.Schema + "." + t.Table, Reason: reason})
		}
	}
	return all
}

func (t Table) problem() string {
	switch {
	case t.Stopped != "":
		return "stopped: " + t.Stopped
	case t.Snapshot == "" || t.Snapshot == "done":
		return ""
	case t.Total > 0:
		return fmt.Sprintf("snapshot %s: %d of about %d rows", t.Snapshot, t.Rows, t.Total)
	}
	return fmt.Sprintf("snapshot %s: %d rows", t.Snapshot, t.Rows)
}

func age(now, since time.Time) time.Duration { return now.Sub(since).Round(time.Second) }
