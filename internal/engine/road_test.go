package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"yamabiko/internal/compare"
	"yamabiko/internal/testenv"
)

// road is a world from the shared MySQL to the shared Elasticsearch: all tables of a database of its own, each to an index of its own.
type road struct {
	*world
	db      *testenv.MySQLServer
	es      *testenv.ESServer
	schema  string
	prefix  string
	index   string // what follows the prefix in the sink's index
	more    string // more keys of the sink
	limit   string // time-out of the sink
	mysql   string // addresses, where there is a proxy between
	elastic string
}

func newRoad(t *testing.T) *road {
	r := &road{db: testenv.MySQL(t), es: testenv.Elasticsearch(t), index: "{table}", limit: "30s"}
	r.schema, r.prefix = r.db.DB(t), r.es.Prefix(t)
	r.mysql, r.elastic = r.db.Addr, r.es.URL
	r.world = newWorld(t, "")
	return r
}

// start writes the configuration and runs it.
func (r *road) start() {
	r.t.Helper()
	r.configure()
	r.world.start()
}

func (r *road) configure() {
	r.yaml = fmt.Sprintf(`
sources: {shop: {type: mysql, address: %q, user: cdc, password: {env: CDC_PASSWORD}, tables: ["%s.*"]}}
routes: [{match: "cdc.**", to: es}]
sinks: {es: {type: elasticsearch, urls: [%q], index: "%s%s", timeout: %s, retry: {first: 50ms, max: 500ms}%s}}`,
		r.mysql, r.schema, r.elastic, r.prefix, r.index, r.limit, r.more)
}

// sql runs statements in the road's database.
func (r *road) sql(stmts ...string) {
	r.t.Helper()
	r.db.Exec(r.t, append([]string{"USE " + r.schema}, stmts...)...)
}

// same waits until every table equals its index.
func (r *road) same() {
	r.t.Helper()
	query := func(_ context.Context, sql string) ([][]string, error) { return r.db.Query(r.t, sql), nil }
	last := "not asked"
	defer func() {
		if r.t.Failed() {
			r.t.Log(last)
		}
	}()
	r.until("tables and indices are the same", func() bool {
		diffs, err := compare.Tables(r.t.Context(), query, r.es.URL, r.schema, func(table string) string { return r.prefix + table })
		last = fmt.Sprint(err, diffs)
		return err == nil && len(diffs) == 0
	})
}

// doc is a field of a document, as JSON; "" where there is no document.
func (r *road) doc(table, id, field string) string {
	r.t.Helper()
	var doc map[string]json.RawMessage
	if raw := r.es.Docs(r.t, r.prefix+table)[id]; raw != nil {
		if err := json.Unmarshal(raw, &doc); err != nil {
			r.t.Fatal(err)
		}
	}
	return string(doc[field])
}

// count is how many documents an index has; -1 where it cannot be asked, as one that is only just being made.
func (r *road) count(index string) int {
	r.t.Helper()
	path := "/" + url.PathEscape(r.prefix+index)
	r.es.Do(r.t, "POST", path+"/_refresh", "")
	code, answer := r.es.Do(r.t, "GET", path+"/_count", "")
	var reply struct{ Count int }
	if code != http.StatusOK || json.Unmarshal(answer, &reply) != nil {
		return -1
	}
	return reply.Count
}

// put makes a request of Elasticsearch and wants it done.
func (r *road) put(method, path, body string) {
	r.t.Helper()
	if code, answer := r.es.Do(r.t, method, path, body); code >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, code, answer)
	}
}
