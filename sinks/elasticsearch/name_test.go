package elasticsearch

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks/sinktest"
)

func TestIndexNames(t *testing.T) {
	for in, want := range map[string]string{
		"Orders": "orders", "a b/c": "a%20b%2fc", "_x": "%5fx", "-x": "%2dx", "+x": "%2bx", ".": "%2e", "..": "%2e.", "a.b": "a.b",
		"50%": "50%25", `\/*?"<>|,#:`: "%5c%2f%2a%3f%22%3c%3e%7c%2c%23%3a", "Größe": "größe", "注文": "注文", "\xff": "%ff", "a\x00": "a%00",
	} {
		if got := indexName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	long := indexName(strings.Repeat("注", 200))
	if len(long) > maxIndexName || long == indexName(strings.Repeat("注", 201)) {
		t.Errorf("a long name becomes %q (%d bytes), like another", long, len(long))
	}
}

func TestIndexNamesThatDifferStayDifferent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if a != b && indexName(a) == indexName(b) && !strings.EqualFold(a, b) && strings.ToLower(a) != strings.ToLower(b) {
			t.Fatalf("%q and %q meet in %q", a, b, indexName(a))
		}
	})
}

func TestTemplates(t *testing.T) {
	table := sinktest.Table("Shop", "App", "Orders")
	tpl, err := parseTemplate("{source}-{schema}.{table}-{tag}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpl.forTable(table, "Cdc.T"); err != nil || got != "shop-app.orders-cdc.t" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := tpl.forLog("web", time.Now()); err == nil {
		t.Error("a log has found a table")
	}
	if tpl, err = parseTemplate("{tag}-%Y.%m.%d-%H"); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 23, 30, 0, 0, time.FixedZone("", -2*3600))
	if got, err := tpl.forLog("web", at); err != nil || got != "web-2026.01.03-01" {
		t.Errorf("%q, %v: want the time in UTC", got, err)
	}
	if _, err := tpl.forTable(table, "x"); err == nil {
		t.Error("a row's index depends on the time: an update would leave its document behind")
	}
	for _, bad := range []string{"", "{tabel}", "{table", "x%S", "x%", "{table}-%Y"} {
		if _, err := parseTemplate(bad); err == nil {
			t.Errorf("the template %q is taken", bad)
		}
	}
}

// A real server must take every name that we make.
func TestOddIndexNamesAreTaken(t *testing.T) {
	es := testenv.Elasticsearch(t)
	for _, name := range []string{"A B", "50%", `\/*?"<>|,#:`, "Größe ẞ İ ΑΣ", "注文", "\xff\x00\n", strings.Repeat("x", 300), strings.Repeat("注", 90), "🎉", "{x}", "~'$&()[]^`=;@!"} {
		f := setup(t, es)
		table := orders()
		table.Name = name
		t.Cleanup(func() { f.do("DELETE", "/"+url.PathEscape(indexName(f.prefix+name)), "") })
		f.write(rows(table).Insert(5, 1, "n", 1).Build())
		f.write(rows(table).Barrier(event.Sweep, 3).Build())
		if n, err := f.sink.count(t, f.prefix+name); err != nil || n != 1 {
			t.Errorf("index for table %q: %d documents, %v", name, n, err)
		}
	}
}

// count asks for an index by the name that we would give it.
func (s *Sink) count(t *testing.T, raw string) (n int, err error) {
	var reply struct{ Count int }
	if err := s.client.api(t.Context(), esapi.IndicesRefreshRequest{Index: named(indexName(raw))}, nil); err != nil {
		return 0, err
	}
	err = s.client.api(t.Context(), esapi.CountRequest{Index: named(indexName(raw))}, &reply)
	return reply.Count, err
}
