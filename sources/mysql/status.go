package mysql

import (
	"sync"
	"time"

	"yamabiko/sources"
)

// status is what the stream and the snapshot tell the outside; it has its own lock, since the stream's may be held for as long as
// a sink blocks.
type status struct {
	mu sync.Mutex
	v  sources.Status
	// commit is when the last transaction that the stream has passed was committed at the server.
	commit time.Time
}

func (s *status) phase(p string) { s.set(func(v *sources.Status) { v.Phase = p }) }

func (s *status) set(f func(*sources.Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.v)
}

// passed notes a commit.
func (s *status) passed(commit, now time.Time, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commit, s.v.Moved, s.v.Seq = commit, now, seq
	s.v.AtTip, s.v.LagBytes = false, -1
	s.v.LagKnown = true
	s.v.Lag = max(0, now.Sub(commit))
}

// waiting notes that the server said that it has nothing more for us.
func (s *status) waiting(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v.AtTip, s.v.LagKnown, s.v.Lag, s.v.LagBytes, s.v.Moved = true, true, 0, 0, now
}

// table changes one table's line.
func (s *status) table(schema, name string, f func(*sources.TableStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.v.Tables {
		if t := &s.v.Tables[i]; t.Schema == schema && t.Table == name {
			f(t)
			return
		}
	}
	t := sources.TableStatus{Schema: schema, Table: name}
	f(&t)
	s.v.Tables = append(s.v.Tables, t)
}

func (s *status) snapshot() sources.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.v
	v.Tables = append([]sources.TableStatus(nil), s.v.Tables...)
	if !v.AtTip && !s.commit.IsZero() {
		// While a stream stands still its lag grows; while it is cut off nobody knows it.
		v.Lag = max(0, time.Since(s.commit))
	}
	return v
}
