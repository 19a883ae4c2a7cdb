package mysql

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

// Every row of a table without a key is there exactly once, whether the snapshot or the stream brought it, also where the snapshot was
// cut off in the middle.
func TestKeylessRowsComeExactlyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (n INT, s MEDIUMTEXT)")
	for i := range 12 {
		w.sql(fmt.Sprintf("INSERT INTO a VALUES (%d, REPEAT('x', 1000000)), (%d, NULL), (%d, NULL)", i, i, i))
	}
	var n atomic.Int64
	n.Store(1000)
	var stops []func() int
	for range 3 {
		stop := w.busy(func(exec func(string)) { exec(fmt.Sprintf("INSERT INTO a VALUES (%d, NULL)", n.Add(1))) })
		defer stop()
		stops = append(stops, stop)
	}
	parts := 0
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		if b != nil && b.Entries[0].Op == event.Read && b.Table.Name == "a" {
			if parts++; parts == 5 {
				return errCut
			}
		}
		return nil
	}
	w.start(nil)
	w.breaks("cut")
	w.start(w.rec.Last())
	w.wait("the snapshot's end", func() bool { return w.sweeps("a") > 0 })
	for _, stop := range stops {
		stop()
	}
	w.synced()
	if got, want := appended(w.rec.Events(), "a"), w.column("a", "n"); got != want {
		t.Errorf("the sink has\n%s\nand the table\n%s", got, want)
	}
}

// A run streams a row and crashes before that is saved. The next one still has the table to read: the row is in its view, and what the stream
// brought of it before must be swept, though its Seq is above the one at which this run has begun.
func TestN6_KeylessSweepTakesWhatACrashedRunStreamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (n INT)", "INSERT INTO a VALUES (1)")
	w.start(nil)
	w.synced()
	w.level()
	w.stop()
	key := name{w.db, "a"}.key()
	saved := change(t, w.rec.Last(), func(p *position) { *p.Tables[key] = tableProgress{State: tableWaiting} })
	w.start(w.rec.Last())
	w.sql("INSERT INTO a VALUES (2)", "INSERT INTO a VALUES (3)")
	w.synced()
	w.stop()

	sweeps := w.sweeps("a")
	w.start(saved)
	w.wait("the second sweep", func() bool { return w.sweeps("a") > sweeps })
	w.synced()
	if got, want := appended(w.rec.Events(), "a"), w.column("a", "n"); got != want {
		t.Errorf("the sink has %s and the table %s", got, want)
	}
}

// What the snapshot has shown is left out also by the next process, and what it may have shown or not makes it be read again.
func TestKeylessSnapshotIsRememberedAcrossARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (n INT)", "INSERT INTO a VALUES (1)")
	w.start(nil)
	w.synced()
	w.level()
	w.stop()
	at := w.rec.Last()
	w.sql("INSERT INTO a VALUES (2)")
	executed := clean(w.srv.Query(t, "SELECT @@global.gtid_executed")[0][0])
	w.sql("INSERT INTO a VALUES (3)")
	key := name{w.db, "a"}.key()

	shown := in(t, w)
	shown.start(change(t, at, func(p *position) { p.Tables[key].Seen = executed }))
	shown.synced()
	if got := appended(shown.rec.Events(), "a"); got != "3" {
		t.Errorf("the rows that came are %s; 2 was in the snapshot", got)
	}
	shown.sql("INSERT INTO a VALUES (4)")
	shown.synced()
	if p := decode(t, shown.rec.Last()).Tables[key]; p.Seen != "" || p.Unsure != "" {
		t.Errorf("what the snapshot has shown is passed and still remembered: %+v", p)
	}
	shown.stop()

	unsure := in(t, w)
	unsure.start(change(t, at, func(p *position) { p.Tables[key].Seen, p.Tables[key].Unsure = p.GTID, executed }))
	unsure.synced()
	unsure.wait("the table is read again", func() bool { return unsure.sweeps("a") > 0 })
	unsure.synced()
	if got := appended(unsure.rec.Events(), "a"); got != "1 2 3 4" {
		t.Errorf("the sink has %s", got)
	}
}

func TestOwnedGTIDsLoseTheirOwners(t *testing.T) {
	for owned, want := range map[string]string{
		"": "",
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:4#58":         "3e11fa47-71ca-11e1-9e33-c80aa9429562:4",
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:4#58:5#9": "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:4-5",
	} {
		set, err := parseGTIDs(unowned(owned))
		if err != nil || set.String() != want {
			t.Errorf("%s: %v %v", owned, set, err)
		}
	}
}

// A table with a key that follows one without must not be read in that one's view of the past.
func TestN1_NoReadInAnotherTablesView(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (n INT, s MEDIUMTEXT)", "INSERT INTO a VALUES (1, REPEAT('x', 5000000)), (2, NULL)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO b VALUES "+values(0, 20))
	hit := false
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		if b != nil && !hit && b.Table.Name == "a" {
			hit = true // the snapshot of a is thrown away in its middle, after b was changed
			w.sql("UPDATE b SET n=-n", "DROP TABLE IF EXISTS none", "CREATE TABLE a2 (n INT)")
			w.src.stream.tables[name{w.db, "a"}.key()].unsettle()
		}
		return nil
	}
	w.start(nil)
	w.synced("b")
	if got := appended(w.rec.Events(), "a"); got != "1 2" {
		t.Errorf("the table without a key has %s", got)
	}
}
