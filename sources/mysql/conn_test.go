package mysql

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/internal/testenv"
)

// works runs the source until a row has come by snapshot and one by the stream.
func (w *world) works() {
	w.t.Helper()
	w.sql("CREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY AUTO_INCREMENT, n INT)", "INSERT INTO a (n) VALUES (1)")
	w.start(nil)
	w.synced("a")
	w.sql("INSERT INTO a (n) VALUES (2)")
	w.synced("a")
	w.stop()
}

func TestWaysToConnect(t *testing.T) {
	t.Parallel()
	certs := testenv.NewCerts(t)
	srv := testenv.PrivateMySQL(t, "--ssl-ca="+certs.CA, "--ssl-cert="+certs.ServerCert, "--ssl-key="+certs.ServerKey)
	srv.Exec(t, "CREATE USER secure IDENTIFIED BY 'cdc' REQUIRE SSL", "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO secure",
		"CREATE USER certified IDENTIFIED BY 'cdc' REQUIRE X509", "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO certified")
	other := testenv.NewCerts(t)
	_, port, _ := strings.Cut(srv.Addr, ":")
	for _, c := range []struct {
		name, user, addr string
		tls              config.TLS
		fails            string
	}{
		{"plain with the server's RSA key", "cdc", "", config.TLS{}, ""},
		{"socket", "cdc", srv.Socket, config.TLS{}, ""},
		{"TLS verified", "secure", "", config.TLS{CA: certs.CA, Verify: "full"}, ""},
		{"TLS by name", "secure", "localhost:" + port, config.TLS{CA: certs.CA, Verify: "full"}, ""},
		{"TLS by another name", "secure", "", config.TLS{CA: certs.CA, Verify: "full", Name: "db.example"}, "db.example"},
		{"TLS without the name", "secure", "", config.TLS{CA: certs.CA, Verify: "ca", Name: "db.example"}, ""},
		{"TLS of another authority", "secure", "", config.TLS{CA: other.CA, Verify: "full"}, "certificate"},
		{"TLS of another authority, without the name", "secure", "", config.TLS{CA: other.CA, Verify: "ca"}, "certificate"},
		{"TLS unverified", "secure", "", config.TLS{Verify: "none"}, ""},
		{"client certificate", "certified", "", config.TLS{CA: certs.CA, Cert: certs.ClientCert, Key: certs.ClientKey, Verify: "full"}, ""},
		{"client certificate missing", "certified", "", config.TLS{CA: certs.CA, Verify: "full"}, "check user and password"},
		{"TLS missing", "secure", "", config.TLS{}, "check user and password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, srv)
			w.conf.User, w.conf.TLS = c.user, c.tls
			if c.addr != "" {
				w.conf.Address = c.addr
			}
			srv.Exec(t, "FLUSH PRIVILEGES") // forgets whose password was proved: the next one is proved in full
			if c.fails == "" {
				w.works()
				return
			}
			w.start(nil)
			err := w.end()
			w.cancel = nil
			if err == nil {
				t.Fatal("it connected")
			}
			contains(t, err.Error(), c.fails, srv.Addr)
		})
	}
}

func TestWrongPasswordAndMissingPrivilegesAreSaidWithTheirRemedy(t *testing.T) {
	t.Parallel()
	srv := testenv.MySQL(t)
	for i, c := range []struct {
		name, grant, password string
		said                  []string
	}{
		{"wrong password", "", "no", []string{"check user and password", "1045"}},
		{"nothing granted", "", "cdc", []string{"GRANT", "REPLICATION CLIENT"}},
		{"no REPLICATION CLIENT", "REPLICATION SLAVE, SELECT", "cdc", []string{"GRANT", "REPLICATION CLIENT"}},
		{"no REPLICATION SLAVE", "REPLICATION CLIENT, SELECT", "cdc", []string{"GRANT REPLICATION SLAVE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, srv)
			w.conf.User, w.conf.Password = fmt.Sprintf("p%d_%d", os.Getpid(), i), config.NewSecret(c.password)
			srv.Exec(t, "CREATE USER "+w.conf.User+" IDENTIFIED BY 'cdc'")
			t.Cleanup(func() { srv.Exec(t, "DROP USER "+w.conf.User) })
			if c.grant != "" {
				srv.Exec(t, "GRANT "+c.grant+" ON *.* TO "+w.conf.User)
			}
			w.start(nil)
			w.fails(append(c.said, w.conf.User, srv.Addr)...)
			if strings.Contains(w.err.Error(), "'no'") {
				t.Error("the password is in the error")
			}
		})
	}
}

// A table that the user may not read looks like one that does not exist, and must not be swept.
func TestWithoutSelectTheTableStopsAndNothingIsSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.User = fmt.Sprintf("s%d", os.Getpid())
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "CREATE TABLE b (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)", "INSERT INTO b VALUES (1,1)")
	w.srv.Exec(t, "CREATE USER "+w.conf.User+" IDENTIFIED BY 'cdc'", "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO "+w.conf.User, fmt.Sprintf("GRANT SELECT ON %s.b TO %s", w.db, w.conf.User))
	t.Cleanup(func() { w.srv.Exec(t, "DROP USER "+w.conf.User) })
	w.start(nil)
	w.wait("the start", func() bool { return w.rec.Last() != nil })
	w.sql("INSERT INTO a VALUES (2,2)", "INSERT INTO b VALUES (2,2)")
	w.stopped("a", "GRANT SELECT ON `"+w.db+"`.`a`", w.conf.User)
	w.wait("b", func() bool { return mirror(w.rec.Events(), "b") == w.rows("b") })
	if n := w.sweeps("a"); n > 0 {
		t.Error("documents of a table that cannot be read were swept")
	}
	w.srv.Exec(t, fmt.Sprintf("GRANT SELECT ON %s.* TO %s", w.db, w.conf.User))
	w.restart()
	w.synced("a", "b")
}

func TestServerIDInUseIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.ServerID = uint32(os.Getpid()) + 7000000
	host, port, _ := strings.Cut(w.srv.Addr, ":")
	var number uint16
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{ServerID: w.conf.ServerID, Host: host, Port: number, User: "cdc", Password: "cdc", Localhost: "another.example"})
	defer syncer.Close()
	at := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	if _, err := syncer.StartSync(gomysql.Position{Name: at[0], Pos: 4}); err != nil {
		t.Fatal(err)
	}
	w.start(nil)
	w.fails("another.example", fmt.Sprint(w.conf.ServerID), "set another server_id")
	w.conf.ServerID = 0
	own := w.srv.Query(t, "SELECT @@server_id")[0][0]
	if _, err := fmt.Sscan(own, &w.conf.ServerID); err != nil {
		t.Fatal(err)
	}
	w.start(nil)
	w.fails("the server's own")
}

func TestServerGoneAtTheStartIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	proxy := testenv.CutProxy(t, w.srv.Addr)
	proxy.Refuse(true)
	w.conf.Address = proxy.Addr
	w.start(nil)
	w.breaks(proxy.Addr, "refused")
	proxy.Refuse(false)
	w.works()
}

// A connection that is cut, or goes silent, in the middle of a transaction costs a repetition of it, with equal Seqs.
func TestConnectionLostInsideATransaction(t *testing.T) {
	for name, lose := range map[string]func(*testenv.Cut){"cut": (*testenv.Cut).Cut, "silent": func(c *testenv.Cut) { c.Blackhole(true) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testenv.MySQL(t))
			proxy := testenv.CutProxy(t, w.srv.Addr)
			w.conf.Address = proxy.Addr
			if name == "silent" {
				w.conf.ReadTimeout = config.Duration(10 * heartbeat)
			}
			w.sql("CREATE TABLE a (id INT PRIMARY KEY, s MEDIUMTEXT)")
			w.start(nil)
			w.synced("a")
			batches := 0
			w.rec.OnEmit = func(_ context.Context, b *event.Batch, _ event.Position) error {
				if b != nil && b.Table.Name == "a" {
					if batches++; batches == 2 {
						lose(proxy)
					}
				}
				return nil
			}
			stmts := []string{"BEGIN"}
			for i := range 40 {
				stmts = append(stmts, fmt.Sprintf("INSERT INTO a VALUES (%d, REPEAT('%d', 500000))", i, i%10))
			}
			w.sql(append(stmts, "COMMIT")...)
			w.breaks("replication")
			proxy.Blackhole(false)
			w.conf.ReadTimeout = defaults.ReadTimeout
			w.start(w.rec.Last())
			w.synced("a")
			if equalSeqs(t, w.rec.Events()) == 0 {
				t.Error("nothing came again")
			}
		})
	}
}

func TestSettingsUnderWhichNothingCouldBeReadAreRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	w := private(t, "--binlog-format=STATEMENT", "--binlog-row-image=MINIMAL", "--binlog-row-metadata=MINIMAL", "--binlog-row-value-options=PARTIAL_JSON")
	w.start(nil)
	w.fails("SET PERSIST binlog_format = 'ROW'", "SET PERSIST binlog_row_image = 'FULL'", "SET PERSIST binlog_row_metadata = 'FULL'", "SET PERSIST binlog_row_value_options = ''")
	w.srv.Restart("--skip-log-bin")
	w.start(nil)
	w.fails("writes no binlog", "--log-bin")
}

func TestNoTableMatchesIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.conf.Tables = []string{"no_such_schema.*", w.db + ".later"}
	w.start(nil)
	w.wait("the start", func() bool { return w.rec.Last() != nil })
	w.sql("CREATE TABLE later (id INT PRIMARY KEY, n INT)", "INSERT INTO later VALUES (1,1)")
	w.wait("the table that was made later", func() bool { return mirror(w.rec.Events(), "later") == w.rows("later") })
}

// A row above limits.row becomes a dead letter with its key, from the snapshot and from the stream, and the rest goes on.
func TestRowsAboveTheLimitBecomeDeadLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.env.Limits.Row = 100 << 10
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, s MEDIUMTEXT)", "INSERT INTO a VALUES (1,'x'),(2,REPEAT('y',200000))")
	w.start(nil)
	w.synced()
	w.sql("INSERT INTO a VALUES (3,REPEAT('z',200000)),(4,'x')", "UPDATE a SET s=REPEAT('z',150000) WHERE id=1", "DELETE FROM a WHERE id=3")
	w.synced()
	want := map[string]event.Op{"\x91\x02": event.Read, "\x91\x03": event.Insert, "\x91\x01": event.Update}
	for range want {
		select {
		case d := <-w.letters:
			if op, ok := want[string(d.Key)]; !ok || op != d.Op || d.Seq == 0 || d.Table.Name != "a" {
				t.Errorf("letter %+v", d)
			}
			contains(t, d.Why.Error(), "limits.row", w.db+".a")
		case <-time.After(patience):
			t.Fatal("letters are missing")
		}
	}
	if got := fields(w.rec.Events(), "a", "id"); got != "1 4" {
		t.Errorf("the sink has %s", got)
	}
}

func TestOddNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	schemas := []string{w.db + ".dot", strings.ToUpper(w.db), w.db + " sp`ace'\"%2e", w.db + "é日本"}
	tables := []string{"a.b", "ta`ble", "it's", `say "hi"`, "select", "Größe 1", "%25", "a.b.c", "from"}
	w.conf.Tables = []string{w.db + "*.*", strings.ToUpper(w.db) + ".*"}
	w.conf.Exclude = []string{`*.a\.b\.c`, w.db + `\.dot.fr?m`}
	quote := func(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
	for _, s := range schemas {
		w.srv.Exec(t, "CREATE DATABASE "+quote(s))
		t.Cleanup(func() { w.srv.Exec(t, "DROP DATABASE IF EXISTS "+quote(s)) })
		for _, n := range tables {
			w.srv.Exec(t, fmt.Sprintf("CREATE TABLE %s.%s (`id.x` INT PRIMARY KEY, `or``der` INT)", quote(s), quote(n)), fmt.Sprintf("INSERT INTO %s.%s VALUES (1,1)", quote(s), quote(n)))
		}
	}
	w.start(nil)
	w.synced()
	for _, s := range schemas {
		for _, n := range tables {
			w.srv.Exec(t, fmt.Sprintf("INSERT INTO %s.%s VALUES (2,2)", quote(s), quote(n)), fmt.Sprintf("ALTER TABLE %s.%s ADD COLUMN `né w` INT DEFAULT 5", quote(s), quote(n)))
		}
	}
	w.synced()
	w.restart()
	w.srv.Exec(t, fmt.Sprintf("TRUNCATE %s.`a.b`", quote(schemas[0])))
	w.synced()
	for _, s := range schemas {
		for _, n := range tables {
			reads, ops, columns := 0, "", 0
			for _, e := range w.rec.Events() {
				if e.Table.Schema == s && e.Table.Name == n {
					ops += e.Op.String() + " "
					if columns = len(e.Table.Columns); e.Op == event.Read {
						reads++
					}
				}
			}
			switch excluded := n == "a.b.c" || s == schemas[0] && n == "from"; {
			case excluded && ops != "":
				t.Errorf("%s / %s is excluded and has %s", s, n, ops)
			case !excluded && (reads < 3 || columns != 3 || !strings.Contains(ops, "insert")):
				t.Errorf("%s / %s: %s with %d columns", s, n, ops, columns)
			}
		}
	}
	for _, st := range w.src.Status().Tables {
		if want := st.Schema == schemas[0] && st.Table == "a.b"; (st.Stopped != "") != want && !strings.HasPrefix(st.Table, "marker") {
			t.Errorf("%s / %s: stopped %q", st.Schema, st.Table, st.Stopped)
		}
	}
}

func TestFiveHundredColumns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	var cols, vals []string
	for i := range 500 {
		cols, vals = append(cols, fmt.Sprintf("c%d INT", i)), append(vals, fmt.Sprint(i))
	}
	w.sql("CREATE TABLE wide (id INT PRIMARY KEY, "+strings.Join(cols, ",")+")", "INSERT INTO wide VALUES (1,"+strings.Join(vals, ",")+")")
	w.start(nil)
	w.synced("wide")
	w.sql("INSERT INTO wide VALUES (2,"+strings.Join(vals, ",")+")", "UPDATE wide SET c499=NULL")
	w.synced("wide")
}
