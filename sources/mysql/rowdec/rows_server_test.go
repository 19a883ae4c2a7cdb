package rowdec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

// lines says what a batch holds, an entry a line: seq, op, key, row, olds.
func lines(t *testing.T, b *event.Batch) (out []string) {
	t.Helper()
	for i, e := range b.Entries {
		line := fmt.Sprintf("%d %s", e.Seq, e.Op)
		for _, part := range [][]byte{b.KeyOf(i), b.Record(i), b.OldOf(i)} {
			if part != nil {
				line += " " + asJSON(t, part)
			}
		}
		if !b.Time(i).Equal(committed) {
			t.Errorf("entry %d happened at %s", i, b.Time(i))
		}
		out = append(out, line)
	}
	return out
}

// change runs statements on a table of this definition and gives what each rows event made.
func change(t *testing.T, definition string, sql ...string) (out []string) {
	t.Helper()
	db := testenv.MySQL(t).DB(t)
	head := []string{"SET sql_mode = '', time_zone = '+00:00'", "CREATE TABLE c (" + definition + ")"}
	for _, r := range logOf(t, db, append(head, sql...)...) {
		out = append(out, lines(t, r.decode(t, r.plan(t), true))...)
	}
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRows_UpdateCarriesTheFormerValuesOfWhatChanged(t *testing.T) {
	expect(t, change(t, "id INT PRIMARY KEY, a VARCHAR(10), b DECIMAL(5,2), c JSON",
		`INSERT INTO c VALUES (1, 'x', 1.5, '{"k":1}'), (2, NULL, NULL, NULL)`,
		`UPDATE c SET a = IF(id = 1, NULL, 'y'), c = '{"k":2}'`,
		"UPDATE c SET b = 2.5 WHERE id = 1",
		"DELETE FROM c WHERE id = 2"),
		`1001 insert [1] {"id":1,"a":"x","b":"1.50","c":{"k":1}}`,
		`1002 insert [2] {"id":2,"a":null,"b":null,"c":null}`,
		`1001 update [1] {"id":1,"a":null,"b":"1.50","c":{"k":2}} {"a":"x","c":{"k":1}}`,
		`1002 update [2] {"id":2,"a":"y","b":null,"c":{"k":2}} {"a":null,"c":null}`,
		`1001 update [1] {"id":1,"a":null,"b":"2.50","c":{"k":2}} {"b":"1.50"}`,
		`1001 delete [2] {"id":2,"a":"y","b":null,"c":{"k":2}}`)
}

func TestRows_ChangedKeyIsADeleteAndAnInsertOfOneSeq(t *testing.T) {
	expect(t, change(t, "a INT, b VARCHAR(5), v INT, PRIMARY KEY (b, a)",
		"INSERT INTO c VALUES (1, 'x', 7)",
		"UPDATE c SET a = 2, v = 8",
		"UPDATE c SET b = 'X'", // equal to the collation, another key to everyone else
		"UPDATE c SET v = 9"),
		`1001 insert ["x",1] {"a":1,"b":"x","v":7}`,
		`1001 delete ["x",1] {"a":1,"b":"x","v":7}`,
		`1001 insert ["x",2] {"a":2,"b":"x","v":8}`,
		`1001 delete ["x",2] {"a":2,"b":"x","v":8}`,
		`1001 insert ["X",2] {"a":2,"b":"X","v":8}`,
		`1001 update ["X",2] {"a":2,"b":"X","v":9} {"v":8}`)
}

func TestRows_FormerValuesAboveTheLimitAreReported(t *testing.T) {
	db := testenv.MySQL(t).DB(t)
	r := logOf(t, db, "CREATE TABLE c (id INT PRIMARY KEY, a VARCHAR(200))", "INSERT INTO c VALUES (1, REPEAT('x', 200))", "UPDATE c SET a = ''")[1]
	h := r.header()
	h.Olds, h.Limit = true, 100
	rows, err := r.plan(t).Rows(h, r.rows(), &Scratch{})
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{}
	var big *TooLarge
	if _, err := rows.Next(b, event.NoTx); !errors.As(err, &big) || big.Op != event.Update || asJSON(t, big.Key) != "[1]" || b.Size() != 0 {
		t.Errorf("%v; %d bytes were left", err, b.Size())
	}
}

func TestRows_TableWithoutAPrimaryKeyHasNoKeys(t *testing.T) {
	expect(t, change(t, "a INT, UNIQUE (a)", "INSERT INTO c VALUES (1)", "UPDATE c SET a = 2", "DELETE FROM c"),
		`1001 insert {"a":1}`, `1001 update {"a":2} {"a":1}`, `1001 delete {"a":2}`)
}

func TestRows_PrefixKeyIsTheWholeValue(t *testing.T) {
	expect(t, change(t, "a TEXT, v INT, PRIMARY KEY (a(2))", "INSERT INTO c VALUES ('xyz', 1)", "UPDATE c SET a = 'xyy'"),
		`1001 insert ["xyz"] {"a":"xyz","v":1}`, `1001 delete ["xyz"] {"a":"xyz","v":1}`, `1001 insert ["xyy"] {"a":"xyy","v":1}`)
}

func TestRows_ZeroDatesInAKeyStayApart(t *testing.T) {
	got := change(t, "d DATE, s TIMESTAMP(3) NOT NULL DEFAULT 0, v INT, PRIMARY KEY (d, s)",
		"INSERT INTO c VALUES ('0000-00-00', 0, 1), ('2026-00-00', '2026-01-02 03:04:05', 2)",
		"UPDATE c SET v = 3 WHERE v = 1", "UPDATE c SET d = '2026-01-00' WHERE v = 2")
	expect(t, got,
		`1001 insert ["0000-00-00","0000-00-00T00:00:00.000Z"] {"d":null,"s":null,"v":1}`,
		`1002 insert ["2026-00-00","2026-01-02T03:04:05.000Z"] {"d":null,"s":"2026-01-02T03:04:05.000Z","v":2}`,
		`1001 update ["0000-00-00","0000-00-00T00:00:00.000Z"] {"d":null,"s":null,"v":3} {"v":1}`,
		`1001 delete ["2026-00-00","2026-01-02T03:04:05.000Z"] {"d":null,"s":"2026-01-02T03:04:05.000Z","v":2}`,
		`1001 insert ["2026-01-00","2026-01-02T03:04:05.000Z"] {"d":null,"s":"2026-01-02T03:04:05.000Z","v":2}`)
}

// Columns that no SELECT * shows are in the row image and in the snapshot; those behind functional indexes in neither.
func TestRows_GeneratedAndInvisibleColumns(t *testing.T) {
	db := testenv.MySQL(t).DB(t)
	r := logOf(t, db, "CREATE TABLE c (id INT PRIMARY KEY, v INT GENERATED ALWAYS AS (id + 1) VIRTUAL, s INT AS (id * 2) STORED,"+
		" i INT INVISIBLE DEFAULT 5, j JSON, `odd``name 日本` INT DEFAULT 6, INDEX ((id + 3)), INDEX ((CAST(j->'$.a' AS UNSIGNED ARRAY))))",
		`INSERT INTO c (id, j) VALUES (1, '{"a":[1,2]}')`)[0]
	p := r.plan(t)
	info, err := infoPlan(t, db, "c")
	if err != nil {
		t.Fatal(err)
	}
	b, read := r.decode(t, p, false), snapshot(t, info, "id")
	if want := "{\"id\":1,\"v\":2,\"s\":2,\"i\":5,\"j\":{\"a\":[1,2]},\"odd`name 日本\":6}"; asJSON(t, b.Record(0)) != want {
		t.Errorf("got %s, want %s", asJSON(t, b.Record(0)), want)
	}
	if string(b.Record(0)) != string(read.Record(0)) || !reflect.DeepEqual(p.Table(), info.Table()) {
		t.Errorf("the snapshot says %s of %+v", asJSON(t, read.Record(0)), info.Table())
	}
}

func TestRows_ManyColumnsAndLongNames(t *testing.T) {
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprintf("column_with_a_name_of_some_length_%03d", i))
	}
	db := testenv.MySQL(t).DB(t)
	r := logOf(t, db, "CREATE TABLE c ("+strings.Join(names, " INT, ")+" INT UNSIGNED)",
		"INSERT INTO c ("+names[0]+", "+names[299]+") VALUES (-1, 4294967295)")[0]
	b, got := r.decode(t, r.plan(t), false), 0
	rec := b.Record(0)
	n, rest, err := event.ReadMapHeader(rec)
	for ; err == nil && got < n; got++ {
		var name []byte
		if name, rest, err = event.ReadString(rest); string(name) != names[got] {
			t.Fatalf("column %d is %s", got, name)
		}
		rest, err = event.Skip(rest)
	}
	if err != nil || n != 300 || !strings.Contains(asJSON(t, rec), `_000":-1,`) || !strings.Contains(asJSON(t, rec), `_299":4294967295}`) {
		t.Errorf("%d columns, %v: %s", n, err, asJSON(t, rec))
	}
}

// The golden binlog is of a server that runs with binlog_row_metadata=MINIMAL, the default.
func TestUnsupported_MetadataNotFull(t *testing.T) {
	r := parseLog(t, readGolden(t, "minimal.binlog"), goldenDB)[0]
	_, err := Compile("shop", r.tm, StaticCharsets{})
	var u *Unsupported
	if !errors.As(err, &u) || u.Remedy != "SET PERSIST binlog_row_metadata = 'FULL'" || !strings.Contains(err.Error(), "golden.orders") {
		t.Errorf("the error is %v", err)
	}
}

func TestUnsupported_NamesTableColumnAndRemedy(t *testing.T) {
	for _, c := range []struct {
		name, set, create string
		sql               []string
		wants             []string
	}{
		{"image", "binlog_row_image = 'MINIMAL'", "(id INT PRIMARY KEY, v INT)", []string{"UPDATE c SET v = 1"}, []string{"binlog_row_image was not FULL", "SET PERSIST binlog_row_image = 'FULL'"}},
		{"noblob", "binlog_row_image = 'NOBLOB'", "(id INT PRIMARY KEY, v INT, b TEXT)", []string{"UPDATE c SET v = 1"}, []string{"SET PERSIST binlog_row_image = 'FULL'"}},
		{"charset", "", "(id INT PRIMARY KEY, v VARCHAR(5) CHARACTER SET gbk)", nil, []string{"column v", "gbk", "CONVERT TO CHARACTER SET utf8mb4"}},
		{"members", "", "(id INT PRIMARY KEY, v ENUM('a') CHARACTER SET gbk)", nil, []string{"column v", "gbk"}},
		{"geometry", "", "(id INT PRIMARY KEY, v POINT)", nil, []string{"column v", "geometry", "exclude the table"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := refuse(t, c.set, c.create, c.sql)
			var u *Unsupported
			if !errors.As(err, &u) || !strings.HasPrefix(err.Error(), "mysql shop: table ") || u.Table != "c" {
				t.Fatalf("the error is %v", err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}

// refuse makes a table, changes it, and returns the first error of compiling or beginning its rows events.
func refuse(t *testing.T, set, create string, sql []string) error {
	srv := testenv.MySQL(t)
	db := srv.DB(t)
	if set != "" {
		set = "SET " + set
	} else {
		set = "SET sql_mode = ''"
	}
	all := append([]string{"USE " + db, "CREATE TABLE c " + create, "INSERT INTO c (id) VALUES (1)", set}, sql...)
	before := binlogEnd(t, srv)
	srv.Exec(t, all...)
	for _, r := range parseLog(t, readLog(t, srv, before, binlogEnd(t, srv)), db) {
		p, err := Compile("shop", r.tm, serverCharsets{t})
		if err != nil {
			return err
		}
		if _, err := p.Rows(r.header(), r.rows(), &Scratch{}); err != nil {
			return err
		}
	}
	return nil
}

// serverCharsets asks the server.
type serverCharsets struct{ t *testing.T }

func (s serverCharsets) Name(id uint64) (string, bool) {
	rows := testenv.MySQL(s.t).Query(s.t, fmt.Sprintf("SELECT CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE ID = %d", id))
	if len(rows) == 0 {
		return "", false
	}
	return rows[0][0], true
}

func TestStaticCharsets_AreTheServersOwn(t *testing.T) {
	n := 0
	for _, row := range testenv.MySQL(t).Query(t, "SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS") {
		var id uint64
		fmt.Sscan(row[0], &id)
		name, ok := StaticCharsets{}.Name(id)
		if _, readable := charsetOf(row[1]); ok && name != row[1] || ok != readable {
			t.Errorf("collation %d of %s: %q, %t", id, row[1], name, ok)
		}
		n++
	}
	if n < 200 {
		t.Errorf("the server has %d collations", n)
	}
}

// MySQL's latin1 is Windows-1252 but for five bytes: the server converts all 256 as we do.
func TestLatin1_IsTheServersOwn(t *testing.T) {
	var exprs []string
	for c := range 256 {
		exprs = append(exprs, fmt.Sprintf("HEX(CONVERT(_latin1 x'%02x' USING utf8mb4))", c))
	}
	for c, want := range testenv.MySQL(t).Query(t, "SELECT "+strings.Join(exprs, ", "))[0] {
		if got := fmt.Sprintf("%X", latin1ToUTF8([]byte{byte(c)})); got != want {
			t.Errorf("%02x is %s, to the server %s", c, got, want)
		}
	}
}
