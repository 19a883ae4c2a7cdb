package proof

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"yamabiko/internal/testenv"
)

// TestKill_LosesNothingRepeatsNothing is issue 3's first proof: whatever is killed and cut at whatever moment, in the end every table equals its
// index, document by document.
func TestKill_LosesNothingRepeatsNothing(t *testing.T) {
	db, es := servers(t)
	rnd := newRand(t)
	w := newWorld(t, db, es)
	const rows = 3000
	w.create(rows)
	kills := 30
	if s := os.Getenv("YAMABIKO_PROOF_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("YAMABIKO_PROOF_KILLS: %v", err)
		}
		kills = n
	}
	stop := w.writing(rnd, load{writers: 2, rows: rows, tables: all})
	for i := range kills {
		w.start()
		switch i % 15 {
		case 4:
			w.cutConnections(rnd)
		case 9:
			es.Kill()
		case 11: // it has been away for two kills
			es.Start()
		}
		w.await(moment(rnd))
		w.kill()
	}
	if n := kills % 15; n == 10 || n == 11 {
		es.Start()
	}
	w.start()
	w.cutConnections(rnd)
	t.Logf("%d transactions", stop())
	w.settled()
	w.term()
	w.start()
	w.settled()
}

// servers starts a MySQL and an Elasticsearch of the test's own, side by side.
func servers(t *testing.T) (db *testenv.MySQLServer, es *testenv.ESServer) {
	var both sync.WaitGroup
	both.Go(func() { db = testenv.PrivateMySQL(t) })
	both.Go(func() { es = testenv.PrivateElasticsearch(t) })
	both.Wait()
	if db == nil || es == nil {
		t.FailNow() // one of them has said why
	}
	return db, es
}

// moment is when to kill: mostly in the middle of the work, sometimes soon after the start.
func moment(r *rand.Rand) time.Duration {
	if r.IntN(4) == 0 {
		return between(r, 0, 200*time.Millisecond)
	}
	return between(r, 200*time.Millisecond, 1800*time.Millisecond)
}

// cutConnections cuts the connections to MySQL some times, in each of the ways in which they are lost.
func (w *world) cutConnections(r *rand.Rand) {
	w.t.Helper()
	w.await(between(r, 200*time.Millisecond, 700*time.Millisecond))
	w.cut.Cut()
	w.await(between(r, 200*time.Millisecond, 700*time.Millisecond))
	for _, row := range w.db.Query(w.t, "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'") {
		w.db.Exec(w.t, killIfThere(row[0])...)
	}
	w.await(between(r, 200*time.Millisecond, 700*time.Millisecond))
	w.cut.Blackhole(true)
	w.await(between(r, 100*time.Millisecond, 400*time.Millisecond))
	w.cut.Cut()
	w.cut.Blackhole(false)
}

// killIfThere kills a connection, which may have gone since it was listed.
func killIfThere(id string) []string {
	return []string{
		"CREATE PROCEDURE mysql.proof_kill() BEGIN DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; KILL " + id + "; END",
		"CALL mysql.proof_kill()", "DROP PROCEDURE mysql.proof_kill",
	}
}
