package proof

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yamabiko/internal/compare"
	"yamabiko/internal/testenv"
)

// world is a database, the indices that shall equal it, and the program between them.
type world struct {
	t      *testing.T
	db     *testenv.MySQLServer
	es     *testenv.ESServer
	schema string
	prefix string // of the indices
	cut    *testenv.Cut
	state  string
	conf   string
	admin  string // host:port
	bin    string
	run    *process
	log    *os.File // what all runs wrote to standard error
}

// newWorld makes a fresh database and configuration; the program reaches MySQL through a proxy.
func newWorld(t *testing.T, db *testenv.MySQLServer, es *testenv.ESServer) *world {
	t.Helper()
	w := &world{t: t, db: db, es: es, schema: db.DB(t), prefix: es.Prefix(t), cut: testenv.CutProxy(t, db.Addr), bin: binary(t)}
	dir := t.TempDir()
	w.state, w.conf = filepath.Join(dir, "state"), filepath.Join(dir, "yamabiko.yaml")
	port, err := testenv.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	w.admin = fmt.Sprintf("127.0.0.1:%d", port)
	text := fmt.Sprintf(configuration, w.state, w.admin, w.cut.Addr, db.User, w.schema, es.URL, w.prefix)
	if err := os.WriteFile(w.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PROOF_PASSWORD", db.Password)
	t.Cleanup(w.end)
	return w
}

// Chunks are small, so that a snapshot is long enough to be killed in; retries are quick, so that tests are.
const configuration = `
version: 1
state: {dir: %q}
admin: {listen: %q}
sources:
  shop: {type: mysql, address: %q, user: %s, password: {env: PROOF_PASSWORD}, tables: ["%s.*"], snapshot: {mode: initial, chunk: 150}}
routes:
  - {match: "**", to: es}
sinks:
  es: {type: elasticsearch, urls: [%q], index: "%s{table}", settings: {number_of_replicas: "0"}, retry: {first: 50ms, max: 500ms}}
`

// end ends the run, and shows what the program said if the test has failed.
func (w *world) end() {
	if w.run != nil {
		w.run.kill()
	}
	if !w.t.Failed() {
		return
	}
	text, err := os.ReadFile(w.log.Name())
	if err != nil {
		w.t.Error(err)
	}
	lines := strings.Split(string(text), "\n")
	w.t.Logf("the program's last words:\n%s", strings.Join(lines[max(0, len(lines)-150):], "\n"))
}

// sql runs statements in the world's database.
func (w *world) sql(stmts ...string) {
	w.t.Helper()
	w.db.Exec(w.t, append([]string{"USE " + w.schema}, stmts...)...)
}

// query runs one statement; the table is named with the schema.
func (w *world) query(_ context.Context, sql string) ([][]string, error) {
	return w.db.Query(w.t, sql), nil
}

// differences compares every table with its index.
func (w *world) differences() string {
	w.t.Helper()
	diffs, err := compare.Tables(w.t.Context(), w.query, w.es.URL, w.schema, func(table string) string { return w.prefix + table })
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, d := range diffs[:min(len(diffs), 20)] {
		lines = append(lines, fmt.Sprintf("%.500s", d.String()))
	}
	if len(diffs) == 0 {
		return ""
	}
	return fmt.Sprintf("%d differences:\n%s", len(diffs), strings.Join(lines, "\n"))
}

// letters lists the dead letters.
func (w *world) letters() string {
	files, err := filepath.Glob(filepath.Join(w.state, "dead", "*"))
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err.Error()
		}
		all.Write(text)
	}
	return all.String()
}

// settled waits until the program is ready and every table equals its index. Nothing may have been given up on the way.
func (w *world) settled() {
	w.t.Helper()
	w.ready()
	eventually(w.t, settleEvery, w.differences)
	w.ready()
	if l := w.letters(); l != "" {
		w.t.Errorf("dead letters: %.2000s", l)
	}
}
