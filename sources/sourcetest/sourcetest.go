// Package sourcetest is the conformance suite that every source passes, and the recording Emitter that tests of
// sources share.
package sourcetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yamabiko/event"
	"yamabiko/sources"
)

// Harness says how to open one kind of source over an upstream that holds at least Events events and does not
// change while the suite runs.
type Harness struct {
	// Open makes a fresh source, as after a restart of the program, over the same upstream.
	Open func(t *testing.T) sources.Source
	// From is where the suite starts; nil is the configured start.
	From event.Position
	// Events is how many events the suite reads from From. What lies beyond is ignored.
	Events int
	// Resumes bounds from how many of the emitted positions the suite resumes, evenly spread; 0 means 12.
	Resumes int
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("BatchesAreWellFormed", h.wellFormed)
	t.Run("SeqRises", h.seqRises)
	t.Run("ReplayIsEqual", h.replayIsEqual)
	t.Run("ResumeGivesTheRest", h.resume)
	t.Run("CancelEndsRun", h.cancelEndsRun)
	t.Run("CancelEndsBlockedEmit", h.cancelEndsBlockedEmit)
	t.Run("EmitErrorIsReturned", h.emitError)
}

// limit bounds one run of a source, and how long it may take to end.
const limit = time.Minute

// read runs a fresh source from pos until it has emitted n events, and returns those and the positions among them.
func (h Harness) read(t *testing.T, pos event.Position, n int) ([]Event, []Mark) {
	t.Helper()
	var r Recorder
	stop := h.start(t, pos, &r)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := r.WaitEvents(ctx, n)
	if runErr := stop(); err != nil || !errors.Is(runErr, context.Canceled) {
		t.Fatalf("waiting for %d events: %v; Run: %v", n, err, runErr)
	}
	for _, p := range r.Problems() {
		t.Error(p)
	}
	events, marks := r.Events(), r.Marks()
	if len(events) < n {
		t.Fatalf("%d events of %d are well formed", len(events), n)
	}
	for len(marks) > 0 && marks[len(marks)-1].Events > n {
		marks = marks[:len(marks)-1]
	}
	return events[:n], marks
}

// start runs a fresh source; the function it returns cancels it and gives Run's error.
func (h Harness) start(t *testing.T, pos event.Position, out sources.Emitter) (stop func() error) {
	t.Helper()
	src := h.Open(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- src.Run(ctx, pos, out) }()
	return func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(limit):
			t.Fatalf("Run has not ended %v after its context", limit)
			return nil
		}
	}
}

func (h Harness) wellFormed(t *testing.T) {
	_, marks := h.read(t, h.From, h.Events)
	if len(marks) == 0 {
		t.Errorf("no position among the first %d events", h.Events)
	}
}

// seqRises: in one stream each change has a higher Seq than the one before; the two halves of a changed key may share
// theirs, and what a snapshot reads or a barrier tells carries its cause's (rules S1, S2, S4).
func (h Harness) seqRises(t *testing.T) {
	events, _ := h.read(t, h.From, h.Events)
	last := map[string]Event{}
	for i, e := range events {
		if e.Op == event.Read || e.Op.Barrier() {
			continue
		}
		before, ok := last[e.Stream]
		halves := before.Op == event.Delete && e.Op == event.Insert && e.Seq == before.Seq
		if ok && e.Seq <= before.Seq && !halves {
			t.Fatalf("event %d: %v comes after %v", i, e, before)
		}
		last[e.Stream] = e
	}
}

func (h Harness) replayIsEqual(t *testing.T) {
	first, _ := h.read(t, h.From, h.Events)
	again, _ := h.read(t, h.From, h.Events)
	same(t, first, again)
}

// resume: from every position the rest follows, and nothing that came before it.
func (h Harness) resume(t *testing.T) {
	events, marks := h.read(t, h.From, h.Events)
	most := h.Resumes
	if most == 0 {
		most = 12
	}
	step := max(1, len(marks)/most)
	for i := 0; i < len(marks); i += step {
		m := marks[i]
		if rest := events[m.Events:]; len(rest) > 0 {
			again, _ := h.read(t, m.Pos, len(rest))
			same(t, rest, again)
		}
	}
}

func same(t *testing.T, want, got []Event) {
	t.Helper()
	for i := range want {
		if !want[i].Same(got[i]) {
			t.Fatalf("event %d: %v\n%x\nwant %v\n%x", i, got[i], got[i].Record, want[i], want[i].Record)
		}
	}
}

func (h Harness) cancelEndsRun(t *testing.T) {
	leaked := goleak.IgnoreCurrent()
	h.read(t, h.From, 1)
	if err := goleak.Find(leaked); err != nil {
		t.Errorf("after Run: %v", err)
	}
}

// cancelEndsBlockedEmit: while the in-flight bytes are at their limit Emit blocks, and Run still ends with its context.
func (h Harness) cancelEndsBlockedEmit(t *testing.T) {
	leaked := goleak.IgnoreCurrent()
	blocked := make(chan struct{}, 1)
	r := Recorder{OnEmit: func(ctx context.Context, _ *event.Batch, _ event.Position) error {
		select {
		case blocked <- struct{}{}:
		default:
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	stop := h.start(t, h.From, &r)
	<-blocked
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v, want %v", err, context.Canceled)
	}
	if err := goleak.Find(leaked); err != nil {
		t.Errorf("after Run: %v", err)
	}
}

func (h Harness) emitError(t *testing.T) {
	errFull := errors.New("ledger is closed")
	ended := make(chan error, 1)
	r := Recorder{OnEmit: func(context.Context, *event.Batch, event.Position) error { return errFull }}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	go func() { ended <- h.Open(t).Run(ctx, h.From, &r) }()
	if err := <-ended; !errors.Is(err, errFull) {
		t.Errorf("Run: %v, want what Emit returned: %v", err, errFull)
	}
}
