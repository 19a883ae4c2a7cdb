package mysql

import (
	"fmt"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

func TestSnapshotThenStream(t *testing.T) {
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(50))", "CREATE TABLE b (x INT, y VARCHAR(10), n INT, PRIMARY KEY (x, y))")
	for i := 0; i < 3000; i += 100 {
		var rows []string
		for j := i; j < i+100; j++ {
			rows = append(rows, fmt.Sprintf("(%d,'n%d')", j, j))
		}
		w.sql("INSERT INTO a VALUES " + strings.Join(rows, ","))
	}
	w.sql("INSERT INTO b VALUES (1,'p',1),(1,'q',2),(2,'p',3)")
	w.start(nil)
	w.synced("a", "b")
	w.sql("UPDATE a SET name='x' WHERE id=7", "DELETE FROM a WHERE id=8", "INSERT INTO a VALUES (9000,'new')", "UPDATE b SET y='z' WHERE x=1 AND y='p'",
		"BEGIN", "UPDATE a SET id=id+100000 WHERE id < 3", "DELETE FROM b WHERE x=2", "COMMIT")
	w.synced("a", "b")
	var last int
	for _, e := range w.rec.Events() {
		if e.TxLast {
			last++
		}
		if e.Op == event.Update && e.Table.Name == "a" && e.Old == nil {
			t.Error("an update came without the former values")
		}
	}
	if last == 0 {
		t.Error("no event is marked as the last of its transaction")
	}
}

func TestResumeRepeatsWithEqualSeq(t *testing.T) {
	w := newWorld(t, testenv.MySQL(t))
	w.sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)", "INSERT INTO a VALUES (1,0)")
	w.start(nil)
	w.synced("a")
	from := w.rec.Last()
	for i := range 20 {
		w.sql(fmt.Sprintf("UPDATE a SET n=%d WHERE id=1", i+1), fmt.Sprintf("INSERT INTO a VALUES (%d,%d)", i+10, i))
	}
	w.synced("a")
	w.stop()
	before := len(w.rec.Events())
	w.start(from)
	w.synced("a")
	seqs := map[string]uint64{}
	for i, e := range w.rec.Events() {
		if e.Table.Name != "a" || e.Tx == "" {
			continue
		}
		id := e.Tx + e.Op.String() + string(e.Key)
		if i < before {
			seqs[id] = e.Seq
		} else if was, ok := seqs[id]; ok && was != e.Seq {
			t.Errorf("%s had Seq %d and has %d in the replay", e, was, e.Seq)
		}
	}
	if len(w.rec.Events()) <= before {
		t.Error("nothing was replayed")
	}
}
