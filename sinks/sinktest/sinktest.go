// Package sinktest is the conformance suite that every sink passes, and the builders of batches and chunks that the
// tests of sinks, buffers and routers share.
package sinktest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/sinks"
)

// Harness says how to open one kind of sink, how to read what it made durable, and what it can do.
type Harness struct {
	// Open makes a sink for that many lanes over an empty downstream. The suite closes it.
	Open func(t *testing.T, lanes int) sinks.Sink
	// Read returns what the downstream of the sink opened last holds now: the events of one key in the order in which
	// the downstream has them. nil where nothing can be read back (null); then only errors are looked at.
	Read func(t *testing.T) []Got
	// Keyed: of a key's changes the highest Seq stays, whatever order they come in, and a delete removes the row.
	// Otherwise every change is there, repeats allowed.
	Keyed bool
	// Removes: Truncate and Sweep remove rows (rule E4). Without it a keyed sink is not sent any.
	Removes bool
	// Rejects: the downstream may refuse values that are JSON (a mapping conflict, a NUL). Such an event must
	// then be rejected. Without it every event whose record has a JSON form must be written.
	Rejects bool
}

// Got is one event, row or document as the downstream holds it.
type Got struct {
	Record json.RawMessage // the record alone, without envelope
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("EverythingWrittenIsReadable", h.everythingWritten)
	t.Run("OrderOfAKeyWithinALane", h.order)
	t.Run("SeveralLanesAtOnce", h.lanes)
	t.Run("BarriersAreTaken", h.barriers)
	t.Run("EmptyViews", h.emptyViews)
	t.Run("OddValues", h.oddValues)
	t.Run("HugeRecord", h.huge)
	t.Run("CloseLosesNothing", h.closeLosesNothing)
	t.Run("CancelIsAnErrorNotALoss", h.cancelled)
	t.Run("RepeatedChunk", h.repeated)
	if h.Keyed {
		t.Run("LateVersionsLose", h.lateVersions)
	}
	if h.Keyed && h.Removes {
		t.Run("TruncateAndSweepRemove", h.removes)
	}
}

// bench is one opened sink of a subtest.
type bench struct {
	*testing.T
	h    Harness
	sink sinks.Sink
	rej  Rejects
}

func (h Harness) open(t *testing.T, lanes int) *bench {
	t.Helper()
	s := h.Open(t, lanes)
	closed := false
	b := &bench{T: t, h: h, sink: closeOnce{s, &closed}}
	t.Cleanup(func() { b.close() })
	return b
}

func (b *bench) close() {
	if err := b.sink.Close(); err != nil {
		b.Errorf("Close: %v", err)
	}
}

// write writes a chunk that must be taken.
func (b *bench) write(c *event.Chunk) {
	b.Helper()
	c.OnReject = b.rej.Add
	if err := b.sink.Write(patient(b.T), c); err != nil {
		b.Fatalf("Write: %v", err)
	}
}

// patient bounds a test that hangs.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// closeOnce lets a subtest close early.
type closeOnce struct {
	sinks.Sink
	closed *bool
}

func (c closeOnce) Close() error {
	if *c.closed {
		return nil
	}
	*c.closed = true
	return c.Sink.Close()
}
