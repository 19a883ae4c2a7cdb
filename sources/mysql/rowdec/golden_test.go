package rowdec

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yamabiko/internal/testenv"
)

// record makes the golden files anew, from the real server: go test ./sources/mysql/rowdec -run Golden -record
var record = flag.Bool("record", false, "write the golden binlogs from the real server")

const goldenDB = "golden"

// goldens are binlogs as MySQL 9.7 wrote them. Beside each stands what its rows are in JSON.
func goldens() map[string][]string {
	return map[string][]string{"types": typeStatements(), "orders": orderStatements(60)}
}

// orderStatements fill the table that is also the benchmark's: ten columns, 243 bytes a row.
func orderStatements(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("(%d, %d, 'a product title of some forty letters %04d', '%s', %d.%02d, %d, '2026-11-%02d 10:%02d:59.123', '2026-11-22 01:02:03.004005', '%s', %d)",
			1000000+i, i*7919, i, []string{"new", "paid", "sent"}[i%3], i*131, i%100, i%50, 1+i%28, i%60, strings.Repeat("note with some words ", 4), i%2)
	}
	return []string{
		"SET time_zone = '+00:00'",
		`CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, customer INT NOT NULL, title VARCHAR(80) NOT NULL,
 status ENUM('new','paid','sent') NOT NULL, price DECIMAL(10,2) NOT NULL, quantity SMALLINT NOT NULL, created DATETIME(3) NOT NULL,
 changed TIMESTAMP(6) NOT NULL, note VARCHAR(400), gift TINYINT NOT NULL)`,
		"INSERT INTO orders VALUES " + strings.Join(rows, ", "),
		"UPDATE orders SET quantity = quantity + 1, note = NULL WHERE id < 1000010",
		"UPDATE orders SET id = id + 100 ORDER BY id DESC LIMIT 3",
		"DELETE FROM orders WHERE id < 1000005",
	}
}

func TestGolden(t *testing.T) {
	for name, sql := range goldens() {
		t.Run(name, func(t *testing.T) {
			if *record {
				recordGolden(t, name, sql)
			}
			want := readGolden(t, name+".ndjson")
			got := renderGolden(t, readGolden(t, name+".binlog"))
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestRecordMinimal records a binlog without FULL metadata.
func TestRecordMinimal(t *testing.T) {
	if *record {
		writeGolden(t, "minimal.binlog", goldenLog(t, testenv.PrivateMySQL(t, "--binlog-row-metadata=MINIMAL"), orderStatements(1)))
	}
}

func goldenLog(t *testing.T, srv *testenv.MySQLServer, sql []string) []byte {
	srv.Exec(t, "DROP DATABASE IF EXISTS "+goldenDB, "CREATE DATABASE "+goldenDB)
	defer srv.Exec(t, "DROP DATABASE "+goldenDB)
	return rawLog(t, srv, goldenDB, sql...)
}

func writeGolden(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func recordGolden(t *testing.T, name string, sql []string) {
	file := goldenLog(t, testenv.MySQL(t), sql)
	writeGolden(t, name+".binlog", file)
	writeGolden(t, name+".ndjson", renderGolden(t, file))
}

func readGolden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// renderGolden gives a line for each entry: seq, op, key, row, and what was there before.
func renderGolden(t *testing.T, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, r := range parseLog(t, file, goldenDB) {
		b := r.decode(t, r.plan(t), true)
		for i, e := range b.Entries {
			fmt.Fprintf(&out, `{"table":%q,"seq":%d,"op":%q,"key":%s,"row":%s`, r.tm.Table, e.Seq, e.Op, asJSON(t, b.KeyOf(i)), asJSON(t, b.Record(i)))
			if old := b.OldOf(i); old != nil {
				fmt.Fprintf(&out, `,"old":%s`, asJSON(t, old))
			}
			out.WriteString("}\n")
		}
	}
	return out.Bytes()
}
