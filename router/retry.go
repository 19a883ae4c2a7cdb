package router

import (
	"context"
	"time"

	expo "github.com/cenkalti/backoff/v5"
)

func (r Retry) filled() Retry {
	if r.First <= 0 {
		r.First = time.Second
	}
	if r.Max <= 0 {
		r.Max = 5 * time.Minute
	}
	r.Max = max(r.Max, r.First)
	return r
}

// backoff gives the waits between attempts: exponential, with half of each at random, so that lanes and machines do not
// come back together.
type backoff struct {
	policy expo.ExponentialBackOff
}

func newBackoff(r Retry) *backoff {
	b := &backoff{policy: expo.ExponentialBackOff{
		InitialInterval: r.First, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: r.Max,
	}}
	b.policy.Reset()
	return b
}

func (b *backoff) reset() { b.policy.Reset() }

// next returns the next wait. What no retry can mend is asked for seldom, not never: somebody may mend it downstream.
func (b *backoff) next(permanent bool) time.Duration {
	if permanent {
		return b.policy.MaxInterval
	}
	return min(b.policy.NextBackOff(), b.policy.MaxInterval)
}

// buryRetry is how a dead letter that cannot be written is tried again, where no chunk can go back to its buffer for it.
var buryRetry = Retry{First: 100 * time.Millisecond, Max: 10 * time.Second}

// bury writes n dead letters until it succeeds, ctx ends or the router drains: their events may go nowhere else, so the source waits.
func (r *Router) bury(ctx context.Context, n int, write func() error) error {
	wait := newBackoff(buryRetry)
	for {
		err := write()
		if err == nil {
			r.hooks.Rejected("", n)
			return nil
		}
		d := wait.next(false)
		r.log.Error("cannot write dead letters; the source waits", "err", err, "retry_in", d)
		select {
		case <-time.After(d):
		case <-r.drained:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
