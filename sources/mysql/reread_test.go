package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sources/sourcetest"
)

// A key as the envelope writes it finds its row again, or that it is gone, with the Seq of now and under the key that the stream gives it.
func TestE3_RereadFindsTheRowOrItsAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	for _, c := range keyCases {
		w.sql("SET SESSION sql_mode=''", fmt.Sprintf("CREATE TABLE %s_ (%s, n INT, PRIMARY KEY (%s))", c.name, c.columns, c.key))
	}
	w.start(nil)
	w.synced()
	for _, c := range keyCases {
		w.sql("SET SESSION sql_mode=''", fmt.Sprintf("INSERT INTO %s_ (%s) VALUES %s", c.name, c.key, c.rows))
	}
	w.synced()
	for _, c := range keyCases {
		table := c.name + "_"
		rows := w.changes(table)
		keys := make([][]byte, len(rows))
		for i, e := range rows {
			keys[i] = jsonKey(t, e)
		}
		gone := len(rows) / 2
		if err := w.src.Reread(t.Context(), w.db, table, keys); err != nil {
			t.Errorf("%s: %v", table, err)
			continue
		}
		w.sql("DELETE FROM " + table)
		w.synced()
		if err := w.src.Reread(t.Context(), w.db, table, keys[:gone]); err != nil {
			t.Errorf("%s: %v", table, err)
			continue
		}
		again := map[string]string{}
		deletes := len(w.changes(table)) - 2*len(rows)
		for _, e := range w.rec.Events() {
			if e.Table.Name == table && e.Op == event.Read {
				if e.Seq <= rows[len(rows)-1].Seq {
					t.Errorf("%s: %v has a Seq from before", table, e)
				}
				again[string(e.Key)] = field(e.Record, "n")
			}
		}
		for _, e := range rows {
			if _, ok := again[string(e.Key)]; !ok {
				t.Errorf("%s: key %s was not read again under %x", table, jsonKey(t, e), e.Key)
			}
		}
		if len(again) != len(rows) || deletes != gone {
			t.Errorf("%s: %d rows were read again of %d, %d found gone of %d", table, len(again), len(rows), deletes, gone)
		}
	}
}

// jsonKey is a key as an envelope has it.
func jsonKey(t *testing.T, e sourcetest.Event) []byte {
	t.Helper()
	rest := e.Key
	n, rest, err := event.ReadArrayHeader(rest)
	if err != nil || n != len(e.Table.Key) {
		t.Fatalf("key %x: %v", e.Key, err)
	}
	text := []byte{'{'}
	for i, at := range e.Table.Key {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "%q:", e.Table.Columns[at].Name)
		after, err := event.Skip(rest)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = event.AppendJSON(text, rest[:len(rest)-len(after)]); err != nil {
			t.Fatal(err)
		}
		rest = after
	}
	return append(text, '}')
}

// Another spelling that the collation takes for the same is another document.
func TestE3_AnotherSpellingOfAKeyIsAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (k VARCHAR(20) PRIMARY KEY, n INT)", "INSERT INTO a VALUES ('ABC',1)")
	w.start(nil)
	w.synced("a")
	if err := w.src.Reread(t.Context(), w.db, "a", [][]byte{[]byte(`{"k":"abc"}`), []byte(`{"k":"ABC"}`)}); err != nil {
		t.Fatal(err)
	}
	events := w.rec.Events()
	gone, there := events[len(events)-2], events[len(events)-1]
	if gone.Op != event.Delete || there.Op != event.Read || string(gone.Key) == string(there.Key) {
		t.Errorf("abc: %v, ABC: %v", gone, there)
	}
}

// Rows are found also while others change without a pause, and one that changes meanwhile is left to the stream.
func TestE3_RereadBesideWriters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES "+values(0, 50))
	w.start(nil)
	w.synced("a")
	i := 0
	stop := w.busy(func(exec func(string)) {
		i++
		exec(fmt.Sprintf("UPDATE a SET n=n+1 WHERE id=%d", i%50))
		exec(fmt.Sprintf("DELETE FROM a WHERE id=%d", (i+7)%50))
		exec(fmt.Sprintf("REPLACE INTO a VALUES (%d,%d)", (i+3)%50, i))
	})
	defer stop()
	var keys [][]byte
	for range 4 {
		for id := range 60 {
			keys = append(keys, fmt.Appendf(nil, `{"id":%d}`, id))
		}
	}
	if err := w.src.Reread(t.Context(), w.db, "a", keys); err != nil {
		t.Fatal(err)
	}
	stop()
	w.synced("a")
}

func TestRereadSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE keyless (n INT)")
	w.start(nil)
	w.synced("a")
	for _, c := range []struct{ table, key, said string }{
		{"nowhere", `{"id":1}`, "not a table that is watched"},
		{"keyless", `{"n":1}`, "no primary key"},
		{"a", `{"other":1}`, "no value for column id"},
		{"a", `{"id":null}`, "no value for column id"},
		{"a", `7`, "key 7"},
	} {
		if err := w.src.Reread(t.Context(), w.db, c.table, [][]byte{[]byte(c.key)}); err == nil || !strings.Contains(err.Error(), c.said) {
			t.Errorf("%s %s: %v", c.table, c.key, err)
		}
	}
	w.sql("TRUNCATE a")
	w.stopped("a", "TRUNCATE")
	if err := w.src.Reread(t.Context(), w.db, "a", [][]byte{[]byte(`{"id":1}`)}); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("of a stopped table: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.src.Reread(ctx, w.db, "a", [][]byte{[]byte(`{"id":1}`)}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	w.stop()
	if err := w.src.Reread(t.Context(), w.db, "a", [][]byte{[]byte(`{"id":1}`)}); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("without a run: %v", err)
	}
}
