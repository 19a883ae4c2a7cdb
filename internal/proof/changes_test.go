package proof

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// change is one change of a random table, sometimes of several statements that belong together.
func (v *writer) change() []string {
	switch v.rnd.IntN(v.load.tables) {
	case 0:
		return v.ints()
	case 1:
		return []string{v.pairs()}
	case 2:
		return []string{v.names()}
	case 3:
		return []string{v.kinds()}
	}
	return []string{fmt.Sprintf("INSERT INTO journal VALUES (%d, %s)", v.rnd.Int64(), v.text())}
}

func (v *writer) id() int { return 1 + v.rnd.IntN(v.load.rows) }

func (v *writer) ints() []string {
	a, b := v.id(), v.id()
	switch v.rnd.IntN(6) {
	case 0, 1:
		return []string{fmt.Sprintf("INSERT INTO ints VALUES (%d, %d, %s) ON DUPLICATE KEY UPDATE v = v + 1", a, v.rnd.Int64(), v.text())}
	case 2:
		return []string{fmt.Sprintf("UPDATE ints SET v = %d, note = NULL WHERE id = %d", v.rnd.Int64(), a)}
	case 3:
		return []string{fmt.Sprintf("DELETE FROM ints WHERE id = %d", a)}
	case 4:
		return []string{fmt.Sprintf("UPDATE ints SET id = %d WHERE id = %d", b, a)}
	}
	// Two rows change their keys with each other, through one that nobody else uses.
	free := -1 - v.number
	return []string{
		fmt.Sprintf("UPDATE ints SET id = %d WHERE id = %d", free, a),
		fmt.Sprintf("UPDATE ints SET id = %d WHERE id = %d", a, b),
		fmt.Sprintf("UPDATE ints SET id = %d WHERE id = %d", b, free),
		fmt.Sprintf("DELETE FROM ints WHERE id = %d", free), // if b was there all along
	}
}

func (v *writer) pairs() string {
	id := v.id()
	where := fmt.Sprintf("WHERE a = %d AND b = 'b%d'", id, id%50)
	switch v.rnd.IntN(5) {
	case 0:
		return "DELETE FROM pairs " + where
	case 1:
		return fmt.Sprintf("UPDATE IGNORE pairs SET b = 'B%d' %s", id%50, where) // for the server's collation the same key
	case 2:
		return fmt.Sprintf("UPDATE IGNORE pairs SET a = %d %s", v.id(), where)
	}
	return fmt.Sprintf("REPLACE INTO pairs VALUES (%d, 'b%d', %d)", id, id%50, v.rnd.Int32())
}

// odd are beginnings of keys that mean something to one of the languages on the way: SQL, JSON, URLs, ids.
var odd = []string{"", "~", "~h", "a,b", "%41", "quote\"'`", `back\slash`, "line\nbreak", "tab\t", "nul\x00", "日本語", "🦀", "é", "E\u0301", "upper", "Upper", " lead", "/_doc/", "..", strings.Repeat("長", 180)}

func (v *writer) key() string {
	k := odd[v.rnd.IntN(len(odd))]
	if n := v.rnd.IntN(30); n > 0 {
		k += fmt.Sprint(n)
	}
	return quote(k)
}

func (v *writer) names() string {
	switch v.rnd.IntN(5) {
	case 0:
		return "DELETE FROM names WHERE k = " + v.key()
	case 1:
		return fmt.Sprintf("UPDATE names SET k = %s WHERE k = %s", v.key(), v.key())
	case 2:
		return fmt.Sprintf("UPDATE names SET long_text = REPEAT(%s, %d) WHERE k = %s", v.text(), v.rnd.IntN(2000), v.key())
	}
	return fmt.Sprintf("INSERT INTO names VALUES (%s, %d, %s) ON DUPLICATE KEY UPDATE v = v + 1", v.key(), v.rnd.Int32(), v.text())
}

func (v *writer) kinds() string {
	id := v.id()
	switch v.rnd.IntN(5) {
	case 0:
		return fmt.Sprintf("DELETE FROM kinds WHERE id = %d", id)
	case 1:
		return fmt.Sprintf("UPDATE kinds SET j = JSON_SET(COALESCE(j, '{}'), '$.k', %d), d = NULL, e = 'x', s = '' WHERE id = %d", v.rnd.Int32(), id)
	}
	return fmt.Sprintf("REPLACE INTO kinds VALUES (%d, %s, %d.%04d, '20%02d-0%d-1%d 0%d:59:59.%03d', '2026-01-0%d 00:00:00.%06d', %s, %s, UNHEX('%x'))", id, v.json(2),
		v.rnd.Int32()-1<<30, v.rnd.IntN(10000), v.rnd.IntN(100), 1+v.rnd.IntN(9), v.rnd.IntN(10), v.rnd.IntN(10), v.rnd.IntN(1000), 1+v.rnd.IntN(9), v.rnd.IntN(1000000),
		[]string{"'x'", "'y z'", "NULL"}[v.rnd.IntN(3)], []string{"''", "'a'", "'a,b,c'", "NULL"}[v.rnd.IntN(4)], v.bytes())
}

func (v *writer) json(depth int) string {
	b, err := json.Marshal(v.value(depth))
	if err != nil {
		panic(err)
	}
	return quote(string(b))
}

func (v *writer) value(depth int) any {
	if depth > 0 && v.rnd.IntN(3) > 0 {
		m := map[string]any{}
		for range v.rnd.IntN(4) {
			m[odd[v.rnd.IntN(len(odd)-1)]] = []any{v.value(depth - 1), v.value(depth - 1)}
		}
		return m
	}
	return []any{nil, true, v.rnd.Int64(), odd[v.rnd.IntN(len(odd)-1)], -1}[v.rnd.IntN(5)]
}

func (v *writer) text() string { return quote(odd[v.rnd.IntN(len(odd))]) }

func (v *writer) bytes() []byte {
	b := make([]byte, v.rnd.IntN(40))
	for i := range b {
		b[i] = byte(v.rnd.Uint32())
	}
	return b
}

func quote(s string) string { return "'" + mysql.Escape(s) + "'" }

// bulk changes thousands of rows in one transaction.
func (v *writer) bulk() error {
	from := v.id()
	span := fmt.Sprintf("BETWEEN %d AND %d", from, from+v.load.rows/2)
	switch v.rnd.IntN(5) {
	case 0:
		return v.all("UPDATE ints SET v = v + 1 WHERE id "+span, "UPDATE kinds SET d = d + 1 WHERE id "+span)
	case 1:
		return v.exec("DELETE FROM ints WHERE id " + span)
	case 2: // all keys away and back
		return v.all("UPDATE ints SET id = id + 1000000 WHERE id "+span, fmt.Sprintf("UPDATE ints SET id = id - 1000000, v = %d WHERE id > 1000000", v.rnd.Int32()))
	}
	return v.all("SET SESSION cte_max_recursion_depth = 1000000",
		"INSERT IGNORE INTO ints "+seriesSQL(v.load.rows)+fmt.Sprintf("n, %d, REPEAT('bulk ', 20) FROM s", v.rnd.Int32()),
		"INSERT IGNORE INTO kinds (id, j) "+seriesSQL(v.load.rows)+"n, '[1, \"bulk\"]' FROM s")
}
