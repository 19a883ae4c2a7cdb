package elasticsearch

import (
	"net/http/httptest"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

// check runs the sink's check; said tells whether a finding holds all of the texts.
func (f *fixture) check(tables ...*event.Table) []sinks.Finding {
	f.Helper()
	found, err := f.sink.Check(f.Context(), tables)
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range found {
		if x.OK != (x.Remedy == "") {
			f.Errorf("finding %+v: what is wrong has a remedy, and nothing else", x)
		}
	}
	return found
}

func said(found []sinks.Finding, ok bool, texts ...string) bool {
	for _, x := range found {
		all := x.OK == ok
		for _, text := range texts {
			all = all && strings.Contains(x.What+" "+x.Remedy, text)
		}
		if all {
			return true
		}
	}
	return false
}

func TestCheckOfAnIndexThatFits(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	if found := f.check(orders()); !said(found, true, f.prefix+"orders", "will be created") || !said(found, true, "answers", "elasticsearch 8.") {
		t.Errorf("findings %+v", found)
	}
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	if found := f.check(orders()); !said(found, true, f.prefix+"orders", "fits") {
		t.Errorf("our own index does not fit: %+v", found)
	}
}

func TestCheckFindsWhatIsToMend(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.do("PUT", "/"+f.prefix+"orders", `{"settings":{"index.blocks.write":true},"mappings":{"properties":{"title":{"type":"long"},"n":{"type":"keyword"}}}}`)
	twin, odd := orders(), orders()
	twin.Name = "ORDERS"
	odd.Name = "odd"
	odd.Columns = append(odd.Columns, sinktest.Col("_id", event.Int), sinktest.Col("title.x", event.Int))
	found := f.check(orders(), twin, odd, notes())
	for _, want := range [][]string{
		{"forgets deletes after 60s", `"index.gc_deletes":"1h"`},
		{"block write", `"index.blocks.write":null`},
		{"field title is long", "text"},
		{"shop/app.orders", "shop/app.ORDERS", "meet in the index"},
		{`column "_id"`}, {`column "title.x"`},
		{"shop/app.notes has no primary key"},
	} {
		if !said(found, false, want...) {
			t.Errorf("nothing is said about %q in %+v", want, found)
		}
	}
	if said(found, false, "field n is") {
		t.Errorf("a keyword takes integers: %+v", found)
	}
	f.do("PUT", "/"+f.prefix+"orders/_settings", `{"index.blocks.write":null}`)
}

func TestCheckNamesTheNodeThatIsGone(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	es := testenv.Elasticsearch(t)
	f := setup(t, es, func(c *Config) { c.URLs = []string{gone.URL, es.URL} })
	found := f.check(orders())
	if !said(found, false, gone.URL, "refused") || !said(found, true, es.URL) || !said(found, true, "will be created") {
		t.Errorf("findings %+v", found)
	}
}

func TestCheckTellsOpenSearchFromElasticsearch(t *testing.T) {
	es, os := testenv.Elasticsearch(t), testenv.OpenSearch(t)
	if found := setup(t, os).check(); !said(found, false, "flavor: opensearch") {
		t.Errorf("findings %+v", found)
	}
	if found := setup(t, es, func(c *Config) { c.Flavor = flavorOpenSearch }).check(); !said(found, false, "flavor: elasticsearch") {
		t.Errorf("findings %+v", found)
	}
	if found := setup(t, os, func(c *Config) { c.Flavor = flavorOpenSearch }).check(orders()); !said(found, true, "will be created") {
		t.Errorf("findings %+v", found)
	}
}

func TestE5_PlacesMeetWhereIndicesDo(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	other := orders()
	other.Schema = "archive"
	a, shared := f.sink.Place(orders(), "x")
	if b, _ := f.sink.Place(other, "y"); a != b || shared {
		t.Errorf("places %q and %q, shared %v: one index must show as one place that is not to be shared", a, b, shared)
	}
	if b, shared := f.sink.Place(nil, "web"); !shared {
		t.Errorf("logs do not share %q", b)
	}
}
