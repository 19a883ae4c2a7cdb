package elasticsearch

import (
	"context"
	"fmt"
	"slices"

	"yamabiko/event"
	"yamabiko/sinks"
)

// job is one Write under way; its slices are used again.
type job struct {
	sink    *Sink
	chunk   *event.Chunk
	bulk    bulk
	refs    []ref // by action
	copies  *numbering
	rejects []reject
	retry   []int             // event numbers
	why     error             // of the first in retry
	highest map[string]uint64 // Seq by stream; made when the first refusal needs it
	suspect map[string]uint64 // stored version by stream
	id      []byte
}

// ref ties an action to its event.
type ref struct {
	number int // in the chunk
	batch  *event.Batch
	entry  int
	target *target
}

type reject struct {
	number int
	why    error
}

// Write sends c as one bulk. Each action stands alone: what the server refuses as older is done, what it cannot ever take is
// rejected, the rest is to be sent again.
func (s *Sink) Write(ctx context.Context, c *event.Chunk) error {
	if at, ok := c.Barrier(); ok {
		return s.barrier(ctx, at)
	}
	j := s.begin(c)
	defer j.end()
	if err := j.build(ctx); err != nil {
		return err
	}
	if len(j.refs) > 0 {
		done, err := s.send(ctx, &j.bulk, j.answer)
		if err != nil {
			j.postpone(done, fmt.Errorf("elasticsearch %s: %w", s.name, err))
		}
	}
	for stream, stored := range j.suspect {
		s.report(stream, stored)
	}
	return j.settle()
}

func (s *Sink) begin(c *event.Chunk) *job {
	j, ok := s.jobs.Get().(*job)
	if !ok {
		j = &job{sink: s}
	}
	j.chunk = c
	j.bulk.body = s.bodies.get()
	return j
}

func (j *job) end() {
	if j.copies != nil {
		j.copies.drop()
	}
	j.bulk.body.release()
	clear(j.refs)
	clear(j.rejects)
	*j = job{sink: j.sink, bulk: bulk{starts: j.bulk.starts[:0], reply: j.bulk.reply}, refs: j.refs[:0], rejects: j.rejects[:0], id: j.id[:0]}
	j.sink.jobs.Put(j)
}

// settle hands over the rejects and says what is to be sent again.
func (j *job) settle() error {
	// Equal rows without a key are told apart by their order in the chunk: it is sent again as a whole, and rejects wait.
	whole := j.copies != nil
	if !whole || len(j.retry) == 0 {
		j.reject()
	}
	switch {
	case len(j.retry) == 0:
		if whole {
			j.copies.commit()
			j.copies = nil
		}
		return nil
	case whole || len(j.retry) == j.chunk.Events:
		return j.why
	}
	slices.Sort(j.retry)
	return &sinks.RetryError{Indices: j.retry, Err: j.why}
}

func (j *job) reject() {
	for _, r := range j.rejects {
		if err := j.chunk.Reject(r.number, r.why); err != nil {
			j.postponeOne(r.number, fmt.Errorf("elasticsearch %s: dead letter: %w", j.sink.name, err))
		}
	}
}
