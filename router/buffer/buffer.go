// Package buffer holds what one sink is yet to write: views of batches, in order, in lanes by key (rule O1).
package buffer

import (
	"context"
	"errors"
	"time"

	"yamabiko/event"
)

// ErrClosed is what Append returns once Close was called.
var ErrClosed = errors.New("the buffer is closed")

// Buffer is one sink's queue. Append may be called by several goroutines; Next, Done and Retry of a lane by one goroutine, the
// lane's own.
type Buffer interface {
	// Append takes v and one reference of its batch. It blocks, until ctx ends, while the buffer is full; one view is
	// always admitted when the buffer is empty. On an error it has taken nothing: the reference stays the caller's.
	Append(ctx context.Context, v event.View) error
	// Next leases the lane's oldest chunk once it is full, old enough, or asked for by Close. At most one chunk of a lane is
	// leased: until its Done, Next waits. A barrier event (Op.Barrier) is a chunk of its own, of lane 0: it is leased once all that was
	// appended before it is done, on all lanes, and nothing appended after it is leased before it is done.
	// The chunk is the caller's until Done or Retry. Next returns io.EOF once the buffer is closed and empty.
	Next(ctx context.Context, lane int) (*event.Chunk, error)
	// Done ends the lease: every event of c is durable, or a durable dead letter. It releases c's references.
	Done(c *event.Chunk) error
	// Retry ends the lease of a chunk whose events left (their numbers in c, rising; none means all) are to be written again
	// at the given time: the lane's next chunk is these. The others are done. c itself is void.
	Retry(c *event.Chunk, left []int, at time.Time)
	// Close refuses further views, those too that wait for room, makes every lane lease what it has, and returns once all is done, or with ctx's error: then what
	// is left stays leased or queued, its references held.
	Close(ctx context.Context) error
}

// Options sizes a buffer.
type Options struct {
	Lanes      int           // at least 1; changing it needs an empty buffer
	Limit      int64         // bytes that the buffer holds, leased chunks included
	ChunkBytes int64         // a chunk holds no more, unless it is a single event
	ChunkCount int           // events; a chunk holds no more
	Age        time.Duration // a chunk is leased at the latest this long after its first event came
	// OnBytes is told of each change of the bytes held; nil: nobody asks. It must not call the buffer.
	OnBytes func(delta int64)
}
