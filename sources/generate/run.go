package generate

import (
	"context"
	"math"
	"strconv"
	"time"

	"yamabiko/event"
	"yamabiko/sources"
)

// A batch closes at batchBytes, or when the rate has no more events due and the first is batchAge old.
const (
	batchBytes = 256 << 10
	batchAge   = 20 * time.Millisecond
)

// run is one call of Source.Run.
type run struct {
	*Source
	content *content
	out     sources.Emitter
	pace    *pace
}

func (r *run) loop(ctx context.Context, i uint64) error {
	end := r.conf.Count
	if end == 0 {
		end = math.MaxInt64
	}
	for i < end {
		due, err := r.pace.wait(ctx, i)
		if err == nil {
			i, err = r.batch(ctx, i, min(due, end))
		}
		if err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// batch emits events from i to at most due, of one table, and returns the index after the last.
func (r *run) batch(ctx context.Context, i, due uint64) (uint64, error) {
	t := r.tables[r.content.table(i)]
	b := r.pool.Get(t.tag, r.env.Name, t.desc)
	b.First = time.Now()
	first := i
	for i < due && len(b.Data) < batchBytes && r.content.table(i) == r.content.table(first) {
		r.content.add(b, i)
		i++
	}
	counts := r.count(b)
	if err := r.out.Emit(ctx, b, strconv.AppendUint(nil, i, 10)); err != nil {
		return first, err
	}
	r.next.Store(i)
	r.moved.Store(time.Now().UnixNano())
	r.report(t.desc, counts)
	return i, nil
}

// opCounts counts a batch's events by op.
type opCounts [event.Delete + 1]int

// count is done before Emit: after it the batch is no longer ours.
func (r *run) count(b *event.Batch) (n opCounts) {
	for i := range b.Entries {
		n[b.Entries[i].Op]++
	}
	return n
}

func (r *run) report(t *event.Table, counts opCounts) {
	if r.env.Count == nil {
		return
	}
	var schema, name string
	if t != nil {
		schema, name = t.Schema, t.Name
	}
	for op, n := range counts {
		if n > 0 {
			r.env.Count(schema, name, event.Op(op), n)
		}
	}
}

// pace says how many events are due. The zero rate is without bound.
type pace struct {
	rate  int64
	base  uint64 // the event that was due when the clock began
	began time.Time
	timer *time.Ticker
}

func newPace(rate int64, from uint64) *pace {
	p := &pace{rate: rate, base: from, began: time.Now()}
	if rate > 0 {
		p.timer = time.NewTicker(batchAge)
	}
	return p
}

func (p *pace) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// wait returns once event i is due, with the index of the first that is not.
func (p *pace) wait(ctx context.Context, i uint64) (uint64, error) {
	if p.rate == 0 {
		return math.MaxInt64, ctx.Err()
	}
	for ctx.Err() == nil {
		if due := p.due(time.Since(p.began)); due > i {
			return due, nil
		}
		select {
		case <-p.timer.C:
		case <-ctx.Done():
		}
	}
	return 0, ctx.Err()
}

// due counts in whole seconds and the rest apart, so that no product overflows.
func (p *pace) due(passed time.Duration) uint64 {
	sec, rest := passed/time.Second, passed%time.Second
	return p.base + uint64(int64(sec)*p.rate+int64(float64(rest)/float64(time.Second)*float64(p.rate)))
}
