package mysql

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

func TestS1_LostStateStartsAboveWhatItHadReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	w.start(nil)
	w.synced("a")
	w.stop()
	reached := decode(t, w.rec.Last()).Seq
	<-time.After(time.Until(time.Unix(time.Now().Unix()+1, 0))) // no state is lost and made again within one second

	lost := in(t, w)
	lost.start(nil)
	lost.synced("a")
	first := lost.rec.Marks()[0]
	if !first.Synced || first.Events != 0 {
		t.Errorf("the first position was synced %v after %d events", first.Synced, first.Events)
	}
	if got := decode(t, first.Pos).Seq; got <= reached {
		t.Errorf("numbering starts at %d; the lost state had reached %d", got, reached)
	}
}

func TestS1_RiseStaysBelow63Bits(t *testing.T) {
	at := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := rise(0, at); got >= 1<<63 {
		t.Errorf("in %v Seq starts at %d", at, got)
	}
	if got := rise(1<<62, time.Unix(0, 0)); got != 1<<62+1<<40 {
		t.Errorf("a rise of %d gives %d", uint64(1<<62), got)
	}
}

// rises checks that the run that began with mark n starts with a synced position at least a step above seq.
func (w *world) rises(n int, seq uint64) {
	w.t.Helper()
	m := w.rec.Marks()[n]
	if !m.Synced {
		w.t.Error("the first position after the rise is not synced")
	}
	if got := decode(w.t, m.Pos).Seq; got < seq+seqStep {
		w.t.Errorf("Seq went from %d to %d, which is no rise", seq, got)
	}
}

func TestS3_RestoredStateRaisesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	w.start(nil)
	w.synced("a")
	w.stop()
	old, n := w.rec.Last(), len(w.rec.Marks())
	w.sql("INSERT INTO a VALUES (2,2)")
	w.env.Restored = true
	w.start(old)
	w.synced("a")
	w.rises(n, decode(t, old).Seq)
	w.stop()
	if p := decode(t, w.rec.Last()); p.Seq > decode(t, w.rec.Marks()[n].Pos).Seq+seqStep/2 {
		t.Errorf("it rose again, to %d", p.Seq)
	}
}

func TestS3_AnotherCountingRuleRaises(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.start(nil)
	w.synced()
	w.stop()
	n := len(w.rec.Marks())
	old := change(t, w.rec.Last(), func(p *position) { p.Rule = "mysql/0" })
	w.start(old)
	w.synced()
	w.rises(n, decode(t, old).Seq)
	if got := decode(t, w.rec.Last()).Rule; got != ruleName {
		t.Errorf("the position's rule is %q", got)
	}
}

func TestS3_SettingAPositionRaises(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)")
	w.start(nil)
	w.synced("a")
	w.level()
	w.stop()
	at := w.rec.Last()
	gtids := decode(t, at).GTID
	w.sql("INSERT INTO a VALUES (1,1)")
	for _, text := range []string{gtids, "snapshot"} {
		set, err := w.src.ParsePosition(text, at)
		if err != nil {
			t.Fatal(err)
		}
		if was, is := decode(t, at).Seq, decode(t, set).Seq; is < was+seqStep {
			t.Errorf("%.20s: Seq went from %d to %d", text, was, is)
		}
		w.start(set)
		w.synced("a")
		w.stop()
		at = w.rec.Last()
	}
	if len(w.changes("a")) != 1 {
		t.Errorf("changes: %v", w.changes("a"))
	}
}

// Selection, compression and snapshots take no part in counting.
func TestS2_SeqDoesNotDependOnTheSelection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)")
	w.start(nil)
	w.synced("a", "b")
	from := w.rec.Last()
	w.sql("INSERT INTO b VALUES (1,1),(2,2)", "INSERT INTO a VALUES (1,1)", "ALTER TABLE b COMMENT 'x'",
		"SET SESSION binlog_transaction_compression=ON", "BEGIN", "INSERT INTO b VALUES "+values(10, 500), "UPDATE a SET n=2", "DELETE FROM b WHERE id=1",
		"INSERT INTO a VALUES (3,3)", "COMMIT", "SET SESSION binlog_transaction_compression=OFF", "INSERT INTO a VALUES (4,4)")
	w.synced("a", "b")
	all := w.changes("a")

	some := in(t, w)
	some.conf.Exclude = []string{w.db + ".b"}
	some.start(from)
	some.wait("all changes of a", func() bool { return len(some.changes("a")) >= len(all) })
	if len(some.changes("b")) > 0 {
		t.Error("rows of an excluded table came")
	}
	for i, e := range some.changes("a") {
		if !e.Same(all[i]) {
			t.Errorf("with b excluded: %v, with b: %v", e, all[i])
		}
	}
}

func TestS4_ReadRowsCarryTheirCausesSeqAndConsumeNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 50))
	w.conf.Snapshot.Chunk = 5
	done := make(chan struct{})
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		select {
		case <-done:
		default:
			if b != nil && len(b.Entries) > 0 && b.Entries[0].Op == event.Read {
				close(done)
			}
		}
		return nil
	}
	w.start(nil)
	<-done
	w.sql("UPDATE a SET n=n+1 WHERE id>40", "INSERT INTO a VALUES (100,100)")
	w.synced("a")
	from, changes := w.rec.Marks()[0], w.changes("a")
	start := decode(t, from.Pos).Seq
	end := decode(t, w.rec.Last()).Seq
	for _, e := range w.rec.Events() {
		if e.Op == event.Read && (e.Seq < start || e.Seq > end) {
			t.Errorf("%v was read while the stream was between %d and %d", e, start, end)
		}
	}
	w.stop()
	// Without any snapshot the same changes have the same Seqs.
	bare := in(t, w)
	bare.start(change(t, from.Pos, func(p *position) {
		for _, tp := range p.Tables {
			tp.State = tableDone
		}
	}))
	bare.wait("the same changes", func() bool { return len(bare.changes("a")) >= len(changes) })
	for i, e := range bare.changes("a")[:len(changes)] {
		if !e.Same(changes[i]) {
			t.Errorf("without a snapshot %v, with one %v", e, changes[i])
		}
	}
}

var errCut = errors.New("cut")

// Positions stand at commits only, whatever the size of the transaction, and what comes again has the Seq it had.
func TestResumeInsideABigTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, s VARCHAR(500))")
	w.start(nil)
	w.synced("a")
	batches := 0
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		if b != nil && b.Table.Name == "a" {
			if batches++; batches == 3 {
				return errCut
			}
		}
		return nil
	}
	var rows []string
	for i := range 3000 {
		rows = append(rows, fmt.Sprintf("(%d,'%s')", i, strings.Repeat("x", 400)))
	}
	w.sql("BEGIN", "INSERT INTO a VALUES "+strings.Join(rows[:1000], ","), "INSERT INTO a VALUES "+strings.Join(rows[1000:], ","), "DELETE FROM a WHERE id=7", "COMMIT")
	w.breaks("cut")
	if got := len(w.changes("a")); got == 0 {
		t.Fatal("nothing of the transaction came before the cut")
	}
	first := w.changes("a")[0].Seq
	if got := decode(t, w.rec.Last()).Seq; got >= first {
		t.Errorf("the position has Seq %d, inside a transaction that begins at %d", got, first)
	}
	w.start(w.rec.Last())
	w.synced("a")
	if equalSeqs(t, w.rec.Events()) == 0 {
		t.Error("nothing came again")
	}
	last := 0
	for _, e := range w.changes("a") {
		if e.TxLast {
			last++
			if e.Op != event.Delete {
				t.Errorf("%v is marked as the transaction's last", e)
			}
		}
	}
	if last != 1 {
		t.Errorf("%d changes are marked as the transaction's last", last)
	}
}

// copyData copies a stopped server's data folder.
func copyData(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// A server that comes back with an older state and goes on has the same server_uuid and another history.
func TestS7_ForkUnderSameUUID(t *testing.T) {
	t.Parallel()
	w := private(t)
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 20))
	w.start(nil)
	w.synced("a")
	w.stop()
	aside := filepath.Join(t.TempDir(), "data")
	w.srv.Stop()
	copyData(t, w.srv.DataDir, aside)
	w.srv.Start()
	w.sql("INSERT INTO a VALUES (100,1)", "DELETE FROM a WHERE id=3", "UPDATE a SET n=-1 WHERE id=4")
	w.start(w.rec.Last())
	w.synced("a")
	w.stop()
	w.srv.Stop()
	copyData(t, aside, w.srv.DataDir)
	w.srv.Start()

	// As long as the server has fewer transactions than were read it is seen by its GTIDs.
	w.start(w.rec.Last())
	w.fails("lacks transactions", "position set shop snapshot")

	// Once it has gone on, what stands where the last transaction stood tells.
	for i := range 30 {
		w.sql(fmt.Sprintf("INSERT INTO a VALUES (%d,2)", 200+i))
	}
	n, seq := len(w.rec.Marks()), decode(t, w.rec.Last()).Seq
	never := in(t, w)
	never.conf.Snapshot.Mode = modeNever
	never.start(w.rec.Last())
	never.fails("is another one now", "snapshot: initial")

	w.start(w.rec.Last())
	w.synced("a")
	w.rises(n, seq)
	w.stop()

	// A file that has expired proves nothing.
	w.start(w.rec.Last())
	w.level()
	w.stop()
	w.srv.Exec(t, "FLUSH BINARY LOGS")
	newest := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0][0]
	w.srv.Exec(t, "PURGE BINARY LOGS TO '"+newest+"'")
	seq = decode(t, w.rec.Last()).Seq
	w.sql("INSERT INTO a VALUES (500,5)")
	w.start(w.rec.Last())
	w.synced("a")
	if got := decode(t, w.rec.Last()).Seq; got > seq+seqStep/2 {
		t.Errorf("a purged file was taken for a fork: Seq went from %d to %d", seq, got)
	}
	w.stop()

	// A copy of the server under another uuid is another history from then on.
	w.start(w.rec.Last())
	w.level()
	w.stop()
	n, seq = len(w.rec.Marks()), decode(t, w.rec.Last()).Seq
	w.srv.Stop()
	if err := os.Remove(filepath.Join(w.srv.DataDir, "auto.cnf")); err != nil {
		t.Fatal(err)
	}
	w.srv.Start()
	w.sql("INSERT INTO a VALUES (501,5)")
	w.start(w.rec.Last())
	w.synced("a")
	w.rises(n, seq)
	w.stop()

	// What was purged and never read is lost: said, with the remedy.
	last := w.rec.Last()
	w.sql("INSERT INTO a VALUES (502,5)")
	w.srv.Exec(t, "FLUSH BINARY LOGS")
	w.srv.Exec(t, "PURGE BINARY LOGS TO '"+w.srv.Query(t, "SHOW BINARY LOG STATUS")[0][0]+"'")
	w.start(last)
	w.fails("purged", "position set shop snapshot", "binlog_expire_logs_seconds")
	fresh, err := w.src.ParsePosition("snapshot", last)
	if err != nil {
		t.Fatal(err)
	}
	w.start(fresh)
	w.synced("a")
}
