package mysql

import (
	"fmt"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

func TestDefinitionsChangeWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 20), "CREATE TABLE other (id INT PRIMARY KEY)", "INSERT INTO other VALUES (1)")
	w.start(nil)
	w.synced("a", "other")
	for i, ddl := range []string{
		"ALTER TABLE a ADD COLUMN d VARCHAR(20) NOT NULL DEFAULT 'dflt' AFTER id",
		"ALTER TABLE a RENAME COLUMN n TO number",
		"ALTER TABLE a MODIFY number BIGINT UNSIGNED",
		"ALTER TABLE a CHANGE number n VARCHAR(30)",
		"ALTER TABLE a MODIFY n VARCHAR(30) FIRST",
		"ALTER TABLE a DROP COLUMN d",
		"ALTER TABLE a ADD COLUMN g INT AS (id*2) STORED, ADD COLUMN v INT AS (id*3) VIRTUAL",
	} {
		done := w.sweeps("a")
		// In one go with rows in the old form before it and rows in the new form behind it.
		w.sql(fmt.Sprintf("UPDATE a SET id=id+1000 WHERE id=%d", i), ddl, fmt.Sprintf("DELETE FROM a WHERE id=%d", i+10), fmt.Sprintf("INSERT INTO a (id) VALUES (%d)", 100+i))
		w.wait("read again after "+ddl, func() bool { return w.sweeps("a") > done })
		w.synced("a", "other")
	}
	// Rows that nobody touches afterwards have the new form too.
	done := w.sweeps("a")
	w.sql("ALTER TABLE a ADD COLUMN late INT DEFAULT 3")
	w.wait("read again", func() bool { return w.sweeps("a") > done })
	w.synced("a", "other")
	if n := w.sweeps("other"); n != 1 {
		t.Errorf("the table beside it was read %d times", n)
	}
}

func TestAnIndexCausesNoReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 5))
	w.start(nil)
	w.synced("a")
	w.sql("ALTER TABLE a ADD INDEX (n)", "CREATE INDEX second ON a (n, id)", "ANALYZE TABLE a", "INSERT INTO a VALUES (9,9)", "ALTER TABLE a COMMENT 'new'", "INSERT INTO a VALUES (10,9)", "OPTIMIZE TABLE a")
	w.synced("a")
	if n := w.sweeps("a"); n != 1 {
		t.Errorf("the table was read %d times", n)
	}
}

func TestDefinitionChangedOutsideTheBinlog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 5))
	w.start(nil)
	w.synced("a")
	w.sql("SET SESSION sql_log_bin=0", "ALTER TABLE a ADD COLUMN d INT DEFAULT 7", "SET SESSION sql_log_bin=1", "INSERT INTO a VALUES (9,9,9)")
	w.wait("read again", func() bool { return w.sweeps("a") > 1 })
	w.synced("a")
}

func TestTruncateAndDropStopTheTableAlone(t *testing.T) {
	for _, c := range []struct{ ddl, said, after string }{
		{"TRUNCATE TABLE a", "TRUNCATE took its rows away", "INSERT INTO a VALUES (50,50)"},
		{"TRUNCATE a", "TRUNCATE", ""},
		{"DROP TABLE a", "DROP TABLE", "CREATE TABLE a (id INT PRIMARY KEY, n INT)"},
		{"DROP TABLE a, c", "DROP TABLE", ""},
		{"RENAME TABLE a TO z", "RENAME", ""},
		{"ALTER TABLE a RENAME TO z", "RENAME", ""},
	} {
		t.Run(c.ddl, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.MySQL(t))
			w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "CREATE TABLE c (id INT PRIMARY KEY)",
				"INSERT INTO a VALUES "+values(0, 5), "INSERT INTO b VALUES (1,1)")
			w.start(nil)
			w.synced("a", "b")
			w.sql(c.ddl)
			w.stopped("a", c.said, "start yamabiko again", "on_truncate: ignore")
			before := len(w.changes("a"))
			if c.after != "" {
				w.sql(c.after)
			}
			w.sql("INSERT INTO b VALUES (2,2)")
			w.synced("b")
			if got := len(w.changes("a")); got != before {
				t.Errorf("%d changes of the stopped table came", got-before)
			}
			// Another connection is no reason to read it; a new process is.
			w.restart()
			w.synced("b")
			want := ""
			if len(w.srv.Query(t, fmt.Sprintf("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA='%s' AND TABLE_NAME='a'", w.db))) > 0 {
				want = w.rows("a")
			}
			if got := mirror(w.rec.Events(), "a"); got != want {
				t.Errorf("after the restart the sink has\n%s\nand the table\n%s", got, want)
			}
			if s := w.table("a").Stopped; s != "" {
				t.Errorf("still stopped: %s", s)
			}
		})
	}
}

func TestOnTruncateIgnoreKeepsGoing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.OnTruncate = onIgnore
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	w.start(nil)
	w.synced("a")
	w.sql("TRUNCATE a", "INSERT INTO a VALUES (2,2)")
	w.synced()
	if got := fields(w.rec.Events(), "a", "n"); got != "1 2" {
		t.Errorf("the sink has %s; documents stay, and new rows come", got)
	}
	w.sql("DROP TABLE a", "CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (3,3)")
	w.synced()
	if got := fields(w.rec.Events(), "a", "n"); got != "1 2 3" {
		t.Errorf("after DROP and CREATE the sink has %s", got)
	}
}

func TestTablesMadeWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.Exclude = []string{w.db + ".tmp_*"}
	w.sql("CREATE TABLE tmp_x (id INT PRIMARY KEY, n INT)", "INSERT INTO tmp_x VALUES (1,1)", "CREATE TABLE src (id INT PRIMARY KEY, n INT)", "INSERT INTO src VALUES (5,5)")
	w.start(nil)
	w.synced()
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)", "CREATE TABLE likely LIKE a", "INSERT INTO likely VALUES (1,1)",
		"CREATE TABLE copied (PRIMARY KEY (id)) SELECT * FROM src", "RENAME TABLE tmp_x TO b", "CREATE TABLE empty_one (id INT PRIMARY KEY)",
		"CREATE TEMPORARY TABLE passing (id INT PRIMARY KEY)", "INSERT INTO passing VALUES (1)", "CREATE TABLE tmp_y (id INT PRIMARY KEY)", "INSERT INTO tmp_y VALUES (1)")
	w.wait("the new tables are read", func() bool {
		return w.sweeps("a") > 0 && w.sweeps("b") > 0 && w.sweeps("copied") > 0 && w.sweeps("likely") > 0 && w.sweeps("empty_one") > 0
	})
	w.synced("a", "b", "copied", "likely", "empty_one")
	for _, e := range w.rec.Events() {
		if e.Table.Name == "tmp_x" || e.Table.Name == "tmp_y" || e.Table.Name == "passing" {
			t.Fatalf("%v came", e)
		}
	}
}

func TestPartitionsThatGoAreReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
		"INSERT INTO a VALUES "+values(5, 15))
	w.start(nil)
	w.synced("a")
	w.sql("ALTER TABLE a TRUNCATE PARTITION p0")
	w.wait("read again", func() bool { return w.sweeps("a") > 1 })
	w.synced("a")
}

// A transaction's savepoints show in the binlog as statements, what was rolled back does not show at all.
func TestSavepointsAndCompressedTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM")
	w.start(nil)
	w.synced("a")
	for _, compression := range []string{"OFF", "ON"} {
		w.sql("SET SESSION binlog_transaction_compression="+compression,
			"BEGIN", "INSERT INTO a VALUES (1,1)", "SAVEPOINT s", "INSERT INTO a VALUES (2,2)", "ROLLBACK TO s", "INSERT INTO a VALUES (3,3)", "RELEASE SAVEPOINT s", "COMMIT",
			"BEGIN", "INSERT INTO a VALUES (4,4)", "ROLLBACK", "BEGIN", "UPDATE a SET n=n+1", "DELETE FROM a WHERE id=1", "COMMIT", "DELETE FROM a", "INSERT INTO m VALUES (1)", "INSERT INTO a VALUES "+values(10, 900))
		w.synced("a", "m")
		w.sql("DELETE FROM a", "DELETE FROM m")
	}
	w.synced("a")
	for _, e := range w.rec.Events() {
		if e.Op == event.Insert && e.Table.Name == "a" && e.Tx == "" {
			t.Errorf("%v has no transaction", e)
		}
	}
}

func TestTaggedGTIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)")
	w.start(nil)
	w.synced("a")
	at := w.rec.Last()
	w.sql("SET GTID_NEXT='AUTOMATIC:"+w.db+"'", "INSERT INTO a VALUES (1,1)", "UPDATE a SET n=2", "SET GTID_NEXT='AUTOMATIC'", "INSERT INTO a VALUES (2,2)")
	w.synced("a")
	contains(t, w.changes("a")[0].Tx, ":"+w.db+":1")
	w.level()
	w.restart()
	w.start2(at)
}

// start2 goes back to a position and checks that what comes again has the Seq it had.
func (w *world) start2(at event.Position) {
	w.t.Helper()
	w.stop()
	w.start(at)
	w.level()
	w.synced("a")
	if equalSeqs(w.t, w.rec.Events()) == 0 {
		w.t.Error("nothing came again")
	}
}

// A table swapped by ALTER … RENAME has the same form as the one before: only reading it again shows its rows. Where it was looked at between the two
// statements it is stopped, since it was gone; never are the other table's rows left standing without a word.
func TestALTERRenameSwapIsNoticed(t *testing.T) {
	w := newWorld(t, testenv.MySQL(t))
	w.conf.Exclude = []string{w.db + ".a_new", w.db + ".a_old"}
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2)", "CREATE TABLE a_new LIKE a", "INSERT INTO a_new VALUES (2,20),(3,30)")
	w.start(nil)
	w.synced("a")
	w.sql("ALTER TABLE a RENAME a_old", "ALTER TABLE a_new RENAME TO a")
	w.poll("the swapped table is read again, or stopped", func() bool {
		return w.table("a").Stopped != "" || mirror(w.rec.Events(), "a") == w.rows("a")
	})
}

// Statements are logged as they were typed, also where the server keeps names in lower case (lower_case_table_names=1, which is fixed when a
// data folder is made).
func TestStatementInAnotherCaseNamesTheTable(t *testing.T) {
	orders := &table{name: "shop.orders"}
	st := &stream{tables: map[string]*table{"shop.orders": orders}}
	stmt := parseStatement("TRUNCATE TABLE Orders", "Shop")
	if got := st.mentioned(stmt); len(got) != 0 {
		t.Fatalf("without folding %d tables are named", len(got))
	}
	stmt.fold()
	if got := st.mentioned(stmt); len(got) != 1 || got[0] != orders {
		t.Errorf("%d tables are named", len(got))
	}
}
