package elasticsearch

import (
	"context"
	"crypto/sha256"

	"yamabiko/event"
)

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
	key := r.batch.KeyOf(r.entry)
	switch {
	case r.batch.Table == nil:
		j.logAction(r)
	case key == nil:
		return j.appending(r), nil
	default:
		return j.keyed(r, key)
	}
	return actDocument, nil
}

// keyed is the action on the document of a row with a primary key.
func (j *job) keyed(r ref, key []byte) (act, error) {
	var err error
	if j.id, err = appendID(j.id[:0], key); err != nil {
		return actNothing, err
	}
	e := &r.batch.Entries[r.entry]
	opening, act := r.target.put, actDocument
	if e.Op == event.Delete {
		opening, act = r.target.remove, actAlone
	}
	j.bulk.openID(opening)
	j.bulk.body.buf = appendInString(j.bulk.body.buf, j.id)
	j.bulk.versioned(e.Seq)
	return act, nil
}

// appending is the action for a row of a table without a key: nothing tells which document was the row's before.
func (j *job) appending(r ref) act {
	e := &r.batch.Entries[r.entry]
	switch e.Op {
	case event.Delete:
		r.target.index.keyless.Do(func() {
			j.sink.log.Warn("rows of a table without a primary key are appended; deletes are not applied", "table", r.target.index.owner)
		})
		return actNothing
	case event.Read:
		j.bulk.openID(r.target.put)
		j.appendCopyID(r)
	default:
		j.bulk.openID(r.target.put)
		j.bulk.body.buf = appendStreamID(j.bulk.body.buf, e.Seq)
	}
	j.bulk.versioned(e.Seq)
	return actDocument
}

// logAction creates: data streams take nothing else, and an id from the event's place in its stream makes a repeat a conflict, which
// is fine. A log without a Seq is new each time.
func (j *job) logAction(r ref) {
	b := j.bulk.body
	if seq := r.batch.Entries[r.entry].Seq; seq != 0 {
		b.buf = append(b.buf, r.target.create...)
		b.buf = append(appendLogID(b.buf, r.batch.Stream, seq), `"}}`+"\n"...)
		return
	}
	b.buf = append(b.buf, r.target.auto...)
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
