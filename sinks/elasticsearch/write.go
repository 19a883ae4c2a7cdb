package elasticsearch

import (
	"context"
	"crypto/sha256"
	"errors"
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
	retry   []int // event numbers
	why     error // of the first in retry
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
	*j = job{sink: j.sink, bulk: bulk{starts: j.bulk.starts[:0]}, refs: j.refs[:0], rejects: j.rejects[:0], id: j.id[:0]}
	j.sink.jobs.Put(j)
}

// build encodes every event of the chunk.
func (j *job) build(ctx context.Context) error {
	number := 0
	for _, v := range j.chunk.Views {
		var t *target
		for i := range v.Len() {
			at := v.At(i)
			if t == nil || v.Table == nil && j.sink.index.perTime && t.hour != hourOf(v.Time(at)) {
				var err error
				if t, err = j.sink.place(ctx, v.Batch, at); err != nil {
					return err
				}
			}
			if err := j.add(ref{number, v.Batch, at, t}); err != nil {
				j.rejects = append(j.rejects, reject{number, err})
			}
			number++
		}
	}
	return nil
}

func (j *job) add(r ref) error {
	j.bulk.begin()
	act, err := j.action(r)
	if err == nil && act == actDocument {
		err = j.bulk.document(r.batch.Record(r.entry))
	}
	if err != nil || act == actNothing {
		j.bulk.undo()
		return err
	}
	j.refs = append(j.refs, r)
	return nil
}

type act uint8

const (
	actDocument act = iota // a document follows the action line
	actAlone
	actNothing
)

// action appends the action line of one event.
func (j *job) action(r ref) (act, error) {
	e := &r.batch.Entries[r.entry]
	b := &j.bulk
	var err error
	switch key := r.batch.KeyOf(r.entry); {
	case key != nil && e.Op == event.Delete:
		b.openID(r.target.remove)
		if err = j.appendID(key); err == nil {
			b.versioned(e.Seq)
		}
		return actAlone, err
	case key != nil:
		b.openID(r.target.put)
		if err = j.appendID(key); err == nil {
			b.versioned(e.Seq)
		}
	case e.Op == event.Delete:
		return actNothing, nil // without a key nothing tells whose document it was: such tables only append
	case e.Op == event.Read:
		b.openID(r.target.put)
		j.appendCopyID(r)
		b.versioned(e.Seq)
	case e.Op != event.Log:
		b.openID(r.target.put)
		b.body.buf = appendStreamID(b.body.buf, e.Seq)
		b.versioned(e.Seq)
	case e.Seq == 0:
		b.openID(r.target.auto)
	default:
		b.openID(r.target.create)
		b.body.buf = append(appendLogID(b.body.buf, r.batch.Stream, e.Seq), `"}}`+"\n"...)
	}
	return actDocument, err
}

func (j *job) appendID(key []byte) error {
	var err error
	if j.id, err = appendID(j.id[:0], key); err != nil {
		return err
	}
	j.bulk.body.buf = appendInString(j.bulk.body.buf, j.id)
	return nil
}

func (j *job) appendCopyID(r ref) {
	if j.copies == nil {
		j.copies = j.sink.copies.begin()
	}
	sum := sha256.Sum256(r.batch.Record(r.entry))
	number := j.copies.number(r.batch.Table, r.batch.Entries[r.entry].Seq, &sum)
	j.bulk.body.buf = appendCopyID(j.bulk.body.buf, sum, number)
}

// appendInString appends s as part of a JSON string that is open already.
func appendInString(dst, s []byte) []byte {
	for _, c := range s {
		if c < ' ' || c == '"' || c == '\\' {
			open := len(dst)
			dst = event.AppendJSONString(dst, s)
			copy(dst[open:], dst[open+1:len(dst)-1])
			return dst[:len(dst)-2]
		}
	}
	return append(dst, s...)
}

// answer takes what the server said to action i.
func (j *job) answer(i int, res *result) {
	r := &j.refs[i]
	switch res.verdict() {
	case refused:
		j.doubt(r, res)
	case rejected:
		j.rejects = append(j.rejects, reject{r.number, errors.New(res.Error.String())})
	case postponed:
		if res.Error != nil && res.Error.Type == indexMissing && r.target.index != nil {
			r.target.index.lost()
		}
		j.postponeOne(r.number, j.sink.stateError(r, res))
	}
}

func (j *job) postpone(from int, why error) {
	for _, r := range j.refs[from:] {
		j.postponeOne(r.number, why)
	}
}

func (j *job) postponeOne(number int, why error) {
	if j.why == nil {
		j.why = why
	}
	j.retry = append(j.retry, number)
}

func (s *Sink) stateError(r *ref, res *result) error {
	name := s.conf.Index
	if r.target.index != nil {
		name = r.target.index.name
	}
	return fmt.Errorf("elasticsearch %s: %w", s.name, actionError(name, res))
}

// actionError says why one action of a bulk was not done, and what mends that.
func actionError(index string, res *result) error {
	err := fmt.Errorf("bulk into %s: %d %s", index, res.Status, res.Error.state())
	if mend := remedy(res.Status, res.Error, index); mend != "" {
		err = fmt.Errorf("%w (%s)", err, mend)
	}
	return err
}

// doubt reports a version that is above every Seq this chunk has of the stream: nothing shows that the source can have
// given it (rule S6).
func (j *job) doubt(r *ref, res *result) {
	stored, ok := storedVersion(res.Error)
	if !ok || stored <= r.batch.Entries[r.entry].Seq {
		return
	}
	if j.highest == nil {
		j.highest, j.suspect = map[string]uint64{}, map[string]uint64{}
		for i := range j.refs {
			b, e := j.refs[i].batch, j.refs[i].entry
			j.highest[b.Stream] = max(j.highest[b.Stream], b.Entries[e].Seq)
		}
	}
	if stream := r.batch.Stream; stored > j.highest[stream] {
		j.suspect[stream] = max(j.suspect[stream], stored)
	}
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
