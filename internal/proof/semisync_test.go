package proof

import (
	"fmt"
	"testing"

	"yamabiko/internal/testenv"
)

// Under semi-sync with wait point AFTER_SYNC a transaction is in the binlog, and so in the stream, while its replica's answer is awaited and
// nobody can see it yet. A snapshot that is read meanwhile sees the rows as they were; it must not say so with the stream's later Seq
// (rule N1). Nor may a restart take the server for one that lost the transaction.
func TestN1_StreamAheadOfVisibility(t *testing.T) {
	db := testenv.PrivateMySQL(t, "--plugin-load-add=semisync_source.so", "--rpl-semi-sync-source-timeout=3600000",
		"--rpl-semi-sync-source-wait-point=AFTER_SYNC", "--rpl-semi-sync-source-wait-no-replica=ON")
	w := newWorld(t, db, testenv.Elasticsearch(t))
	w.create(fewRows)
	w.sql("DROP TABLE journal") // nothing shall make the snapshot wait but the rule
	for round := range 3 {
		release := w.hidden("UPDATE ints SET note = CONCAT('seen late ', v) WHERE id % 3 = 0", "DELETE FROM ints WHERE id % 3 = 1",
			"UPDATE kinds SET id = id + 5000 WHERE id % 10 = 0", "UPDATE pairs SET v = -v", fmt.Sprintf("INSERT INTO names VALUES ('ahead %d', 1, NULL)", round))
		w.start()
		w.ahead(round)
		if round == 1 { // the position that is saved has passed what nobody can see
			w.savedAhead()
			w.kill()
			w.disconnected()
			w.start()
		}
		w.snapshotWaits()
		release()
		w.settled()
		w.term()
		w.lose()
		w.sql(fmt.Sprintf("INSERT IGNORE INTO ints "+seriesSQL(fewRows)+"n, n, 'round %d' FROM s", round))
	}
}

// hidden commits a transaction that stays invisible until the function that it returns is called.
func (w *world) hidden(stmts ...string) (release func()) {
	w.t.Helper()
	w.sql("SET GLOBAL rpl_semi_sync_source_enabled = ON")
	w.t.Cleanup(func() { w.sql("SET GLOBAL rpl_semi_sync_source_enabled = OFF") }) // or nothing could be dropped any more
	conn := w.db.Conn(w.t)
	for _, s := range append([]string{"USE " + w.schema, "BEGIN"}, stmts...) {
		if _, err := conn.Execute(s); err != nil {
			w.t.Fatalf("%s: %v", s, err)
		}
	}
	done := make(chan error, 1)
	go func() { // ends when release is called, or with the server
		_, err := conn.Execute("COMMIT")
		done <- err
	}()
	eventually(w.t, readyEvery, func() string {
		if w.count("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_STATE LIKE 'Waiting for semi-sync ACK%'") != "1" {
			return "the commit does not wait"
		}
		return ""
	})
	return func() {
		w.t.Helper()
		w.sql("SET GLOBAL rpl_semi_sync_source_enabled = OFF")
		if err := <-done; err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) count(sql string) string { return w.db.Query(w.t, sql)[0][0] }

// ahead waits until the stream has brought what the server does not show.
func (w *world) ahead(round int) {
	w.t.Helper()
	eventually(w.t, readyEvery, func() string {
		w.alive()
		if status, body := w.es.Do(w.t, "GET", fmt.Sprintf("/%snames/_doc/ahead%%20%d", w.prefix, round), ""); status != 200 {
			return fmt.Sprintf("the stream has not brought the hidden transaction: %d %s", status, body)
		}
		return ""
	})
	if w.count(fmt.Sprintf("SELECT COUNT(*) FROM %s.names WHERE k = 'ahead %d'", w.schema, round)) != "0" {
		w.t.Fatal("the server shows the transaction that was to be hidden")
	}
}

// savedAhead waits until the hidden transaction is behind the saved position.
func (w *world) savedAhead() {
	w.t.Helper()
	eventually(w.t, readyEvery, func() string {
		saved, err := w.position()
		switch {
		case err != nil:
			return err.Error()
		case w.count("SELECT GTID_SUBTRACT('"+saved+"', @@global.gtid_executed)") == "":
			return "the saved position has not passed the hidden transaction"
		}
		return ""
	})
}

// disconnected waits until the server has missed the program that was killed.
func (w *world) disconnected() {
	w.t.Helper()
	eventually(w.t, readyEvery, func() string {
		if n := w.count("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_USER = '" + w.db.User + "'"); n != "0" {
			return n + " connections are still there"
		}
		return ""
	})
}

// snapshotWaits waits until the snapshot waits for the server to show what the stream has passed, or has not waited and is over.
func (w *world) snapshotWaits() {
	w.t.Helper()
	eventually(w.t, readyEvery, func() string {
		w.alive()
		if w.readiness() == "" || w.count("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_INFO LIKE 'SELECT WAIT_FOR_EXECUTED_GTID_SET%'") != "0" {
			return ""
		}
		return "the snapshot neither waits nor is over"
	})
}
