package mysql

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

// counting is an emitter that keeps nothing and looks at the heap now and then.
type counting struct {
	rows, batches int
	heap          uint64
	done          chan struct{}
}

func (c *counting) Emit(_ context.Context, b *event.Batch, _ event.Position) error {
	if b == nil {
		return nil
	}
	if c.batches++; c.batches%100 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.heap = max(c.heap, m.HeapAlloc)
	}
	for _, e := range b.Entries {
		if c.rows++; e.Tx != event.NoTx && e.Tx&1 == 1 {
			close(c.done)
		}
	}
	b.Emitted(nil)
	b.Release()
	return nil
}

func (c *counting) Sync(context.Context, event.Position) error { return nil }

// A transaction of 200 MB, as it is and compressed, is not held in memory. Not beside other tests: the heap is everybody's.
func TestAHugeTransactionTakesLittleMemory(t *testing.T) {
	const rows, size = 400, 500_000
	for _, compression := range []string{"OFF", "ON"} {
		w := newWorld(t, testenv.MySQL(t))
		w.sql("CREATE TABLE a (id INT PRIMARY KEY, s MEDIUMTEXT)", "CREATE TABLE seed (id INT PRIMARY KEY)", "INSERT INTO seed VALUES "+oneColumn(rows))
		w.start(nil)
		w.synced("a")
		w.level()
		w.stop()
		w.sql("SET SESSION binlog_transaction_compression="+compression, fmt.Sprintf("INSERT INTO a SELECT id, REPEAT(CHAR(65+id%%26), %d) FROM seed", size))

		c := &counting{done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.src.Run(ctx, w.rec.Last(), c) }()
		select {
		case <-c.done:
		case err := <-ended:
			t.Fatal(err)
		}
		cancel()
		<-ended
		if c.rows < rows {
			t.Errorf("compression %s: %d rows came of %d", compression, c.rows, rows)
		}
		if c.heap == 0 || c.heap > 64<<20 {
			t.Errorf("compression %s: the heap held %d MB of a transaction of %d MB", compression, c.heap>>20, rows*size>>20)
		}
		t.Logf("compression %s: at most %d MB on the heap", compression, c.heap>>20)
	}
}

// oneColumn writes "(0),(1)…".
func oneColumn(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(",(%d)", i)
	}
	return text[1:]
}
