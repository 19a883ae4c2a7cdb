package rowdec

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"yamabiko/internal/testenv"
)

// jsonExpressions are SQL expressions of JSON values of every type and shape that MySQL stores.
func jsonExpressions() []string {
	values := []string{
		`'null'`, `'true'`, `'false'`, `'0'`, `'-0'`, `'-0.0'`, `'""'`, `'[]'`, `'{}'`, `'{"":""}'`,
		`'32767'`, `'32768'`, `'-32768'`, `'-32769'`, `'65535'`, `'65536'`, `'2147483647'`, `'2147483648'`, `'-2147483649'`, `'4294967295'`, `'4294967296'`,
		`'9223372036854775807'`, `'9223372036854775808'`, `'-9223372036854775808'`, `'18446744073709551615'`, `'18446744073709551616'`, `'-9223372036854775809'`,
		`'1.0'`, `'1.5e3'`, `'1e15'`, `'1e16'`, `'123456789012345678'`, `'1e17'`, `'1e22'`, `'-1e-5'`, `'0.0001'`, `'1e-15'`, `'1e-16'`, `'5e-324'`, `'1.7976931348623157e308'`, `'0.1'`, `'0.30000000000000004'`,
		`'["\\u0000\\u001f\\"\\\\\\/\\b\\f\\n\\r\\t\\u007f\\u2028é日本🦀"]'`, `'{"日本":1,"🦀":2,"é":3,"a":4,"\\n":5}'`, `'[1,-1,true,null,40000,-40000,70000,-70000]'`,
		"'" + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "'",
		"'" + strings.Repeat(`{"a":`, 99) + "{}" + strings.Repeat("}", 99) + "'",
		"JSON_QUOTE(REPEAT('x', 127))", "JSON_QUOTE(REPEAT('x', 128))", "JSON_QUOTE(REPEAT('é', 70000))",
		"JSON_ARRAY(REPEAT('x', 65000), 1, 70000, -70000, TRUE, NULL, 1.5)", "JSON_ARRAY(REPEAT('x', 66000), 1, 70000, -70000, TRUE, NULL, 1.5)",
		"JSON_OBJECT('big', REPEAT('x', 66000), 'i', 70000, 'n', NULL, 'o', JSON_OBJECT('a', JSON_ARRAY(1, 2)))",
		"CONCAT('[', REPEAT('1,', 14), '1]')", "CONCAT('[', REPEAT('1,', 15), '1]')", "CONCAT('[', REPEAT('1,', 70000), '1]')",
	}
	for _, digits := range []string{"0", "-1", "1.5", "1.50", "-0.50", "0.0", "0.000001", "123456789012345678901234567890.123456789", "18446744073709551616", "99999999999999999999999999999999999999999999999999999999999999999", "0.1", "4.35", "1.0", "-1.0", "-0.0", "1000000000.0"} {
		scale := 0
		if _, frac, ok := strings.Cut(digits, "."); ok {
			scale = len(frac)
		}
		values = append(values, fmt.Sprintf("CAST(CAST('%s' AS DECIMAL(65,%d)) AS JSON)", digits, scale))
	}
	for _, x := range []string{
		"CAST('2015-01-15 23:24:25.12' AS DATETIME(2))", "CAST('0000-00-00 00:00:00' AS DATETIME)", "CAST('2015-00-00' AS DATE)", "CAST('0000-00-00' AS DATE)",
		"CAST('9999-12-31 23:59:59.999999' AS DATETIME(6))", "TIMESTAMP'2026-01-02 03:04:05.000001'", "CAST('00:00:00' AS TIME)", "CAST('-838:59:59' AS TIME)",
		"CAST('-00:00:00.000001' AS TIME(6))", "CAST('838:59:59' AS TIME)", "CAST('100:00:00.5' AS TIME(1))", "CAST(2026 AS YEAR)",
		"x''", "x'00'", "REPEAT(x'ff', 57)", "REPEAT(x'ff', 58)", "REPEAT(x'ab', 300)", "b'101'", "CAST('a' AS BINARY)", "CAST('a' AS BINARY(5))",
		"CAST(1.1 AS FLOAT)", "CAST(1 AS UNSIGNED)", "ST_GeomFromText('POINT(1 2)')", "'text'", "_latin1 x'e9'", "1=1",
	} {
		values = append(values, "JSON_ARRAY("+x+")")
	}
	return values
}

// TestJSON_BinaryAndTextAgree asks the server to store and to print JSON values, and reads both.
func TestJSON_BinaryAndTextAgree(t *testing.T) {
	srv := testenv.MySQL(t)
	db := srv.DB(t)
	sql := []string{"SET sql_mode = ''", "SET NAMES utf8mb4", "CREATE TABLE j (id INT PRIMARY KEY, v JSON)"}
	values := append(jsonExpressions(), randomJSON(300)...)
	for i, v := range values {
		sql = append(sql, fmt.Sprintf("INSERT INTO j VALUES (%d, %s)", i, v))
	}
	compareJSON(t, db, "j", values, logOf(t, db, sql...))
}

func compareJSON(t *testing.T, db, table string, values []string, events []rowsEvent) {
	t.Helper()
	info, err := infoPlan(t, db, table)
	if err != nil {
		t.Fatal(err)
	}
	read := snapshot(t, info, "id")
	if len(read.Entries) != len(values) {
		t.Fatalf("%d rows of %d", len(read.Entries), len(values))
	}
	i := 0
	for _, e := range events {
		b := e.decode(t, e.plan(t), false)
		for j := range b.Entries {
			if !bytes.Equal(b.Record(j), read.Record(i)) {
				t.Errorf("%.200s:\nbinary %.300s\ntext   %.300s", values[i], asJSON(t, b.Record(j)), asJSON(t, read.Record(i)))
			}
			i++
		}
	}
	if i != len(values) {
		t.Errorf("%d rows streamed of %d", i, len(values))
	}
}

// randomJSON gives values of random shape, and doubles of random bits.
func randomJSON(n int) (out []string) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		var b strings.Builder
		writeRandomJSON(&b, r, 0)
		out = append(out, "'"+strings.NewReplacer("\\", "\\\\", "'", "''").Replace(b.String())+"'")
	}
	return out
}

func writeRandomJSON(b *strings.Builder, r *rand.Rand, depth int) {
	kind := r.IntN(9)
	if depth > 5 {
		kind %= 6
	}
	switch kind {
	case 0:
		b.WriteString([]string{"null", "true", "false"}[r.IntN(3)])
	case 1:
		b.WriteString(strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10))
	case 2:
		b.WriteString(strconv.FormatUint(r.Uint64()>>r.IntN(64), 10))
	case 3:
		f := math.Float64frombits(r.Uint64())
		for math.IsNaN(f) || math.IsInf(f, 0) {
			f = math.Float64frombits(r.Uint64())
		}
		b.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	case 4:
		b.WriteString(strconv.FormatFloat((r.Float64()-0.5)*math.Pow10(r.IntN(24)-6), 'g', -1, 64))
	case 5:
		b.WriteString(strconv.Quote(strings.Repeat([]string{"x", "é", "日", "🦀", " "}[r.IntN(5)], r.IntN(200))))
	case 6, 7:
		b.WriteByte('[')
		for i := range r.IntN(20) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeRandomJSON(b, r, depth+1)
		}
		b.WriteByte(']')
	default:
		b.WriteByte('{')
		for i := range r.IntN(20) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote(fmt.Sprint(r.IntN(1000))) + ":")
			writeRandomJSON(b, r, depth+1)
		}
		b.WriteByte('}')
	}
}
