package rowdec

import (
	"fmt"
	"reflect"
	"testing"

	"yamabiko/internal/testenv"
)

// TestTypes_StreamAndSnapshotAgree inserts every value of the matrix and reads it both ways: the bytes are the same,
// their JSON is the documented one, and both describe the table alike.
func TestTypes_StreamAndSnapshotAgree(t *testing.T) {
	db := testenv.MySQL(t).DB(t)
	events := logOf(t, db, typeStatements()...)
	for i, line := range matrix {
		t.Run(line.sql, func(t *testing.T) { line.check(t, db, fmt.Sprintf("t%d", i), events) })
	}
}

// typeStatements make a table for each line of the matrix and a row for each value.
func typeStatements() []string {
	sql := []string{"SET sql_mode = '', time_zone = '+00:00'"}
	for i, line := range matrix {
		sql = append(sql, fmt.Sprintf("CREATE TABLE t%d (id INT PRIMARY KEY, v %s)", i, line.sql))
		for j, v := range line.values {
			sql = append(sql, fmt.Sprintf("INSERT INTO t%d VALUES (%d, %s)", i, j, v.sql))
		}
		sql = append(sql, fmt.Sprintf("INSERT INTO t%d VALUES (%d, NULL)", i, len(line.values)))
	}
	return sql
}

func (line *matrixLine) check(t *testing.T, db, table string, events []rowsEvent) {
	info, err := infoPlan(t, db, table)
	if err != nil {
		t.Fatal(err)
	}
	read := snapshot(t, info, "id")
	n := 0
	for _, e := range events {
		if string(e.tm.Table) != table {
			continue
		}
		p := e.plan(t)
		if !reflect.DeepEqual(p.Table(), info.Table()) {
			t.Errorf("TABLE_MAP says\n%+v, information_schema\n%+v", p.Table(), info.Table())
		}
		b := e.decode(t, p, false)
		want := `{"id":` + fmt.Sprint(n) + `,"v":null}`
		if n < len(line.values) {
			want = `{"id":` + fmt.Sprint(n) + `,"v":` + line.values[n].json + `}`
		}
		if got := asJSON(t, b.Record(0)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line.sql, got, want)
		}
		if string(b.Record(0)) != string(read.Record(n)) {
			t.Errorf("row %d:\nstream   %x\nsnapshot %x", n, b.Record(0), read.Record(n))
		}
		if string(b.KeyOf(0)) != string(read.KeyOf(n)) {
			t.Errorf("row %d: keys %x and %x", n, b.KeyOf(0), read.KeyOf(n))
		}
		n++
	}
	if n != len(line.values)+1 || len(read.Entries) != n {
		t.Errorf("%d rows streamed and %d read of %d", n, len(read.Entries), len(line.values)+1)
	}
}
