package engine

import (
	"fmt"
	"strings"
	"testing"

	"yamabiko/internal/testenv"
)

// TestElasticsearchGone: at the start nothing answers, later it goes away in the middle: each is named in readyz and in the log, nothing is
// lost, and it goes on by itself.
func TestElasticsearchGone(t *testing.T) {
	r := newRoad(t)
	proxy := testenv.CutProxy(t, strings.TrimPrefix(r.es.URL, "http://"))
	r.elastic = "http://" + proxy.Addr
	proxy.Refuse(true)
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2)")
	r.start()
	r.complains("es: failing for", proxy.Addr, "refused")
	r.logged("sink failed", "sink=es", proxy.Addr, "refused")
	if pos := string(r.saved("shop").Position); strings.Contains(pos, `"done"`) {
		t.Errorf("the snapshot counts as done, and nothing is delivered: %s", pos)
	}
	proxy.Refuse(false)
	r.same()
	r.ready()
	r.logged("sink goes on")

	proxy.Refuse(true)
	proxy.Cut()
	held := r.saved("shop").Seq
	r.sql("UPDATE a SET n=n+10", "DELETE FROM a WHERE id=2", "INSERT INTO a VALUES (3,3)")
	r.complains("es: failing for", "refused")
	r.savesNow()
	if got := r.saved("shop").Seq; got != held {
		t.Errorf("the position went from %d to %d while the sink is gone", held, got)
	}
	proxy.Refuse(false)
	r.same()
	r.ready()
}

// TestElasticsearchBlocked: states of an index are waited for, with what mends them, and no row becomes a dead letter.
func TestElasticsearchBlocked(t *testing.T) {
	for _, c := range []struct{ name, on, off, remedy string }{
		{"write", `{"index.blocks.write":true}`, `{"index.blocks.write":null}`, `_settings {"index.blocks.write":null`},
		{"read_only", `{"index.blocks.read_only":true}`, `{"index.blocks.read_only":null}`, `"index.blocks.read_only":null}`},
		{"disk full", `{"index.blocks.read_only_allow_delete":true}`, `{"index.blocks.read_only_allow_delete":null}`,
			`the disk was full: free some, then PUT /`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoad(t)
			r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2)")
			r.start()
			r.same()
			r.put("PUT", "/"+r.prefix+"a/_settings", c.on)
			r.sql("UPDATE a SET n=5 WHERE id=1", "INSERT INTO a VALUES (3,3)")
			r.complains("es: failing for", "cluster_block_exception", c.remedy)
			r.logged("sink failed", r.prefix+"a", c.remedy)
			r.put("PUT", "/"+r.prefix+"a/_settings", c.off)
			r.same()
			r.ready()
			if l := r.letters(); l != "" {
				t.Errorf("dead letters: %s", l)
			}
		})
	}
}

// TestElasticsearchRed: an index whose shard is nowhere is waited for.
func TestElasticsearchRed(t *testing.T) {
	r := newRoad(t)
	r.limit = "1s"
	r.put("PUT", "/"+r.prefix+"a?wait_for_active_shards=0", `{"settings":{"index.number_of_replicas":0,"index.routing.allocation.require._name":"nobody"}}`)
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	r.start()
	r.complains("es: failing for", "the index is red: GET /_cluster/allocation/explain says why")
	r.logged("sink failed", "unavailable_shards_exception", "allocation/explain")
	r.put("PUT", "/"+r.prefix+"a/_settings", `{"index.routing.allocation.require._name":null}`)
	r.same()
	r.ready()
}

// TestMySQLGone: the server is not there at the start, and goes away later; the address is named, and it goes on by itself.
func TestMySQLGone(t *testing.T) {
	r := newRoad(t)
	proxy := testenv.CutProxy(t, r.db.Addr)
	r.mysql = proxy.Addr
	proxy.Refuse(true)
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	r.start()
	r.complains("shop: not running", proxy.Addr, "refused")
	r.logged("the source failed and is started again", proxy.Addr, "refused")
	proxy.Refuse(false)
	r.same()
	r.ready()
	for i := range 3 {
		proxy.Refuse(true)
		proxy.Cut()
		r.sql(fmt.Sprintf("INSERT INTO a VALUES (%d,1)", 10+i), "UPDATE a SET n=n+1")
		r.complains("shop: not running")
		_, metrics := r.get("/metrics")
		if strings.Contains(metrics, "yamabiko_source_lag_seconds") {
			t.Error("a lag is shown while nobody knows it")
		}
		proxy.Refuse(false)
		r.same()
		r.ready()
	}
}

// TestPermanentSinkErrorShowsAtOnce: what no retry mends is not given stall_after.
func TestPermanentSinkErrorShowsAtOnce(t *testing.T) {
	r := newRoad(t)
	r.index, r.drain = "all", "10ms" // for both tables; what fails at the end is not waited for
	r.sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)")
	r.configure()
	conf := r.load()
	conf.Admin.StallAfter = 1 << 60
	r.startWith(conf)
	r.complains("es: failing for", "meet in the index", "put {source}, {schema} and {table} into index")
}

// TestE5_TablesThatMeet: two tables whose rendered index is one are refused before the start by check, and at run time by the sink: of the
// second table no row is written, and no position passes it.
func TestE5_TablesThatMeet(t *testing.T) {
	r := newRoad(t)
	r.index, r.drain = "x-{table}", "10ms"
	r.sql("CREATE TABLE Orders (id INT PRIMARY KEY, n INT)", "CREATE TABLE orders (id INT PRIMARY KEY, n INT)",
		"INSERT INTO Orders VALUES (1,1)", "INSERT INTO orders VALUES (1,2),(2,2)")
	r.configure()
	conf := r.load()
	var found []string
	for _, rep := range Check(t.Context(), conf, r.reg, discard()) {
		for _, f := range rep.Findings {
			if !f.OK {
				found = append(found, rep.Who+": "+f.What+": "+f.Remedy)
			}
		}
	}
	want := fmt.Sprintf("sink es: shop/%s.Orders and shop/%s.orders meet in the index %sx-orders: put {source}", r.schema, r.schema, r.prefix)
	if !strings.Contains(strings.Join(found, "\n"), want) {
		t.Errorf("check finds %q, not %q", found, want)
	}
	r.startWith(conf)
	r.complains("es: failing for", "meet in the index")
	r.savesNow()
	if pos := string(r.saved("shop").Position); strings.Contains(pos, `.orders":{"state":"done"`) && strings.Contains(pos, `.Orders":{"state":"done"`) {
		t.Errorf("both tables count as done: %s", pos)
	}
	if n := r.count("x-orders"); n > 2 {
		t.Errorf("%d documents", n)
	}
}

// TestBadLogin: a wrong password and a missing privilege end the process with what mends them, and without the password.
func TestBadLogin(t *testing.T) {
	r := newRoad(t)
	user := r.schema + "_u"
	r.sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE USER "+user+" IDENTIFIED BY 'open-sesame'", "GRANT SELECT ON "+r.schema+".* TO "+user)
	t.Cleanup(func() { r.db.Exec(t, "DROP USER "+user) })
	for _, c := range []struct{ password, want string }{
		{"open-barley", "check user and password"},
		{"open-sesame", "GRANT REPLICATION"},
	} {
		r.configure()
		r.yaml = strings.Replace(r.yaml, "user: cdc", "user: "+user, 1)
		t.Setenv("CDC_PASSWORD", c.password)
		r.world.start()
		err := r.wait()
		if err == nil || !containsAll(err.Error(), []string{"mysql shop: ", r.db.Addr, user, c.want}) {
			t.Errorf("ended with %v", err)
		}
		if err != nil && strings.Contains(err.Error(), "open-") || r.log.lines("open-") > 0 {
			t.Errorf("the password is told: %v", err)
		}
	}
}
