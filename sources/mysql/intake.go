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
	ended  bool // nothing more comes
	closed bool // nothing more is wanted
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
	for q.bytes >= intakeBytes && !q.ended {
		q.room.Wait()
	}
	if q.ended {
		return errIntakeClosed
	}
	if e != nil {
		q.bytes += len(e.RawData)
	}
	q.events = append(q.events, e)
	q.ready.Signal()
	return nil
}

// take waits for events and returns all there are, in order; nil once there will be none, or the intake is closed. spare is a slice to use again.
func (q *intake) take(spare []*replication.BinlogEvent) []*replication.BinlogEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.events) == 0 && !q.ended {
		q.ready.Wait()
	}
	if q.closed || len(q.events) == 0 {
		return nil
	}
	events := q.events
	q.events, q.bytes = spare[:0], 0
	q.room.Signal()
	return events
}

// end takes no more events; those that came can still be taken.
func (q *intake) end() { q.stop(false) }

// close takes no more events and gives none.
func (q *intake) close() { q.stop(true) }

func (q *intake) stop(closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.closed = true, q.closed || closed
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
		for i, e := range events {
			events[i] = nil // a large one shall not stay until the next are taken
			if e == nil {
				st.idle(ctx)
			} else if st.handle(ctx, e) != nil {
				return
			}
		}
		spare = events
	}
}
