// Package null is the sink that keeps nothing: it counts events and bytes and keeps a checksum, so that benchmarks
// measure the road and not its end, and two runs can be compared.
package null

import (
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"sync/atomic"

	"yamabiko/event"
	"yamabiko/sinks"
)

// Config has no settings.
type Config struct{}

// Plugin is the `null` type of sink.
func Plugin() sinks.Plugin {
	return sinks.Define("null", Config{}, func(c Config, env sinks.Env) (sinks.Sink, error) { return Open(c, env) })
}

// Sink counts. Totals may be read at any time.
type Sink struct {
	log    *slog.Logger
	table  *crc32.Table
	events atomic.Uint64
	bytes  atomic.Uint64
	sum    atomic.Uint64
}

// Totals is what a sink took. Barriers do not count.
type Totals struct {
	Events uint64
	Bytes  uint64 // of the events' msgpack: [EventTime, {record}]
	// Sum adds up, modulo 2^64, the CRC32C of each event's msgpack. A sum knows no order, so runs with any number of
	// lanes and any batching agree; an event that comes twice counts twice.
	Sum uint64
}

// String gives the form that Close logs.
func (t Totals) String() string {
	return fmt.Sprintf("%d events, %d bytes, sum %016x", t.Events, t.Bytes, t.Sum)
}

// Open makes the sink.
func Open(_ Config, env sinks.Env) (*Sink, error) {
	return &Sink{log: env.Log, table: crc32.MakeTable(crc32.Castagnoli)}, nil
}

// Write counts c. It allocates nothing.
func (s *Sink) Write(ctx context.Context, c *event.Chunk) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var t Totals
	for _, v := range c.Views {
		s.count(&t, v)
	}
	s.events.Add(t.Events)
	s.bytes.Add(t.Bytes)
	s.sum.Add(t.Sum)
	return nil
}

func (s *Sink) count(t *Totals, v event.View) {
	for i := range v.Len() {
		e := &v.Entries[v.At(i)]
		if e.Op.Barrier() {
			continue
		}
		t.Events++
		t.Bytes += uint64(e.Len)
		t.Sum += uint64(crc32.Update(0, s.table, v.Data[e.Off:e.Off+e.Len]))
	}
}

// Totals returns what was taken so far. While Write runs, its three numbers may stand a chunk apart.
func (s *Sink) Totals() Totals {
	return Totals{Events: s.events.Load(), Bytes: s.bytes.Load(), Sum: s.sum.Load()}
}

// Close logs the totals.
func (s *Sink) Close() error {
	t := s.Totals()
	s.log.Info("null sink: totals", "events", t.Events, "bytes", t.Bytes, "sum", fmt.Sprintf("%016x", t.Sum))
	return nil
}
