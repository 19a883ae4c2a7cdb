package mysql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sources"
	"yamabiko/sources/sourcetest"
)

// poll waits for what no emitted event tells of.
func (w *world) poll(what string, cond func() bool) {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	over := time.After(patience)
	for !cond() {
		select {
		case <-tick.C:
		case <-w.ended:
			if !cond() {
				w.t.Fatalf("%s: the source ended: %v", what, w.err)
			}
		case <-over:
			w.t.Fatalf("%s: not yet; status %+v", what, w.src.Status())
		}
	}
}

// table is a table's line in the status.
func (w *world) table(name string) sources.TableStatus {
	for _, t := range w.src.Status().Tables {
		if t.Schema == w.db && t.Table == name {
			return t
		}
	}
	return sources.TableStatus{}
}

// stopped waits until a table is stopped and checks what the status says of it.
func (w *world) stopped(table string, parts ...string) {
	w.t.Helper()
	w.poll(table+" is stopped", func() bool { return w.table(table).Stopped != "" })
	contains(w.t, w.table(table).Stopped, parts...)
}

// sweeps counts the snapshots of a table that have ended.
func (w *world) sweeps(table string) (n int) {
	for _, e := range w.rec.Events() {
		if e.Table.Name == table && e.Op == event.Sweep {
			n++
		}
	}
	return n
}

// fails waits until the run ends by itself with a permanent error that holds all of parts.
func (w *world) fails(parts ...string) {
	w.t.Helper()
	err := w.end()
	w.cancel()
	w.cancel = nil
	if err == nil || !sources.IsPermanent(err) {
		w.t.Fatalf("the source ended with %v, not with a permanent error", err)
	}
	contains(w.t, err.Error(), parts...)
}

// breaks waits until the run ends by itself with an error after which it is tried again.
func (w *world) breaks(parts ...string) {
	w.t.Helper()
	err := w.end()
	w.cancel()
	w.cancel = nil
	if err == nil || sources.IsPermanent(err) {
		w.t.Fatalf("the source ended with %v, not with an error that passes", err)
	}
	contains(w.t, err.Error(), parts...)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in: %s", p, text)
		}
	}
}

// restart is a new process that goes on where the old one was.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start(w.rec.Last())
}

func decode(t *testing.T, p event.Position) *position {
	t.Helper()
	v, err := parsePosition(p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// change edits a position.
func change(t *testing.T, p event.Position, f func(*position)) event.Position {
	t.Helper()
	v := decode(t, p)
	f(v)
	return v.encode()
}

// level waits until the position holds all that the server has executed.
func (w *world) level() {
	w.t.Helper()
	executed, err := parseGTIDs(clean(w.srv.Query(w.t, "SELECT @@global.gtid_executed")[0][0]))
	if err != nil {
		w.t.Fatal(err)
	}
	w.poll("the position holds all", func() bool {
		p := w.rec.Last()
		if p == nil {
			return false
		}
		set, err := parseGTIDs(decode(w.t, p).GTID)
		return err == nil && set.Contain(executed)
	})
}

// changes are the stream's events of a table.
func (w *world) changes(table string) (out []sourcetest.Event) {
	for _, e := range w.rec.Events() {
		if e.Table.Name == table && e.Op != event.Read && !e.Op.Barrier() {
			out = append(out, e)
		}
	}
	return out
}

// reads counts the rows of a table that snapshots read.
func (w *world) reads(table string) (n int) {
	for _, e := range w.rec.Events() {
		if e.Table.Name == table && e.Op == event.Read {
			n++
		}
	}
	return n
}

// field is a column of a record as JSON.
func field(record []byte, column string) string {
	text, err := event.AppendJSON(nil, record)
	if err != nil {
		return err.Error()
	}
	var row map[string]json.RawMessage
	if err := json.Unmarshal(text, &row); err != nil {
		return err.Error()
	}
	return string(row[column])
}

// fields is what a versioned sink holds in one column of a table.
func fields(events []sourcetest.Event, table, column string) string {
	type doc struct {
		seq  uint64
		text string
	}
	docs := map[string]doc{}
	for _, e := range events {
		if e.Table.Name != table || e.Op.Barrier() || docs[string(e.Key)].seq > e.Seq {
			continue
		}
		d := doc{seq: e.Seq}
		if e.Op != event.Delete {
			d.text = field(e.Record, column)
		}
		docs[string(e.Key)] = d
	}
	var out []string
	for _, d := range docs {
		if d.text != "" {
			out = append(out, d.text)
		}
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// column is the same of the table itself.
func (w *world) column(table, column string) string {
	var out []string
	for _, r := range w.srv.Query(w.t, fmt.Sprintf("SELECT `%s` FROM `%s`.`%s`", column, w.db, table)) {
		out = append(out, r[0])
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// appended is what a sink that appends holds of a table without a key: rows of the stream by their Seq, rows of a reading by
// their content and number among equals, swept like all.
func appended(events []sourcetest.Event, table string) string {
	type id struct {
		seq  uint64
		text string
		n    int
	}
	docs := map[id]string{}
	counts := map[id]int{}
	var reading *event.Table
	for _, e := range events {
		switch {
		case e.Table.Name != table:
		case e.Op == event.Sweep:
			for d := range docs {
				if d.seq < e.Seq {
					delete(docs, d)
				}
			}
		case e.Op == event.Read:
			if reading != e.Table {
				reading = e.Table
				clear(counts)
			}
			at := id{seq: e.Seq, text: string(e.Record)}
			counts[at]++
			docs[id{at.seq, at.text, counts[at]}] = field(e.Record, "n")
		default:
			docs[id{seq: e.Seq}] = field(e.Record, "n")
		}
	}
	var out []string
	for _, d := range docs {
		out = append(out, d)
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// equalSeqs checks that changes that were emitted more than once had the same Seq each time.
func equalSeqs(t *testing.T, events []sourcetest.Event) (repeated int) {
	t.Helper()
	seqs := map[string]uint64{}
	for _, e := range events {
		if e.Tx == "" || e.Op.Barrier() {
			continue
		}
		id := e.Tx + e.Table.Name + e.Op.String() + string(e.Key)
		was, again := seqs[id]
		if again && was != e.Seq {
			t.Errorf("%v had Seq %d before", e, was)
		}
		if again {
			repeated++
		}
		seqs[id] = e.Seq
	}
	return repeated
}

// in makes a world in a database that exists.
func in(t *testing.T, other *world) *world {
	w := newWorld(t, other.srv)
	w.db = other.db
	w.conf.Tables = append([]string(nil), other.conf.Tables...)
	return w
}

// private is a server of the test's own with a world on it.
func private(t *testing.T, options ...string) *world {
	return newWorld(t, testenv.PrivateMySQL(t, options...))
}

// values writes "(1,1),(2,2)…" from a to b.
func values(a, b int) string {
	var out bytes.Buffer
	for i := a; i < b; i++ {
		fmt.Fprintf(&out, ",(%d,%d)", i, i)
	}
	return out.String()[1:]
}
