package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"yamabiko/sources"
)

// TestE3_ReplayNeverWritesTheStoredImage: rows that a mapping refused are changed or deleted at the source before they are replayed: the
// present form appears, and what is deleted stays away. Rows without a key come back under the id that they would have had.
func TestE3_ReplayNeverWritesTheStoredImage(t *testing.T) {
	r := newRoad(t)
	r.sql("CREATE TABLE a (id INT, part VARCHAR(20) CHARACTER SET latin1, at DATETIME(3), title VARCHAR(50), PRIMARY KEY (part, id, at))",
		"CREATE TABLE log (level INT, title VARCHAR(50), raw VARBINARY(9), f FLOAT, d DOUBLE, price DECIMAL(9,2), u BIGINT UNSIGNED)")
	// Indices of the user's, into which text does not fit.
	for _, table := range []string{"a", "log"} {
		r.put("PUT", "/"+r.prefix+table, `{"mappings":{"properties":{"title":{"type":"integer"}}}}`)
	}
	r.start()
	r.ready()
	r.sql("INSERT INTO a VALUES (1,'x','2026-01-02 03:04:05.678','17'),(2,'é~,%','2026-01-02 03:04:05.678','text'),(3,'','2026-01-01 00:00:00','more'),(4,'x','2026-01-01 00:00:00','other')",
		"INSERT INTO log VALUES (1,'18',NULL,1.5,0.1,'1.10',1),(2,'text',x'00ff10',1.1,2,'7.00',18446744073709551615)")
	r.until("four rows are refused", func() bool { return strings.Count(r.letters(), "\n") == 4 })
	r.until("what fits is there", func() bool {
		return r.count("a") == 1 && r.count("log") == 1
	})
	if l := r.letters(); strings.Count(l, `"sink":"es"`) != 4 || strings.Count(l, "mapper_parsing_exception")+strings.Count(l, "document_parsing_exception") != 4 {
		t.Errorf("dead letters: %s", l)
	}
	if r.log.lines("other") > 0 || r.log.lines("text'") > 0 {
		t.Error("a row's value stands in the log")
	}

	r.sql("UPDATE a SET title='new' WHERE id=2", "DELETE FROM a WHERE id=3")
	r.until("the update is refused too", func() bool { return strings.Count(r.letters(), "\n") == 5 })
	// The indices are made anew, by yamabiko, which must not run meanwhile: the server itself would make them at the next write, by guessing.
	r.stop()
	r.put("DELETE", "/"+r.prefix+"a,"+r.prefix+"log", "")
	r.start()
	// The row that did fit was in an index that is gone; a change brings it back.
	r.sql("UPDATE a SET title='seventeen' WHERE id=1", "INSERT INTO log (level, title) VALUES (3,'after')")
	r.until("the indices are there again", func() bool { return r.count("a") == 1 && r.count("log") == 1 })

	for range 2 { // twice is as good as once
		report := r.replay(r.deadFiles()...)
		if report.Reread != 3 || report.Resent != 1 || len(report.Problems) > 0 {
			t.Errorf("report %+v", report)
		}
	}
	r.until("rows are as at the source", func() bool { return r.count("a") == 3 && r.count("log") == 2 })
	found := fmt.Sprint(r.es.Docs(t, r.prefix+"a"), r.es.Docs(t, r.prefix+"log"))
	for _, row := range []string{`"id":2,"part":"é~,%","at":"2026-01-02T03:04:05.678","title":"new"`, `"title":"other"`, `"title":"seventeen"`,
		`"level":2,"title":"text","raw":"AP8Q","f":1.1,"d":2.0,"price":"7.00","u":18446744073709551615`} {
		if !strings.Contains(found, stringed(row)) {
			t.Errorf("no row %s in %s", row, found)
		}
	}
	if strings.Contains(found, stringed(`"title":"more"`)) {
		t.Errorf("a deleted row is back: %s", found)
	}
}

// stringed is a row as fmt shows a json.RawMessage, which is bytes.
func stringed(s string) string {
	text := fmt.Sprint([]byte(s))
	return text[1 : len(text)-1]
}

// TestReplayGoesOnAfterBadLetters: lines that cannot be put back are told by their place, and keep no other back.
func TestReplayGoesOnAfterBadLetters(t *testing.T) {
	r := newRoad(t)
	r.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,1),(2,2),(3,3)")
	r.start()
	r.ready()
	r.same()
	r.stop()
	r.put("DELETE", "/"+r.prefix+"a", "") // as if the rows had been refused
	r.start()
	r.ready()
	letter := func(table, key string) string {
		return fmt.Sprintf(`{"tag":"t","op":"update","source":"shop","schema":%q,"table":%q,"key":%s,"row":{"id":1,"n":99},"seq":"5","sink":"es"}`, r.schema, table, key)
	}
	file := filepath.Join(r.dir, "letters.ndjson")
	text := strings.Join([]string{letter("a", `{"id":1}`), letter("a", `{"no":2}`), letter("gone", `{"id":1}`), letter("a", `{"id":3}`),
		letter("a", `{"id":1}`), `{"tag":"t","op":"update","raw_key":"kQE=","raw":"AA==","seq":"5"}`, letter("a", `{"id":2}`)}, "\n")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	report := r.replay(file)
	if report.Reread != 3 || report.Resent != 0 || len(report.Problems) != 3 {
		t.Errorf("report %+v", report)
	}
	for _, want := range []string{file + ":2: ", file + ":3: ", file + ":6: "} {
		if !strings.Contains(strings.Join(report.Problems, "\n"), want) {
			t.Errorf("no %s in %q", want, report.Problems)
		}
	}
	r.same()
}

// replay asks for it over the control socket, as the command does.
func (r *road) replay(files ...string) ReplayReport {
	r.t.Helper()
	var report ReplayReport
	if err := Control(r.t.Context(), r.state(), "replay", files, &report); err != nil {
		r.t.Fatal(err)
	}
	return report
}

func (r *road) deadFiles() []string {
	r.t.Helper()
	files, err := filepath.Glob(r.state("dead", "*.ndjson"))
	if err != nil {
		r.t.Fatal(err)
	}
	return files
}

// rereader is a puppet whose rows take for ever to be read again.
type rereader struct {
	*puppet
	entered chan struct{}
}

// Reread implements sources.Rereader.
func (r rereader) Reread(ctx context.Context, _, _ string, _ [][]byte) error {
	close(r.entered)
	<-ctx.Done()
	return ctx.Err()
}

// TestStopEndsAReplay: a replay under way does not outlive the engine whose sinks and state it uses, nor holds up its stop.
func TestStopEndsAReplay(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	src := rereader{newPuppet(), make(chan struct{})}
	w := newWorld(t, "sources: {s: {type: rereader}}\nroutes: [{else: true, to: n}]\nsinks: {n: {type: null}}")
	w.reg.Sources = append(w.reg.Sources, sources.Define("rereader", struct{}{}, func(struct{}, sources.Env) (sources.Source, error) { return src, nil }))
	w.start()
	w.ready()
	file := filepath.Join(w.dir, "letters.ndjson")
	if err := os.WriteFile(file, []byte(`{"tag":"t","op":"update","source":"s","schema":"a","table":"b","key":{"id":1},"seq":"5"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- Control(t.Context(), w.state(), "replay", []string{file}, &ReplayReport{}) }()
	<-src.entered
	w.stop()
	if err := <-answer; err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("the replay was answered with %v", err)
	}
}
