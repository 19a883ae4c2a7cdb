package engine

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"yamabiko/event"
	"yamabiko/sources"
)

// steady is how long a source must have run for its next failure to count as the first.
const steady = time.Minute

// supervise runs the source, and again with backoff after it fails, from the position emitted last: what is in flight will still be delivered.
// It returns nil when ctx ends, and the error when trying again cannot mend it.
func (p *pipeline) supervise(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 30*time.Second
	for {
		began := time.Now()
		err := p.source.Run(ctx, p.lastPosition(), p)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = errors.New("the source ended")
		}
		over := sources.IsPermanent(err)
		p.failed(err, over)
		if over {
			p.log.Error("the source is stopped: this must be mended first", "err", err)
			return err
		}
		if time.Since(began) > steady {
			wait.Reset()
		}
		pause := wait.NextBackOff()
		p.log.Warn("the source failed and is started again", "err", err, "in", pause.Round(time.Millisecond))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *pipeline) lastPosition() event.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *pipeline) failed(err error, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runErr, p.over = err, over
}
