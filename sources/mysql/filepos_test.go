package mysql

import (
	"fmt"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/sources"
)

// binlogEvents lists the events of the current binlog file as SHOW BINLOG EVENTS does: position, type, end.
func (w *world) binlogEvents(file string) (out [][3]string) {
	for _, r := range w.srv.Query(w.t, "SHOW BINLOG EVENTS IN '"+file+"'") {
		out = append(out, [3]string{r[1], r[2], r[4]})
	}
	return out
}

// set makes a position of what a person typed.
func (w *world) set(text string, current event.Position) event.Position {
	w.t.Helper()
	if w.src == nil {
		src, err := open(w.conf, w.env)
		if err != nil {
			w.t.Fatal(err)
		}
		w.src = src.(*source)
	}
	p, err := w.src.ParsePosition(text, current)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestServerWithoutGTIDs(t *testing.T) {
	t.Parallel()
	w := private(t, "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF")
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1)")
	w.start(nil)
	w.fails("gtid_mode", "ON_PERMISSIVE", "snapshot: never")

	w.conf.Snapshot.Mode = modeNever
	at := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	w.start(w.set(at[0]+":"+at[1], nil))
	w.sql("INSERT INTO a VALUES (2,2)", "UPDATE a SET n=n+1")
	w.wait("changes", func() bool { return fields(w.rec.Events(), "a", "n") == "2 3" })
	w.stop()
	mid := w.rec.Last()
	w.sql("INSERT INTO a VALUES (3,3)")
	w.srv.Exec(t, "FLUSH BINARY LOGS")
	w.sql("INSERT INTO a VALUES (4,4)")
	w.start(w.rec.Last())
	w.wait("changes of two files", func() bool { return fields(w.rec.Events(), "a", "n") == "2 3 3 4" })
	w.poll("caught up", func() bool { return w.src.Status().CaughtUp })
	p := decode(t, w.rec.Last())
	if p.File == at[0] || p.GTID != "" || p.Last == nil || !strings.HasPrefix(p.Last.File, "binlog.") {
		t.Errorf("position %+v", p)
	}
	w.stop()
	w.start(mid)
	w.wait("the same again", func() bool { return len(w.changes("a")) >= 6 })
	if equalSeqs(t, w.rec.Events()) != 2 {
		t.Error("the changes that came again are not two")
	}
	w.stop()
	w.srv.Exec(t, "PURGE BINARY LOGS TO '"+p.File+"'")
	w.start(mid)
	w.fails("is gone", "position set shop")
}

// FILE:POS is taken on a server with GTIDs too: what lies before it is counted.
func TestFileAndOffsetOnAServerWithGTIDs(t *testing.T) {
	t.Parallel()
	w := private(t)
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)")
	w.conf.Snapshot.Mode = modeNever
	first := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	for i := range 3 {
		w.sql(fmt.Sprintf("INSERT INTO a VALUES (%d,%d)", i, i))
	}
	w.sql("SET GTID_NEXT='AUTOMATIC:tagged'", "INSERT INTO a VALUES (3,3)", "SET GTID_NEXT='AUTOMATIC'", "SET SESSION binlog_transaction_compression=ON", "INSERT INTO a VALUES (4,4)")
	second := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	w.srv.Exec(t, "FLUSH BINARY LOGS")
	third := w.srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	w.sql("INSERT INTO a VALUES (5,5)")
	events := w.binlogEvents(first[0])
	for text, want := range map[string]string{
		first[0] + ":4":                             "0 1 2 3 4 5",
		first[0] + ":" + first[1]:                   "0 1 2 3 4 5",
		second[0] + ":" + second[1]:                 "5",
		third[0] + ":4":                             "5",
		third[0] + ":" + third[1]:                   "5",
		first[0] + ":" + after(events, first[1], 1): "0 1 2 3 4 5", // behind a GTID, inside its transaction
		first[0] + ":" + after(events, first[1], 5): "1 2 3 4 5",   // GTID, BEGIN, TABLE_MAP, rows and XID are passed
		first[0] + ":" + after(events, first[1], 7): "1 2 3 4 5",
	} {
		r := in(t, w)
		r.conf.Snapshot.Mode = modeNever
		r.start(r.set(text, nil))
		r.wait(text+" gives "+want, func() bool { return fields(r.rec.Events(), "a", "n") == want })
		r.level()
		if got := fields(r.rec.Events(), "a", "n"); got != want {
			t.Errorf("%s gives %s, want %s", text, got, want)
		}
		r.stop()
	}
	for text, said := range map[string]string{
		first[0] + ":" + first[1][:len(first[1])-1] + "1": "no event begins",
		third[0] + ":99999999":                            "no event begins",
		"binlog.000099:4":                                 "purged",
	} {
		r := in(t, w)
		r.start(r.set(text, nil))
		err := r.end()
		r.cancel = nil
		if !sources.IsPermanent(err) {
			t.Errorf("%s: %v is not permanent", text, err)
		}
		if said != "purged" {
			contains(t, err.Error(), said)
		}
	}
}

// after is the end of the n-th event that begins at or behind an offset.
func after(events [][3]string, offset string, n int) string {
	for i, e := range events {
		if e[0] == offset {
			return events[i+n-1][2]
		}
	}
	return "none"
}

func TestPositionsThatPeopleType(t *testing.T) {
	s := &source{conf: defaults}
	for _, bad := range []string{"", "x", "binlog.000001", "binlog.000001:x", "binlog.000001:-1", "binlog.000001:99999999999", "3e11fa47-71ca-11e1-9e33-c80aa9429562", ":4"} {
		if p, err := s.ParsePosition(bad, nil); err == nil {
			t.Errorf("%q is taken as %s", bad, p)
		}
	}
	current := (&position{Version: 1, Rule: ruleName, Server: "u", GTID: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9", File: "binlog.000002", Pos: 9, Seq: 77,
		Last: &txMark{File: "binlog.000002"}, Tables: map[string]*tableProgress{"a.b": {State: tableDone, Rows: 5}}}).encode()
	for text, want := range map[string]string{
		"snapshot":        `"fresh": true`,
		"binlog.000001:4": `"pos": 4`,
		"3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5:7": `"gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7"`,
	} {
		p, err := s.ParsePosition(text, current)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		shown, err := s.ShowPosition(p)
		if err != nil || !strings.Contains(string(shown), want) {
			t.Errorf("%s: %s, %v", text, shown, err)
		}
		if kept := decode(t, p).Tables["a.b"] != nil; kept == (text == "snapshot") {
			t.Errorf("%s keeps what tables have been read: %v", text, kept)
		}
	}
	if _, err := s.ShowPosition(event.Position(`{"v":9}`)); err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("another version: %v", err)
	}
}

func TestPositionEncodesTheSameInParts(t *testing.T) {
	p := &position{Version: 1, Rule: ruleName, Server: "u", File: "f", Pos: 7, Seq: 1 << 62, Last: &txMark{GTID: "g"}, Look: []string{"a.b"}, XA: map[string][]string{"x": nil},
		Tables: map[string]*tableProgress{"a.b": {State: tableReading, After: []string{"'x'"}}}}
	var tail tail
	for range 2 {
		if got, want := string(appendPosition(nil, p, &tail)), string(p.encode()); got != want {
			t.Errorf("in parts\n%s\nat once\n%s", got, want)
		}
	}
	p.Tables["a.b"].Rows, tail.dirty = 9, true
	if got, want := string(appendPosition(nil, p, &tail)), string(p.encode()); got != want {
		t.Errorf("after a change in parts\n%s\nat once\n%s", got, want)
	}
	p.Tables, tail.dirty = map[string]*tableProgress{}, true
	if got, want := string(appendPosition(nil, p, &tail)), string(p.encode()); got != want {
		t.Errorf("without tables in parts\n%s\nat once\n%s", got, want)
	}
}
