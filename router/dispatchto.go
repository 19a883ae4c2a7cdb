package router

import (
	"context"
	"fmt"

	"yamabiko/event"
)

// DispatchTo is Dispatch to one sink, whatever the routes say; with an empty name it is Dispatch. It is for events that come back from
// the dead letters.
func (r *Router) DispatchTo(ctx context.Context, b *event.Batch, sink string) error {
	if sink == "" {
		return r.Dispatch(ctx, b)
	}
	for _, t := range r.targets {
		if t.name == sink {
			return t.buf.Append(ctx, event.View{Batch: b})
		}
	}
	return fmt.Errorf("the configuration has no sink %q", sink)
}
