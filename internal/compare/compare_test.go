package compare

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yamabiko/config"
	"yamabiko/internal/engine"
	"yamabiko/internal/faultfs"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/elasticsearch"
	"yamabiko/sources"
	"yamabiko/sources/mysql"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// schema has every type that Tables knows, and every form of key.
var schema = []string{
	"SET sql_mode = '', time_zone = '+05:30'",
	"CREATE TABLE ints (id BIGINT UNSIGNED PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT, e BIGINT, f BIT(10), g YEAR, h BOOL)",
	"INSERT INTO ints VALUES (18446744073709551615, -128, 65535, -8388608, 0, -9223372036854775808, 513, 2026, true), (0, 1, 2, 3, 4, 5, 6, 0, NULL)",
	"CREATE TABLE reals (id DECIMAL(20,3) PRIMARY KEY, a FLOAT, b DOUBLE, c DECIMAL(65,30))",
	"INSERT INTO reals VALUES (1.5, 0.1, 0.1, 1), (-2, 3.4e38, 1e-300, -0.000000000000000000000000000001), (3, 16777217, 1e22, NULL)",
	"CREATE TABLE times (id DATE, k DATETIME(3), a TIME(2), b DATETIME, c TIMESTAMP(6) NULL, d TIMESTAMP NULL, e DATE, PRIMARY KEY (id, k))",
	"INSERT INTO times VALUES ('2026-01-02', '2026-01-02 03:04:05.120', '-838:59:58.99', '0000-00-00', '2026-03-29 01:30:00.000001', '2038-01-19 00:00:00', '2026-01-00')",
	"CREATE TABLE texts (id VARCHAR(300) PRIMARY KEY, a CHAR(9), b TEXT CHARACTER SET latin1, c ENUM('x', 'it''s'), d SET('a', 'b \"q\"', 'c'), e JSON)",
	`INSERT INTO texts VALUES ('~tilde, 5%', 'a  ', 'né', 'it''s', 'a,b "q"', '{"n": [1.50, 1e3, 12345678901234567890, "2026-01-02"], "ü": null}'), ('', '', '', '', '', '[]')`,
	"INSERT INTO texts (id, e) VALUES (REPEAT('日', 200), CAST(CAST(1.50 AS DECIMAL(5,2)) AS JSON))",
	"CREATE TABLE bytes (id VARBINARY(600), k INT, a BINARY(4), b BLOB, PRIMARY KEY (k, id))",
	"INSERT INTO bytes VALUES (X'00FF2C', 1, X'01', REPEAT(X'FE', 100)), (REPEAT(X'AB', 400), 2, NULL, '')",
	"CREATE TABLE keyless (a INT, b TEXT)",
	"INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (2, NULL)",
}

// TestTables_AllTypesAgree has yamabiko write documents for rows of every type, and lets Tables find what is then spoilt.
func TestTables_AllTypesAgree(t *testing.T) {
	db, es := testenv.MySQL(t), testenv.Elasticsearch(t)
	name, prefix := db.DB(t), es.Prefix(t)
	db.Exec(t, append([]string{"USE " + name}, schema...)...)
	index := func(table string) string { return prefix + table }
	query := func(_ context.Context, sql string) ([][]string, error) { return db.Query(t, sql), nil }
	yamabiko(t, fmt.Sprintf(configuration, t.TempDir(), db.Addr, db.User, name, es.URL, prefix))
	tables := func() string {
		diffs, err := Tables(t.Context(), query, es.URL, name, index)
		if err != nil {
			return err.Error() // an index is not there for reading from its first moment
		}
		var lines []string
		for _, d := range diffs {
			lines = append(lines, d.String())
		}
		return strings.Join(lines, "\n")
	}
	eventually(t, tables, "")

	es.Do(t, "DELETE", "/"+prefix+"reals/_doc/-2.000", "")
	es.Do(t, "POST", "/"+prefix+"keyless/_doc", `{"a":2,"b":null}`)
	es.Do(t, "PUT", "/"+prefix+"ints/_doc/1", `{"id":1}`)
	es.Do(t, "PUT", "/"+prefix+"bytes/_doc/~i1,x00ff2c", `{"id":"AP8s","k":1,"a":"AQAAAA==","b":"AP8="}`)
	eventually(t, tables, strings.Join([]string{
		`bytes ~i1,x00ff2c: row {"a":"AQAAAA==","b":"` + strings.Repeat("/v7+", 33) + `/g==","id":"AP8s","k":1} is document {"a":"AQAAAA==","b":"AP8=","id":"AP8s","k":1}`,
		`ints 1: there is no row for document {"id":1}`,
		`keyless number 2 of {"a":2,"b":null}: there is no row for document {"a":2,"b":null}`,
		`reals -2.000: there is no document for row {"a":3.4e+38,"b":1e-300,"c":"-0.000000000000000000000000000001","id":"-2.000"}`,
	}, "\n"))
}

const configuration = `
version: 1
state: {dir: %s}
admin: {listen: off}
sources:
  shop: {type: mysql, address: %q, user: %s, password: {env: COMPARE_PASSWORD}, tables: ["%s.*"]}
routes:
  - {match: "**", to: es}
sinks:
  es: {type: elasticsearch, urls: [%q], index: "%s{table}"}
`

// yamabiko runs a configuration until the test ends.
func yamabiko(t *testing.T, text string) {
	t.Setenv("COMPARE_PASSWORD", "cdc")
	path := filepath.Join(t.TempDir(), "yamabiko.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	reg := engine.Registry{Sources: []sources.Plugin{mysql.Plugin()}, Sinks: []sinks.Plugin{elasticsearch.Plugin()}}
	conf, err := config.Load(path, reg.Config())
	if err != nil {
		t.Fatal(err)
	}
	log := func(string) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
	e, err := engine.New(conf, engine.Options{Registry: reg, Log: log, FS: faultfs.OS{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func eventually(t *testing.T, got func() string, want string) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		is := got()
		if is == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("got\n%s\nwant\n%s", is, want)
		}
	}
}
