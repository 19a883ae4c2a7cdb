package mysql

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/go-mysql-org/go-mysql/replication"
)

func eventOf(n int) *replication.BinlogEvent {
	return &replication.BinlogEvent{RawData: make([]byte, n)}
}

// What is read ahead of decoding is bounded in bytes, one event excepted, and comes out in order.
func TestIntakeIsBoundedAndKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newIntake()
		sent := 0
		go func() {
			for _, n := range []int{3 * intakeBytes, 1, 2, 3} {
				if q.put(eventOf(n)) != nil {
					return
				}
				sent++
			}
		}()
		synctest.Wait()
		if sent != 1 {
			t.Fatalf("%d events were taken; one fills the intake", sent)
		}
		if got := q.take(nil); len(got) != 1 || len(got[0].RawData) != 3*intakeBytes {
			t.Fatalf("took %d events", len(got))
		}
		synctest.Wait()
		got := q.take(nil)
		if len(got) != 3 {
			t.Fatalf("took %d events, 3 came after the large one", len(got))
		}
		for i, e := range got {
			if len(e.RawData) != i+1 {
				t.Errorf("event %d has %d bytes", i, len(e.RawData))
			}
		}
	})
}

// A stop ends whoever waits: the reader for room, the decoder for events.
func TestIntakeCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, empty := newIntake(), newIntake()
		if err := full.put(eventOf(intakeBytes)); err != nil {
			t.Fatal(err)
		}
		puts, takes := make(chan error, 1), make(chan []*replication.BinlogEvent, 1)
		go func() { puts <- full.put(eventOf(1)) }()
		go func() { takes <- empty.take(nil) }()
		synctest.Wait()
		full.close()
		empty.close()
		if err := <-puts; !errors.Is(err, errIntakeClosed) {
			t.Errorf("put: %v", err)
		}
		if got := <-takes; got != nil {
			t.Errorf("took %d events", len(got))
		}
	})
}
