package buffer_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/router/buffer"
	"yamabiko/router/buffer/buffertest"
)

// BenchmarkMemory moves batches of 1,000 rows of some 250 bytes through a buffer. MB/s are of events' bytes.
func BenchmarkMemory(b *testing.B) {
	const rows = 1000
	events := make([]buffertest.Event, rows)
	for i := range events {
		events[i] = buffertest.Event{Seq: uint64(i), Key: fmt.Sprint(1_000_000 + i*7), Op: event.Insert, Size: 220}
	}
	for _, lanes := range []int{1, 2, 4} {
		b.Run(fmt.Sprint("lanes=", lanes), func(b *testing.B) {
			buf, err := buffer.NewMemory(buffer.Options{Lanes: lanes, Limit: 64 << 20, ChunkBytes: 4 << 20, ChunkCount: 10000, Age: 20 * time.Millisecond})
			if err != nil {
				b.Fatal(err)
			}
			ended := make(chan error, lanes)
			for lane := range lanes {
				go func() {
					for {
						c, err := buf.Next(b.Context(), lane)
						if err != nil {
							ended <- err
							return
						}
						buf.Done(c)
					}
				}()
			}
			batch := buffertest.Batch("cdc.s.t", events...)
			batch.Emitted(nil)
			b.SetBytes(batch.Size())
			b.ReportAllocs()
			for b.Loop() {
				batch.Retain(1)
				if err := buf.Append(b.Context(), event.View{Batch: batch}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if err := buf.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			for range lanes {
				if err := <-ended; err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
}
