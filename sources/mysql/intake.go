package mysql

import (
	"context"
	"errors"
	"sync"

	"github.com/go-mysql-org/go-mysql/replication"
)

// intakeBytes is how much may be read ahead of decoding. It is small: the server and the socket hold the rest. One event is always taken,
// whatever its size.
const intakeBytes = 1 << 20

// intake carries events from the goroutine that reads the connection to the one that decodes them, so that both cores work on a backlog. It hands
// over all that has come at once: under load there is no wake-up an event. A nil event says that the connection had nothing more to give.
type intake struct {
	mu     sync.Mutex
	ready  sync.Cond // something came, or the intake is closed
	room   sync.Cond // everything was taken, or the intake is closed
	events []*replication.BinlogEvent
	bytes  int
	closed bool
}

var errIntakeClosed = errors.New("the stream has ended")

func newIntake() *intake {
	q := &intake{}
	q.ready.L, q.room.L = &q.mu, &q.mu
	return q
}

// put adds an event; it waits while too much is waiting already.
func (q *intake) put(e *replication.BinlogEvent) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes >= intakeBytes && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return errIntakeClosed
	}
	if e != nil {
		q.bytes += len(e.RawData)
	}
	q.events = append(q.events, e)
	q.ready.Signal()
	return nil
}

// take waits for events and returns all there are, in order; nil once the intake is closed. spare is a slice to use again.
func (q *intake) take(spare []*replication.BinlogEvent) []*replication.BinlogEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.events) == 0 && !q.closed {
		q.ready.Wait()
	}
	if q.closed {
		return nil
	}
	clear(spare)
	events := q.events
	q.events, q.bytes = spare[:0], 0
	q.room.Signal()
	return events
}

func (q *intake) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Broadcast()
	q.room.Broadcast()
}

// consume handles events until the intake is closed or one fails; then it calls over.
func (st *stream) consume(ctx context.Context, q *intake, over func()) {
	defer over()
	var spare []*replication.BinlogEvent
	for {
		events := q.take(spare)
		if events == nil {
			return
		}
		for _, e := range events {
			if e == nil {
				st.idle(ctx)
			} else if st.handle(ctx, e) != nil {
				return
			}
		}
		spare = events
	}
}
