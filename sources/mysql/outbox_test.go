package mysql

import (
	"context"
	"errors"
	"testing"
	"time"

	"yamabiko/event"
)

// broken is an emitter whose first Emit fails, as one does whose context has ended, and which takes everything after it.
type broken struct {
	calls     int
	positions []event.Position
}

var errBroken = errors.New("no")

func (b *broken) Emit(_ context.Context, _ *event.Batch, pos event.Position) error {
	b.calls++
	if b.calls == 1 {
		return errBroken
	}
	b.positions = append(b.positions, pos)
	return nil
}

func (b *broken) Sync(context.Context, event.Position) error { return nil }

// A batch that could not be emitted is dropped. A position that went out after it, with the end of a chunk or by itself, would pass it: lost.
func TestP1_NoPositionPassesADroppedBatch(t *testing.T) {
	var pool event.Pool
	e := &broken{}
	o := outbox{emit: e, pool: &pool}
	b := o.batch("plan", "cdc.a.b", "shop", &event.Table{}, time.Now())
	b.Entries = append(b.Entries, event.Entry{Seq: 1, Key: event.NoKey, Old: event.NoOld, Tx: event.NoTx, Op: event.Sweep})
	o.added(b, 0)
	if err := o.flush(t.Context(), nil); !errors.Is(err, errBroken) {
		t.Fatalf("flush: %v", err)
	}
	if err := o.send(t.Context(), nil, event.Position("after it")); !errors.Is(err, errBroken) {
		t.Errorf("a bare position: %v, want the first error", err)
	}
	if err := o.send(t.Context(), pool.Get("cdc.a.b", "shop", &event.Table{}), event.Position("with a chunk")); !errors.Is(err, errBroken) {
		t.Errorf("a batch: %v, want the first error", err)
	}
	if len(e.positions) > 0 {
		t.Errorf("went out after the dropped batch: %s", e.positions)
	}
}

// What waits for the transaction's end uses a chunk that its caller gives back when ctx ends: the stream must not take it up after that.
func TestN2_NothingEntersAfterItsReaderIsGone(t *testing.T) {
	st := &stream{source: &source{}}
	st.tx.open = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	if err := st.boundary(ctx, func(context.Context) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("boundary: %v", err)
	}
	st.tx.open = false
	st.settle(t.Context())
	if ran {
		t.Error("it was run after the wait for it had ended")
	}
}
