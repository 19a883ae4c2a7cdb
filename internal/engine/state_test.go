package engine

import (
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestS1_StateDamagedLostRestored: whatever becomes of the state folder, tables and indices are the same in the end, and Seq rises, so that
// no write is taken for an old one.
func TestS1_StateDamagedLostRestored(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(r *road)
		says   []string
	}{
		{"newest damaged", func(r *road) {
			r.write("shop.json", "{")
		}, []string{"the newest saved position is unreadable", "shop.json is damaged"}},
		{"lost", func(r *road) {
			if err := os.RemoveAll(r.state()); err != nil {
				r.t.Fatal(err)
			}
		}, nil},
		{"copied back", func(r *road) {
			for _, name := range []string{"shop.json", "shop.json.prev"} {
				b, err := os.ReadFile(r.state(name))
				if err != nil {
					r.t.Fatal(err)
				}
				r.write(name, string(b))
			}
		}, []string{"Seq rises"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoad(t)
			r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2),(3,3)")
			r.start()
			r.ready()
			r.sql("UPDATE a SET n=20 WHERE id=2")
			r.same()
			r.stop()
			before := r.saved("shop").Seq
			// What happens now is seen by nobody.
			r.sql("DELETE FROM a WHERE id=1", "UPDATE a SET n=21 WHERE id=2", "INSERT INTO a VALUES (4,4)")
			c.breaks(r)
			r.start()
			r.ready()
			r.same()
			r.sql("UPDATE a SET n=n+1")
			r.same()
			r.until("Seq has risen", func() bool { return r.saved("shop").Seq >= before+1<<20 }) // the clock alone gives 2^31 a second
			if c.says != nil {
				r.logged(c.says...)
			}
		})
	}
}

// write replaces a file of the state folder by a new one, as a copy would.
func (r *road) write(name, text string) {
	r.t.Helper()
	if err := os.Remove(r.state(name)); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.state(name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// TestNewerStateIsRefused: what a newer program wrote is neither guessed nor stood in for by the generation before.
func TestNewerStateIsRefused(t *testing.T) {
	w := newWorld(t, "sources: {made: {type: generate, count: 5}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.start()
	w.until("saved", func() bool { return string(w.saved("made").Position) == "5" })
	w.stop()
	b, err := os.ReadFile(w.state("made.json"))
	if err != nil {
		t.Fatal(err)
	}
	state := regexp.MustCompile(`"state":(.*)\}\n`).FindSubmatch(b)[1]
	state = []byte(strings.Replace(string(state), `"format":1`, `"format":2`, 1))
	text := fmt.Sprintf("{\"crc32c\":\"%08x\",\"state\":%s}\n", crc32.Checksum(state, crc32.MakeTable(crc32.Castagnoli)), state)
	if err := os.WriteFile(w.state("made.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err = w.open(w.load())
	if err == nil || !containsAll(err.Error(), []string{"made.json", "was written by a newer yamabiko", "format 2", "run that version"}) {
		t.Errorf("got %v", err)
	}
	if again, _ := os.ReadFile(w.state("made.json")); string(again) != text {
		t.Error("the file was changed")
	}
}

// TestS6_ForeignVersion: a document whose version this source cannot have given holds the position, with the remedy; the remedy works.
func TestS6_ForeignVersion(t *testing.T) {
	r := newRoad(t)
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2)")
	r.start()
	r.ready()
	r.same()
	seq := r.e.Status().Sources[0].Seq
	// Somebody else writes, a little ahead of us.
	foreign := seq + 1<<35
	r.put("PUT", fmt.Sprintf("/%sa/_doc/1?version=%d&version_type=external", r.prefix, foreign), `{"id":1,"n":666}`)
	r.sql("UPDATE a SET n=10 WHERE id=1")
	r.complains("shop: position held: a sink holds version", fmt.Sprint(foreign), "yamabiko position set shop snapshot")
	r.savesNow()
	held := r.saved("shop")
	r.sql("UPDATE a SET n=20 WHERE id=2")
	r.until("other rows go on", func() bool { return r.doc("a", "2", "n") == "20" })
	r.savesNow()
	if got := r.saved("shop"); got.Seq != held.Seq {
		t.Errorf("the position went from %d to %d", held.Seq, got.Seq)
	}
	r.stop()
	if got := r.saved("shop"); got.Seq != held.Seq {
		t.Errorf("the position went from %d to %d by the stop", held.Seq, got.Seq)
	}

	r.start() // the suspect is met again: it is not forgotten
	r.complains("shop: position held", fmt.Sprint(foreign))
	r.stop()

	conf := r.load()
	if err := SetPosition(conf, r.reg, conf.Sources[0], "snapshot", r.fs, discard()); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.ready()
	r.same()
}

// TestS6_ReplayAfterCrashIsNoSuspect: documents are ahead of the saved position, as after a crash; what is read again meets newer versions, and
// the position passes them by itself.
func TestS6_ReplayAfterCrashIsNoSuspect(t *testing.T) {
	slow := newGate(false)
	r := newRoad(t)
	r.drain = "10ms"
	r.reg.Sinks = append(r.reg.Sinks, slow.plugin("slow"))
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,0),(2,0)")
	r.start()
	r.ready()
	r.stop()
	r.more = "}, slow: {type: slow"
	r.configure()
	r.yaml = strings.Replace(r.yaml, "to: es", "to: [es, slow]", 1)
	r.world.start()
	held := r.saved("shop").Seq
	for i := range 50 {
		r.sql(fmt.Sprintf("UPDATE a SET n=%d", i+1))
	}
	r.same() // in Elasticsearch, while the other sink holds the position
	r.stop()
	if got := r.saved("shop").Seq; got != held {
		t.Fatalf("the position went from %d to %d", held, got)
	}
	slow.open()
	r.world.start()
	r.until("the position passes", func() bool { return r.saved("shop").Seq > held })
	r.ready()
	r.same()
}
