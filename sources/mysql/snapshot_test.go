package mysql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

// busy runs f again and again in a session of its own until the returned function is called, which gives the number of runs.
func (w *world) busy(f func(exec func(string))) (stop func() int) {
	conn := w.srv.Conn(w.t)
	exec := func(sql string) {
		if _, err := conn.Execute(sql); err != nil {
			w.t.Errorf("%s: %v", sql, err)
		}
	}
	exec("USE " + w.db)
	quit := make(chan struct{})
	var wg sync.WaitGroup
	runs := 0
	wg.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
				f(exec)
				runs++
			}
		}
	})
	return sync.OnceValue(func() int { close(quit); wg.Wait(); return runs })
}

// The random writer goes through every way in which a row can change under a snapshot: in place, with its key, away and back.
func TestN2_WritersDuringASnapshotInTinyChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 600))
	w.conf.Snapshot.Chunk = 3
	stop := w.busy(func(exec func(string)) {
		switch i := rand.IntN(700); rand.IntN(4) {
		case 0:
			exec(fmt.Sprintf("UPDATE a SET n=n+1000 WHERE id BETWEEN %d AND %d", i, i+5))
		case 1:
			exec(fmt.Sprintf("DELETE FROM a WHERE id=%d", i))
		case 2:
			exec(fmt.Sprintf("REPLACE INTO a VALUES (%d,%d)", i, -i))
		case 3:
			exec(fmt.Sprintf("UPDATE IGNORE a SET id=%d WHERE id=%d", rand.IntN(700), i))
		}
	})
	defer stop()
	w.start(nil)
	w.wait("the snapshot's end", func() bool { return w.sweeps("a") > 0 })
	if stop() < 50 {
		t.Error("hardly anything was written meanwhile")
	}
	w.synced("a")
}

func TestN3_AlterDuringASnapshotReadsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 60))
	w.conf.Snapshot.Chunk = 4
	var once sync.Once
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		if b != nil && b.Table.Name == "a" {
			once.Do(func() { w.sql("ALTER TABLE a ADD COLUMN extra INT DEFAULT 7, DROP COLUMN n") })
		}
		return nil
	}
	w.start(nil)
	w.synced("a")
}

// A read under which the table was redefined is taken up again by itself (error 1412, rule N7).
func TestN7_RedefinedUnderTheReadIsRetried(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint16]bool{gomysql.ER_TABLE_DEF_CHANGED: true, gomysql.ER_NO_SUCH_TABLE: true, gomysql.ER_TABLEACCESS_DENIED_ERROR: false} {
		if got := retaken(fmt.Errorf("read: %w", &gomysql.MyError{Code: code})); got != want {
			t.Errorf("error %d is retried: %v", code, got)
		}
	}
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (n INT, s VARCHAR(100))", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO a (n) VALUES (1),(2),(2)", "INSERT INTO b VALUES "+values(0, 50))
	w.conf.Snapshot.Chunk = 5
	i := 0
	stop := w.busy(func(exec func(string)) {
		i++
		exec(fmt.Sprintf("ALTER TABLE a MODIFY s VARCHAR(%d), ALGORITHM=COPY", 100+i%100))
		exec(fmt.Sprintf("ALTER TABLE b ADD COLUMN c%d INT", i))
		exec(fmt.Sprintf("ALTER TABLE b DROP COLUMN c%d", i))
	})
	defer stop()
	w.start(nil)
	w.wait("changes of definitions", func() bool { return w.reads("b") > 100 })
	stop()
	w.synced("b")
	if got := appended(w.rec.Events(), "a"); got != "1 2 2" {
		t.Errorf("the table without a key has %s", got)
	}
}

func TestN1_ReadsWaitUntilTheyWouldSeeWhatTheStreamHasPassed(t *testing.T) {
	t.Parallel()
	w := private(t)
	w.srv.Exec(t, "SET GLOBAL log_output='TABLE'", "SET GLOBAL general_log=ON")
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 9))
	w.conf.Snapshot.Chunk = 2
	w.start(nil)
	w.synced("a")
	w.srv.Exec(t, "SET GLOBAL general_log=OFF")
	waited, reads := false, 0
	for _, r := range w.srv.Query(t, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type='Query' AND user_host LIKE 'cdc%' ORDER BY event_time") {
		switch sql := r[0]; {
		case strings.HasPrefix(sql, "SELECT WAIT_FOR_EXECUTED_GTID_SET('"):
			waited = true
		case strings.Contains(sql, "FROM `"+w.db+"`.`a`"):
			reads++
			if !waited {
				t.Errorf("read without a wait: %s", sql)
			}
			waited = false
		}
	}
	if reads != 5 {
		t.Errorf("%d chunks of two rows for nine rows, want 5", reads)
	}
}

func TestSnapshotGoesOnAtItsChunkAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 40), "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO b VALUES "+values(0, 10))
	w.conf.Snapshot.Chunk = 4
	chunks := 0
	w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
		if b != nil && b.Table.Name == "a" && b.Entries[0].Op == event.Read {
			if chunks++; chunks == 6 {
				return errCut
			}
		}
		return nil
	}
	w.start(nil)
	w.breaks("cut")
	w.sql("DELETE FROM a WHERE id IN (1,39)", "UPDATE a SET n=-n WHERE id IN (2,38)")
	w.start(w.rec.Last())
	w.synced("a", "b")
	if got := w.reads("a"); got != 39 { // the row that was deleted before its chunk was read is in none
		t.Errorf("%d rows were read of 40, one of which was deleted before its chunk", got)
	}
	if got := w.table("a"); got.Snapshot != tableDone || got.Rows != 39 {
		t.Errorf("status %+v", got)
	}
}

// N6: what vanished while nobody looked is swept, whatever the state was lost with.
func TestN6_RowsDeletedWhileTheStateWasLostAreSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 10), "CREATE TABLE gone (id INT PRIMARY KEY)", "INSERT INTO gone VALUES (1)")
	w.start(nil)
	w.synced("a", "gone")
	w.stop()
	w.sql("DELETE FROM a WHERE id<5", "DROP TABLE gone")
	set, err := w.src.ParsePosition("snapshot", w.rec.Last())
	if err != nil {
		t.Fatal(err)
	}
	w.start(set)
	w.synced("a")
}

func TestN5_AChangedKeyIsANewGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 10))
	w.start(nil)
	w.synced("a")
	w.sql("ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (n, id)")
	w.wait("the second snapshot's end", func() bool { return w.sweeps("a") >= 2 })
	w.sql("UPDATE a SET n=n+100 WHERE id=3")
	w.synced("a")
}

// keyCase is a table whose key has one of the types.
var keyCases = []struct{ name, key, columns, rows string }{
	{"composite", "x, y", "x INT, y VARCHAR(20)", "(1,'a'),(1,'b'),(1,''),(-2,'z'),(2,'Z'),(2,'a')"},
	{"triple", "x, y, z", "x TINYINT, y SMALLINT UNSIGNED, z DATE", "(1,2,'2020-01-01'),(1,2,'2020-01-02'),(1,3,'1999-01-01'),(-1,65535,'2020-01-01'),(1,2,'0000-00-00')"},
	{"ci", "x", "x VARCHAR(20) COLLATE utf8mb4_0900_ai_ci", "('a'),('B'),('c'),('Émile'),('F\\'s'),('g\\\\'),('zz '),('日本')"},
	{"padded", "x", "x CHAR(10) COLLATE latin1_swedish_ci", "('a'),('B'),('ö'),('z'),('')"},
	{"bin", "x", "x VARCHAR(20) COLLATE utf8mb4_bin", "('a'),('A'),('b'),('B'),('a b')"},
	{"enum", "x", "x ENUM('z','a','M','')", "('z'),('a'),('M'),('')"},
	{"set", "x", "x SET('z','a','M')", "('z'),('a'),('z,M'),(''),('z,a,M')"},
	{"binary", "x", "x BINARY(4)", "(x'00000000'),(x'ff000000'),(x'27000000'),(x'41000001')"},
	{"varbinary", "x", "x VARBINARY(10)", "(x''),(x'00'),(x'0000'),(x'ff'),(x'5c27')"},
	{"unsigned", "x", "x BIGINT UNSIGNED", "(0),(18446744073709551615),(9223372036854775807),(9223372036854775808)"},
	{"negative", "x", "x BIGINT", "(-9223372036854775808),(-1),(0),(9223372036854775807)"},
	{"datetime", "x", "x DATETIME(6)", "('2020-01-01 00:00:00.000001'),('2020-01-01'),('0000-00-00'),('2019-00-00 01:02:03'),('9999-12-31 23:59:59')"},
	{"timestamp", "x", "x TIMESTAMP(3)", "('2020-01-01 00:00:00.001'),('2020-01-01'),('1970-01-02')"},
	{"date", "x", "x DATE", "('2020-01-01'),('0000-00-00'),('2020-00-00'),('1000-01-01')"},
	{"time", "x", "x TIME(2)", "('-838:59:59'),('00:00:00.01'),('00:00:00'),('838:59:59')"},
	{"year", "x", "x YEAR", "(0),(1901),(2155)"},
	{"decimal", "x", "x DECIMAL(30,10)", "(-1.5),(0),(1.0000000001),(12345678901234567890.0123456789)"},
	{"double", "x", "x DOUBLE", "(-1.5e300),(0),(0.1),(3.0000000000000004)"},
	{"float", "x", "x FLOAT", "(-1.5),(0),(0.1),(16777216)"},
	{"bit", "x", "x BIT(40)", "(0),(1),(b'1111111111111111111111111111111111111111')"},
}

// Every kind of key across chunk borders, of which there is one behind each row, then changed and deleted by the stream.
func TestKeysOfEveryKindAcrossChunks(t *testing.T) {
	t.Parallel()
	for chunk := 1; chunk <= 3; chunk++ {
		w := newWorld(t, testenv.MySQL(t))
		var tables []string
		for i, c := range keyCases {
			w.sql("SET SESSION sql_mode=''", fmt.Sprintf("CREATE TABLE %s_ (%s, n INT AUTO_INCREMENT UNIQUE, PRIMARY KEY (%s))", c.name, c.columns, c.key),
				fmt.Sprintf("INSERT INTO %s_ (%s) VALUES %s", c.name, c.key, c.rows))
			if i%3 == chunk%3 {
				w.sql("SET SESSION sql_mode=''", fmt.Sprintf("UPDATE %s_ SET n=n+100", c.name)) // so that order by key is not order by n
			}
			tables = append(tables, c.name+"_")
		}
		w.conf.Snapshot.Chunk = chunk
		w.start(nil)
		w.synced()
		for _, table := range tables {
			want := w.column(table, "n")
			if got := fields(w.rec.Events(), table, "n"); got != want {
				t.Errorf("chunk %d: %s has n %s, want %s", chunk, table, got, want)
			}
			if got := w.reads(table); got != len(strings.Fields(want)) {
				t.Errorf("chunk %d: %s: %d rows were read, want %d", chunk, table, got, len(strings.Fields(want)))
			}
			w.sql("SET SESSION sql_mode=''", "UPDATE "+table+" SET n=n+1000", "DELETE FROM "+table+" ORDER BY n LIMIT 1")
		}
		w.synced()
		for _, table := range tables {
			if got, want := fields(w.rec.Events(), table, "n"), w.column(table, "n"); got != want {
				t.Errorf("chunk %d: after changes %s has n %s, want %s", chunk, table, got, want)
			}
		}
		w.stop()
	}
}
