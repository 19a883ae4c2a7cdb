package mysql

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"yamabiko/config"
	"yamabiko/internal/testenv"
	"yamabiko/sources"
	"yamabiko/sources/sourcetest"
)

// The stream of a busy hour, as every source's is judged. Of one table: batches of several that are filled side by side go out one behind the
// other, so Seq rises by table.
func TestSuite(t *testing.T) {
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT, s TEXT)", "CREATE TABLE b (id INT PRIMARY KEY)")
	w.start(nil)
	w.synced("a")
	w.level()
	w.stop()
	from := change(t, w.rec.Last(), func(p *position) { // the tables that are made and dropped for waiting, and b, take no part
		for k := range p.Tables {
			if n := nameOf(k); n.table != "a" {
				delete(p.Tables, k)
			}
		}
	})
	for i := range 60 {
		w.sql("BEGIN", fmt.Sprintf("INSERT INTO a VALUES (%d,%d,REPEAT('x',20000)),(%d,0,NULL)", i, i, 1000+i), fmt.Sprintf("INSERT INTO b VALUES (%d)", i),
			fmt.Sprintf("UPDATE a SET n=n+1 WHERE id=%d", i/2), "COMMIT", fmt.Sprintf("UPDATE a SET id=id+5000 WHERE id=%d", i), fmt.Sprintf("DELETE FROM a WHERE id=%d", 1000+i))
	}
	sourcetest.Run(t, sourcetest.Harness{From: from, Events: 300, Resumes: 5, Open: func(t *testing.T) sources.Source {
		conf := w.conf
		conf.Tables = []string{w.db + ".a"}
		env := w.env
		env.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
		src, err := open(conf, env)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}})
}

func TestPluginOpensWithItsDefaults(t *testing.T) {
	p := Plugin()
	c := p.New().(*Config)
	c.Address, c.User, c.Password, c.Tables = "[::1]:3306", "u", config.NewSecret("p"), []string{"a.*"}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	src, err := p.Open(c, sources.Env{Name: "shop", StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := src.(*source)
	if s.serverID < 1<<30 {
		t.Errorf("server_id %d is one that a person might give", s.serverID)
	}
	other, err := p.Open(c, sources.Env{Name: "shop", StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if o := other.(*source); o.serverID == s.serverID || o.reportHost() == s.reportHost() {
		t.Error("another state folder has the same server_id")
	}
	if id, rule, seq := s.Describe((&position{Version: 1, Rule: "r", Server: "u", Seq: 5}).encode()); id != "u" || rule != "r" || seq != 5 {
		t.Errorf("Describe: %s %s %d", id, rule, seq)
	}
}

func TestConfigIsRefusedForAllThatIsWrong(t *testing.T) {
	c := defaults
	c.Address, c.Tables, c.Exclude, c.Tag = "nowhere", []string{"a.*", "b"}, []string{"a.{b"}, "x.{y}"
	c.Snapshot.Chunk, c.ConnectTimeout, c.ReadTimeout = 0, 0, 1
	err := c.Check()
	if err == nil {
		t.Fatal("it is taken")
	}
	contains(t, err.Error(), `"nowhere"`, `"b" is not schema.table`, "braces", "{y}"[1:2], "chunk", "connect_timeout", "read_timeout")
	for _, addr := range []string{"db:3306", "[::1]:3306", "/run/mysqld.sock"} {
		if err := checkAddress(addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, schema, table string
		want                   bool
	}{
		{"shop.*", "shop", "orders", true},
		{"shop.*", "shop", "we.ird", true},
		{"shop.*", "Shop", "orders", false},
		{"shop.*", "shop2", "orders", false},
		{"*.orders", "sh.op", "orders", true},
		{"shop.order?", "shop", "orders", true},
		{"shop.order?", "shop", "order", false},
		{"shop.{orders,items}", "shop", "items", true},
		{"shop.{orders,items}", "shop", "item", false},
		{"{a,b}.c,d", "b", "c,d", true},
		{`a\.b.c`, "a.b", "c", true},
		{`a\.b.c`, "a", "b.c", false},
		{`a.b\.c`, "a", "b.c", true},
		{`a.b\*`, "a", "b*", true},
		{`a.b\*`, "a", "bc", false},
		{"a.b+(c)", "a", "b+(c)", true},
		{"a.*", "a", "x\ny", true},
		{"*.*", "mysql", "user", false},
		{"*.*", "Performance_Schema", "threads", false},
	} {
		s, err := newSelection([]string{c.pattern}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
		} else if got := s.has(c.schema, c.table); got != c.want {
			t.Errorf("%s matches %q . %q: %v", c.pattern, c.schema, c.table, got)
		}
	}
	for _, bad := range []string{"", "a", ".a", "a.", "a.b.c", "a.{b", "a.b}", "a.{b{c}}", `a.b\`, "a}.{b"} {
		if _, err := compilePattern(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestNamesOfTablesInPositions(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []name{{"shop", "orders"}, {"a.b", "c"}, {"a", "b.c"}, {"a%2eb", "c"}, {"a%b", "%2e"}, {"", "x"}, {"a.", ".b"}, {"日本", "語"}} {
		key := n.key()
		if got := nameOf(key); got != n || seen[key] {
			t.Errorf("%q has key %q, which is %q", n, key, got)
		}
		seen[key] = true
	}
	if got := (name{"shop", "orders"}).key(); got != "shop.orders" {
		t.Errorf("an ordinary name is %q", got)
	}
}

func TestStatements(t *testing.T) {
	for sql, want := range map[string]statement{
		"ALTER TABLE `a`.`b.c` ADD x INT":                     {verb: "ALTER", what: "TABLE", names: []name{{"a", "b.c"}}},
		"/* c */ create /*!99999 temporary */ table x(y int)": {verb: "CREATE", what: "TEMPORARY", names: []name{{"d", "x"}}},
		"TRUNCATE a . b": {verb: "TRUNCATE", what: "A", names: []name{{"a", "b"}}},
		"-- x\nDROP TABLE IF EXISTS `it``s`, \"q\"":                    {verb: "DROP", what: "TABLE", names: []name{{"d", "it`s"}, {"d", "q"}}},
		"INSERT INTO t VALUES ('x ; DROP TABLE `y` \\' -- ', 1) # end": {verb: "INSERT", what: "INTO", names: []name{{"d", "t"}}},
		"": {},
	} {
		got := parseStatement(sql, "d")
		if got.verb != want.verb || got.what != want.what {
			t.Errorf("%s: %s %s", sql, got.verb, got.what)
		}
		for _, n := range want.names {
			found := false
			for _, g := range got.names {
				found = found || g == n
			}
			if !found {
				t.Errorf("%s names %v, but not %v", sql, got.names, n)
			}
		}
		for _, g := range got.names {
			if g.table == "y" && want.verb == "INSERT" {
				t.Errorf("%s: a name was found in a literal", sql)
			}
		}
	}
}

func TestHealthOfAServersSettings(t *testing.T) {
	s := &source{conf: defaults, serverID: 7}
	good := server{format: "row", image: "full", metadata: "Full", serverID: "8"}
	if err := s.refuse(&good); err != nil {
		t.Errorf("good settings are refused: %v", err)
	}
	bad := server{format: "MIXED", image: "NOBLOB", metadata: "MINIMAL", values: "PARTIAL_JSON", serverID: "7"}
	err := s.refuse(&bad)
	if !sources.IsPermanent(err) {
		t.Fatalf("bad settings: %v", err)
	}
	contains(t, err.Error(), "binlog_format", "MIXED", "NOBLOB", "binlog_row_metadata", "PARTIAL_JSON", "the server's own")
}

func TestCheckAndTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (n INT)", "CREATE TABLE g (id INT PRIMARY KEY, p POINT)", "CREATE VIEW v AS SELECT * FROM a")
	src, err := open(w.conf, w.env)
	if err != nil {
		t.Fatal(err)
	}
	found, err := src.(sources.Checker).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), "3 tables match", w.db+".b has no primary key", "geometry", "gtid_mode", "is free")
	bad := 0
	for _, f := range found {
		if !f.OK {
			bad++
			if f.Remedy == "" {
				t.Errorf("%s has no remedy", f.What)
			}
		}
	}
	if bad != 1 {
		t.Errorf("%d findings are bad, one table should be: %s", bad, text)
	}
	tables, err := src.(sources.Lister).Tables(t.Context())
	if err != nil || len(tables) != 2 || tables[0].Tag != "cdc."+w.db+".a" || len(tables[0].Table.Key) != 1 {
		t.Errorf("tables %+v, %v", tables, err)
	}
}
