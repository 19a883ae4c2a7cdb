package file

import (
	"fmt"
	"slices"
	"time"

	"yamabiko/event"
	"yamabiko/sinks"
)

// group is what a chunk has for one file: lines, and the numbers of their events in the chunk.
type group struct {
	path   string
	lines  []byte // from Sink.buffers
	events []int
}

// keepBytes is the largest buffer that is kept for the next chunk: one huge row shall not stay in memory.
const keepBytes = 16 << 20

func (s *Sink) buffer() []byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// free gives the groups' buffers back.
func (s *Sink) free(groups []*group) {
	for _, g := range groups {
		if cap(g.lines) <= keepBytes {
			s.buffers.Put(&g.lines)
		}
	}
}

// grouping sorts a chunk's events by their files, in the order in which the files come up.
type grouping struct {
	path   *template
	byPath map[string]*group
	all    []*group

	// The last event's batch, second and group: most events follow one of the same.
	batch  *event.Batch
	second int64
	group  *group
	buf    []byte
}

// group renders c's lines. Events without a JSON form become dead letters.
func (s *Sink) group(c *event.Chunk) ([]*group, error) {
	var rejects []event.Rejection
	by := grouping{path: &s.path, byPath: map[string]*group{}}
	for n, r := range c.All() {
		g := by.of(r)
		if g.lines == nil {
			g.lines = s.buffer()
		}
		lines, err := s.format.AppendLine(g.lines, r.Batch, r.I)
		if err != nil {
			rejects = append(rejects, event.Rejection{I: n, Why: err})
			continue
		}
		g.lines = lines
		g.events = append(g.events, n)
	}
	return by.all, reject(c, rejects)
}

// reject makes dead letters, if there are any.
func reject(c *event.Chunk, all []event.Rejection) error {
	if len(all) == 0 {
		return nil
	}
	if err := c.RejectAll(all); err != nil {
		return fmt.Errorf("%d dead letters: %w", len(all), err)
	}
	return nil
}

func (by *grouping) of(r event.Ref) *group {
	var at time.Time
	if by.path.timed {
		at = when(r)
	}
	if r.Batch == by.batch && at.Unix() == by.second {
		return by.group
	}
	by.buf = by.path.appendPath(by.buf[:0], r.Batch, at)
	g := by.byPath[string(by.buf)]
	if g == nil {
		g = &group{path: string(by.buf)}
		by.byPath[g.path] = g
		by.all = append(by.all, g)
	}
	by.batch, by.second, by.group = r.Batch, at.Unix(), g
	return g
}

// when is the time that names an event's file: its own; a barrier's is its transaction's, or its batch's.
func when(r event.Ref) time.Time {
	if t := r.Time(r.I); !t.IsZero() {
		return t.UTC()
	}
	if tx, _ := r.TxOf(r.I); tx != nil {
		return tx.Commit.UTC()
	}
	return r.First.UTC()
}

// retry makes Write's error: nil, all events again, or those that are left.
func retry(err error, left []int, all int) error {
	if err == nil || len(left) == all {
		return err
	}
	slices.Sort(left)
	return &sinks.RetryError{Indices: left, Err: err}
}
