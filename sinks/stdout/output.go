package stdout

import (
	"context"
	"os"
	"time"
)

// pipe is a pipe whose writes can be ended.
type pipe struct{ *os.File }

// CancelWrites makes the writes that follow fail once ctx ends, until stop is called.
func (p pipe) CancelWrites(ctx context.Context) (stop func()) {
	cut := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(cut)
		p.SetWriteDeadline(time.Unix(1, 0)) // where there are no deadlines, a write ends when it ends
	})
	return func() {
		if !unhook() {
			<-cut
			p.SetWriteDeadline(time.Time{})
		}
	}
}
