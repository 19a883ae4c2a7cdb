package elasticsearch

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks/sinktest"
)

// kinds has a column of every kind.
func kinds() *event.Table {
	cols := []event.Column{sinktest.Col("id", event.Int)}
	for k := event.Unknown; k <= event.Vector; k++ {
		cols = append(cols, event.Column{Name: "c" + string(rune('a'+int(k))), Kind: k})
	}
	return sinktest.Table("shop", "app", "kinds", cols...)
}

func column(t *event.Table, k event.Kind) string {
	for _, c := range t.Columns[1:] {
		if c.Kind == k {
			return c.Name
		}
	}
	return ""
}

// extremes are, by kind, values at the limits of what the databases hold.
var extremes = map[event.Kind][]any{
	event.Unknown:   {1, "x", []any{1, "a"}, sinktest.Map{"k", 1}},
	event.Int:       {int64(math.MinInt64), int64(math.MaxInt64), 0},
	event.Uint64:    {uint64(math.MaxUint64), 0},
	event.Decimal:   {"-99999999999999999999999999999999999.999999999999999999999999999999", "0.00"},
	event.Float32:   {float32(math.MaxFloat32), float32(math.SmallestNonzeroFloat32), float32(-1.5)},
	event.Float64:   {math.MaxFloat64, math.SmallestNonzeroFloat64, -0.5},
	event.String:    {"", "2026-01-01", "12", "true", "größe 注文 🎉 \x00", strings.Repeat("long ", 20000), strings.Repeat("x", 70000)},
	event.Binary:    {[]byte{}, []byte{0, 1, 255}, make([]byte, 70000)},
	event.Date:      {"0001-01-01", "1000-01-01", "9999-12-31", "2024-02-29"},
	event.DateTime:  {"1000-01-01T00:00:00", "9999-12-31T23:59:59.999999", "1950-06-01T12:00:00.1"},
	event.Timestamp: {"1970-01-01T00:00:01Z", "2038-01-19T03:14:07.999999Z", "2026-01-02T03:04:05.120Z", "1950-01-01T00:00:00Z"},
	event.Time:      {"-838:59:59", "838:59:59.000000", "00:00:00.5"},
	event.Enum:      {"", "größe", strings.Repeat("e", 255)},
	event.Set:       {[]any{}, []any{"a", "b,c"}},
	event.JSON:      {1, "text", nil, true, []any{1, "a", sinktest.Map{"k", nil}}, sinktest.Map{"a", 1, "b.c", sinktest.Map{"a", "x"}}, sinktest.Map{"a", "another type"}},
	event.Bool:      {true, false},
	event.Geometry:  {sinktest.Map{"type", "Point", "coordinates", []any{1.5, -2.5}}, sinktest.Map{"type", "Polygon", "coordinates", []any{}}},
	event.Vector:    {[]any{float32(1), float32(-0.25)}, []any{}},
}

func TestACreatedIndexTakesEveryValueOfEveryKind(t *testing.T) {
	takesAll(t, testenv.Elasticsearch(t), flavorElasticsearch)
}

func TestACreatedIndexTakesEveryValueOfEveryKindOpenSearch(t *testing.T) {
	takesAll(t, testenv.OpenSearch(t), flavorOpenSearch)
}

func takesAll(t *testing.T, es *testenv.ESServer, flavor string) {
	f := setup(t, es, func(c *Config) { c.Flavor = flavor })
	table, b := kinds(), rows(kinds())
	n := 0
	for k := event.Unknown; k <= event.Vector; k++ {
		if len(extremes[k]) == 0 {
			t.Errorf("kind %d has no values here", k)
		}
		for _, v := range append([]any{nil}, extremes[k]...) {
			b.Insert(uint64(n+1), n, column(table, k), v)
			n++
		}
	}
	batch := b.Build()
	f.write(batch)
	for _, r := range f.rej.All() {
		t.Errorf("rejected: %v", r.Why)
	}
	docs := f.docs("kinds")
	for i := range batch.Entries {
		js, err := event.AppendJSON(nil, batch.Record(i))
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(js, &want); err != nil {
			t.Fatal(err)
		}
		if got := docs[idOf(t, i)]; !reflect.DeepEqual(got, want) {
			t.Errorf("row %d reads %.200v, want %.200v", i, got, want)
		}
	}
}

// What the mapping is for: values are found by search.
func TestRowsAreFound(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.JSON = map[string]string{"kinds.c" + "o": jsonFlattened} })
	table := kinds()
	for i, k := range []event.Kind{event.Uint64, event.Decimal, event.DateTime, event.Date, event.Timestamp, event.String, event.Time, event.Set, event.Enum, event.Bool} {
		f.write(rows(table).Insert(uint64(i+1), i, column(table, k), extremes[k][len(extremes[k])-1]).Build())
	}
	f.write(rows(table).Insert(100, 100, column(table, event.String), "The quick brown fox").
		Insert(101, 101, column(table, event.DateTime), "2026-01-02T03:04:05.120").Insert(102, 102, column(table, event.Uint64), uint64(math.MaxUint64)).Build())
	f.do("POST", "/"+f.prefix+"kinds/_refresh", "")
	for query, want := range map[string]string{
		`{"term":{"` + column(table, event.Uint64) + `":"18446744073709551615"}}`:                                              "102",
		`{"match":{"` + column(table, event.String) + `":"FOX"}}`:                                                              "100",
		`{"term":{"` + column(table, event.String) + `.keyword":"The quick brown fox"}}`:                                       "100",
		`{"range":{"` + column(table, event.DateTime) + `":{"gte":"2026-01-02T03:04:05.119","lt":"2026-01-02T03:04:05.121"}}}`: "101",
		`{"range":{"` + column(table, event.DateTime) + `":{"gte":"1950-01-01","lt":"1951-01-01"}}}`:                           "2",
		`{"term":{"` + column(table, event.Date) + `":"2024-02-29"}}`:                                                          "3",
		`{"term":{"` + column(table, event.Set) + `":"b,c"}}`:                                                                  "7",
	} {
		var reply page
		if err := json.Unmarshal(f.do("POST", "/"+f.prefix+"kinds/_search", `{"query":`+query+`}`), &reply); err != nil {
			t.Fatal(err)
		}
		if len(reply.Hits.Hits) != 1 || reply.Hits.Hits[0].ID != want {
			t.Errorf("%s finds %v, want the row %s", query, reply.Hits.Hits, want)
		}
	}
}

func TestJSONModes(t *testing.T) {
	cols := []event.Column{sinktest.Col("id", event.Int), sinktest.Col("a", event.JSON), sinktest.Col("b", event.JSON), sinktest.Col("c", event.JSON)}
	table := sinktest.Table("shop", "app", "docs", cols...)
	for _, flavor := range []string{flavorElasticsearch, flavorOpenSearch} {
		es := testenv.Elasticsearch
		flat := "flattened"
		if flavor == flavorOpenSearch {
			es, flat = testenv.OpenSearch, "flat_object"
		}
		f := setup(t, es(t), func(c *Config) {
			c.Flavor, c.JSON = flavor, map[string]string{"a": jsonObject, "docs.b": jsonFlattened, "other.c": jsonObject}
		})
		f.write(rows(table).Insert(1, 1, "a", sinktest.Map{"n", 1}, "b", sinktest.Map{"n", "x"}, "c", 1).Build())
		fields := f.sinkFields(t, "docs")
		if fields["b"].Type != flat || fields["c"].Enabled == nil || *fields["c"].Enabled {
			t.Errorf("%s: b is %q, c is enabled: %v", flavor, fields["b"].Type, fields["c"].Enabled)
		}
		f.do("POST", "/"+f.prefix+"docs/_refresh", "")
		if hits := f.do("POST", "/"+f.prefix+"docs/_search", `{"query":{"term":{"a.n":1}}}`); !strings.Contains(string(hits), `"_id":"1"`) {
			t.Errorf("%s: a.n is not found: %s", flavor, hits)
		}
	}
}

func TestANewColumnGetsItsField(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	wider := orders()
	wider.Columns = append(wider.Columns, sinktest.Col("price", event.Decimal), sinktest.Col("a.b", event.String))
	f.write(rows(wider).Insert(2, 2, "n", 2, "price", "9.90", "a.b", "dot").Build(), rows(orders()).Insert(3, 3, "n", 3).Build())
	if got := f.sinkFields(t, "orders")["price"].Type; got != "keyword" {
		t.Errorf("the new column's field is %q, want keyword", got)
	}
	f.open() // a restart finds the index as its own
	widest := orders()
	widest.Columns = append(wider.Columns, sinktest.Col("more", event.Date))
	f.write(rows(widest).Insert(4, 4, "more", "2026-01-01").Build())
	if got := f.sinkFields(t, "orders")["more"].Type; got != "date" {
		t.Errorf("after a restart the new column's field is %q, want date", got)
	}
	if docs := f.docs("orders"); len(docs) != 4 || docs["2"]["a.b"] != "dot" {
		t.Errorf("documents %v", docs)
	}
}

func TestAnIndexOfTheUserIsNotTouched(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.do("PUT", "/"+f.prefix+"orders", `{"mappings":{"dynamic":false,"properties":{"n":{"type":"keyword"}}}}`)
	f.write(rows(orders()).Insert(1, 1, "n", 1, "title", "x").Build())
	fields := f.sinkFields(t, "orders")
	if len(fields) != 1 || fields["n"].Type != "keyword" {
		t.Errorf("the mapping is now %v", fields)
	}
}

func TestMappingOffLeavesItToTemplates(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.Mapping = mappingOff })
	f.do("PUT", "/_index_template/"+f.prefix+"x", `{"index_patterns":["`+f.prefix+`*"],"template":{"mappings":{"properties":{"n":{"type":"keyword"}}}}}`)
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	if got := f.sinkFields(t, "orders")["n"].Type; got != "keyword" {
		t.Errorf("n is %q, want the template's keyword", got)
	}
}

func remakes(t *testing.T, es *testenv.ESServer) {
	f := setup(t, es)
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	f.do("DELETE", "/"+f.prefix+"orders", "")
	b := rows(orders()).Insert(2, 2, "n", 2).Build()
	if err := f.try(b); err == nil || len(f.rej.All()) > 0 {
		t.Fatalf("error %v and %d rejects, want an error alone", err, len(f.rej.All()))
	}
	f.write(b)
	if got := f.sinkFields(t, "orders")["title"].Type; got != "text" {
		t.Errorf("title is %q in the index made anew, want text", got)
	}
}

func TestTwoLanesMakeOneIndex(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.Settings = map[string]string{"number_of_replicas": "0"} })
	errs := make(chan error)
	for i := range 4 {
		go func() { errs <- f.try(rows(orders()).Insert(uint64(i+1), i, "n", i).Build()) }()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if docs := f.docs("orders"); len(docs) != 4 {
		t.Errorf("%d documents, want 4", len(docs))
	}
}
