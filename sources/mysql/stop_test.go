package mysql

import (
	"fmt"
	"testing"

	"yamabiko/internal/testenv"
)

// What a session does in its own way stops the tables that it touches, says why, and leaves the others alone.
func TestOneSessionsWaysStopItsTableAlone(t *testing.T) {
	for _, c := range []struct {
		name string
		do   []string
		said []string
	}{
		{"statement format", []string{"SET SESSION binlog_format='STATEMENT'", "INSERT INTO a VALUES (7,7,NULL)"}, []string{"INSERT", "SET GLOBAL binlog_format = 'ROW'"}},
		{"statement format in a transaction", []string{"SET SESSION binlog_format='STATEMENT'", "BEGIN", "UPDATE a SET n=n+1", "DELETE FROM a WHERE id=1", "COMMIT"}, []string{"binlog_format"}},
		{"minimal image", []string{"SET SESSION binlog_row_image='MINIMAL'", "UPDATE a SET n=5 WHERE id=1"}, []string{"binlog_row_image = 'FULL'", "start yamabiko again"}},
		{"partial json", []string{"SET SESSION binlog_row_value_options='PARTIAL_JSON'", `UPDATE a SET j=JSON_SET(j, '$.x', 2) WHERE id=1`}, []string{"binlog_row_value_options = ''", "start yamabiko again"}},
		{"XA", []string{"XA START 'x%[1]s'", "UPDATE a SET n=9", "XA END 'x%[1]s'", "XA PREPARE 'x%[1]s'", "XA COMMIT 'x%[1]s'"}, []string{"XA"}},
		{"XA in one phase", []string{"XA START 'y%[1]s'", "UPDATE a SET n=9", "XA END 'y%[1]s'", "XA COMMIT 'y%[1]s' ONE PHASE"}, []string{"XA"}},
		{"XA rolled back", []string{"XA START 'z%[1]s'", "UPDATE a SET n=9", "XA END 'z%[1]s'", "XA PREPARE 'z%[1]s'", "XA ROLLBACK 'z%[1]s'"}, []string{"XA"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name[:2] != "XA" { // whose commit has all tables of a source read again that has just begun
				t.Parallel()
			}
			w := newWorld(t, testenv.MySQL(t))
			w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT, j JSON)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)",
				`INSERT INTO a VALUES (1,1,JSON_OBJECT('x', 1, 'y', REPEAT('y', 200))),(2,2,NULL)`, "INSERT INTO b VALUES (1,1)")
			w.start(nil)
			w.synced("a", "b")
			for i, sql := range c.do {
				if len(sql) > 2 && sql[:2] == "XA" {
					c.do[i] = fmt.Sprintf(sql, w.db)
				}
			}
			w.sql(c.do...)
			w.sql("INSERT INTO b VALUES (2,2)")
			w.stopped("a", c.said...)
			w.synced("b")
			w.restart()
			w.sql("INSERT INTO a VALUES (30,30,NULL)")
			w.synced("a", "b")
		})
	}
}

// With snapshot: never a table could not be made right again, so nothing is passed.
func TestWithoutSnapshotsTheSourceStopsWhereATableWould(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.Snapshot.Mode = modeNever
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	w.start(nil)
	w.wait("the start", func() bool { return w.rec.Last() != nil })
	w.sql("INSERT INTO a VALUES (2,2)", "TRUNCATE a")
	w.fails("TRUNCATE", "on_truncate: ignore", w.db+".a")
	if got := w.reads("a"); got != 0 {
		t.Errorf("%d rows were read", got)
	}
	w.conf.OnTruncate = onIgnore
	w.start(w.rec.Last())
	w.sql("INSERT INTO a VALUES (3,3)")
	w.wait("the row after it", func() bool { return fields(w.rec.Events(), "a", "n") == "2 3" })
}

// A server whose metadata is too little is seen table by table; when it is mended the tables are read again by themselves.
func TestMetadataTurnedOffAndOn(t *testing.T) {
	t.Parallel()
	w := private(t)
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)", "INSERT INTO b VALUES (1,1)")
	w.start(nil)
	w.synced("a", "b")
	w.srv.Exec(t, "SET GLOBAL binlog_row_metadata='MINIMAL'")
	w.sql("INSERT INTO a VALUES (2,2)")
	w.stopped("a", "binlog_row_metadata = 'FULL'")
	if s := w.table("b").Stopped; s != "" {
		t.Errorf("b is stopped: %s", s)
	}
	w.srv.Exec(t, "SET GLOBAL binlog_row_metadata='FULL'")
	w.sql("INSERT INTO a VALUES (3,3)")
	w.synced("a", "b")

	w.stop()
	w.srv.Exec(t, "SET GLOBAL binlog_row_metadata='MINIMAL'")
	w.start(w.rec.Last())
	w.fails("binlog_row_metadata", "SET PERSIST binlog_row_metadata = 'FULL'")

	// Rows from the time before FULL are in the binlog that has to be read.
	w.sql("INSERT INTO b VALUES (2,2)")
	w.srv.Exec(t, "SET GLOBAL binlog_row_metadata='FULL'")
	w.start(w.rec.Last())
	w.stopped("b", "binlog_row_metadata")
	w.sql("INSERT INTO b VALUES (3,3)")
	w.synced("a", "b")
}

func TestP2_AnIdleSelectionMovesThePosition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	other := newWorld(t, testenv.MySQL(t))
	other.sql("CREATE TABLE x (id INT PRIMARY KEY AUTO_INCREMENT)")
	w.start(nil)
	other.sql("INSERT INTO x VALUES ()")
	w.level()
	// Also while they come without a pause.
	stop := other.busy(func(exec func(string)) { exec("INSERT INTO x VALUES ()") })
	defer stop()
	seq := decode(t, w.rec.Last()).Seq
	w.wait("the position moves", func() bool { return decode(t, w.rec.Last()).Seq > seq })
	stop()
	if got := w.rec.Events(); len(got) > 0 {
		t.Errorf("events of unselected tables: %v", got)
	}
}

// A table that a prepared XA transaction changed is not read before that is decided: the rows that it commits come with no event.
func TestP3_APreparedXATransactionIsWaitedFor(t *testing.T) { // not beside others: they would read all tables again
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)", "INSERT INTO b VALUES (1,1)")
	w.start(nil)
	w.synced("a", "b")
	id := "'" + w.db + "','branch'"
	w.sql("XA START "+id, "UPDATE a SET n=2", "INSERT INTO a VALUES (5,5)", "XA END "+id, "XA PREPARE "+id)
	w.stopped("a", "XA")
	w.level()
	w.restart()
	w.stopped("a", "XA")
	w.synced("b")
	w.sql("XA COMMIT " + id)
	w.wait("read again", func() bool { return w.sweeps("a") > 1 })
	w.synced("a", "b")

	// One that was prepared before a source began, and is committed after.
	w.stop()
	w.sql("XA START "+id, "UPDATE b SET n=3", "XA END "+id, "XA PREPARE "+id)
	late := in(t, w)
	late.start(nil)
	late.synced("a")
	late.sql("XA COMMIT " + id)
	late.wait("read again", func() bool { return late.sweeps("b") > 1 })
	late.synced("a", "b")
}
