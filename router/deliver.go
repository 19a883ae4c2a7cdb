package router

import (
	"context"
	"errors"
	"io"
	"time"

	"yamabiko/event"
	"yamabiko/router/buffer"
	"yamabiko/sinks"
)

// target is one sink with its buffer.
type target struct {
	r      *Router
	name   string
	sink   sinks.Sink
	lanes  int
	buf    buffer.Buffer
	retry  Retry
	health health
}

func (r *Router) newTarget(st SinkTarget) (*target, error) {
	t := &target{r: r, name: st.Name, sink: st.Sink, lanes: st.Lanes, retry: st.Retry.filled()}
	st.Buffer.Lanes = st.Lanes
	counted := st.Buffer.OnBytes
	st.Buffer.OnBytes = func(delta int64) {
		t.health.bytes.Add(delta)
		r.hooks.Buffered(t.name, delta)
		if counted != nil {
			counted(delta)
		}
	}
	t.health.lanes = make([]laneHealth, max(st.Lanes, 0))
	var err error
	t.buf, err = buffer.NewMemory(st.Buffer)
	return t, err
}

// delivery is the work of one lane of a sink.
type delivery struct {
	*target
	lane     int
	wait     *backoff
	attempt  int                    // at the present chunk, from 1
	rejected map[event.Ref]struct{} // of the present chunk, durable dead letters
}

// deliver writes one lane's chunks, one after another, until the buffer is closed and empty.
func (t *target) deliver(ctx context.Context, lane int) error {
	d := &delivery{target: t, lane: lane, wait: newBackoff(t.retry), rejected: map[event.Ref]struct{}{}}
	for {
		c, err := t.buf.Next(ctx, lane)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.write(ctx, c); err != nil {
			return err
		}
	}
}

// write has the sink write c, and settles what became of it: done, dead letters, or to be retried.
func (d *delivery) write(ctx context.Context, c *event.Chunk) error {
	d.attempt++
	c.OnReject, c.OnRejectAll = d.reject, d.rejectAll
	err := d.sink.Write(ctx, c)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // stopping: c stays leased, its batches unsettled
	}
	left := d.left(c, err)
	if len(left) > 0 && d.retry.Attempts > 0 && d.attempt >= d.retry.Attempts {
		if err = d.giveUp(c, left, err); err == nil {
			left = nil
		}
	}
	d.count(c, left)
	if len(left) > 0 {
		at := time.Now().Add(d.wait.next(sinks.IsPermanent(err)))
		d.failed(err, len(left), at)
		d.buf.Retry(c, left, at)
		return nil
	}
	d.succeeded()
	return d.buf.Done(c)
}

// left returns the numbers of the events that are to be written again: all, or those that a RetryError names, without those that are
// dead letters by now.
func (d *delivery) left(c *event.Chunk, err error) (left []int) {
	if err == nil {
		return nil
	}
	named := []int(nil)
	if some, ok := errors.AsType[*sinks.RetryError](err); ok {
		named = some.Indices
	}
	all := len(named) == 0
	for n, ref := range c.All() {
		if !all {
			if len(named) == 0 || n < named[0] {
				continue
			}
			named = named[1:]
		}
		if _, dead := d.rejected[ref]; !dead {
			left = append(left, n)
		}
	}
	if len(named) > 0 {
		panic("BUG: sink " + d.name + ": a RetryError's indices do not rise or are not in the chunk")
	}
	return left
}

// reject is the chunk's OnReject.
func (d *delivery) reject(v event.View, entry int, why error) error {
	return d.rejectAll([]event.Rejection{{Ref: event.Ref{Batch: v.Batch, I: entry}, Why: why}})
}

// rejectAll is the chunk's OnRejectAll.
func (d *delivery) rejectAll(all []event.Rejection) error {
	letters := make([]DeadLetter, len(all))
	for i, r := range all {
		letters[i] = d.letter(r.Ref, r.Why)
	}
	if err := d.r.dead.Write(letters...); err != nil {
		return err
	}
	for _, r := range all {
		d.rejected[r.Ref] = struct{}{}
	}
	return nil
}

// giveUp makes dead letters of what is left of a chunk after its last attempt.
func (d *delivery) giveUp(c *event.Chunk, left []int, why error) error {
	all := make([]event.Rejection, len(left))
	for i, n := range left {
		all[i] = event.Rejection{I: n, Why: why}
	}
	if err := c.RejectAll(all); err != nil {
		return errors.Join(why, err)
	}
	return nil
}

func (d *delivery) letter(ref event.Ref, why error) DeadLetter {
	l := DeadLetter{Ref: ref, Sink: d.name, Attempt: d.attempt, Why: why}
	if to := d.r.table.find(ref.Tag); to != nil {
		l.Route = to.name
	}
	return l
}

// count tells the hooks what became of the events of c, of which some are left.
func (d *delivery) count(c *event.Chunk, left []int) {
	if n := len(d.rejected); n > 0 {
		d.r.hooks.Rejected(d.name, n)
	}
	if n := c.Events - len(d.rejected) - len(left); n > 0 {
		d.r.hooks.Delivered(d.name, n, c.Bytes*int64(n)/int64(c.Events))
	}
	clear(d.rejected)
}
