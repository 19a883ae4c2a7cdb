package elasticsearch

import (
	"errors"
	"fmt"
)

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
		if j.why == nil {
			j.why = j.sink.stateError(r, res)
		}
		j.retry = append(j.retry, r.number)
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
