package elasticsearch

import (
	"encoding/json"
	"fmt"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks/sinktest"
)

func TestE1_TheHighestSeqWinsWhateverTheOrder(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(20, 1, "n", 20).Insert(10, 2, "n", 10).Delete(30, 2).Insert(5, 3, "n", 5).Build())
	f.write(rows(orders()).Insert(19, 1, "n", 19).Update(29, 2, "n", 29).Delete(4, 3).Build())
	docs := f.docs("orders")
	if len(docs) != 2 || docs["1"]["n"] != 20.0 || docs["3"]["n"] != 5.0 {
		t.Errorf("documents %v, want 1 at 20 and 3 at 5: an older change won", docs)
	}
}

func TestE1_AnEqualSeqWritesAgain(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	for range 2 { // a replay after a crash
		f.write(rows(orders()).Insert(7, 1, "n", 7).Delete(8, 1).Insert(9, 1, "n", 9).Build())
	}
	if docs := f.docs("orders"); docs["1"]["n"] != 9.0 {
		t.Errorf("documents %v, want 1 at 9", docs)
	}
	if got := f.suspect("shop"); got != 0 {
		t.Errorf("a replay of the source's own versions is suspected: %d", got)
	}
}

func TestE2_CreatedIndicesRememberDeletes(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Delete(12, 1).Build()) // of a document that was never there
	f.write(rows(orders()).Insert(10, 1, "n", 10).Build())
	if docs := f.docs("orders"); len(docs) != 0 {
		t.Errorf("a deleted row is back: %v", docs)
	}
	var settings map[string]struct {
		Settings struct {
			Index struct {
				GC string `json:"gc_deletes"`
			} `json:"index"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(f.do("GET", "/"+f.prefix+"orders/_settings", ""), &settings); err != nil {
		t.Fatal(err)
	}
	if got := settings[f.prefix+"orders"].Settings.Index.GC; got != "1h" {
		t.Errorf("index.gc_deletes is %q, want 1h", got)
	}
}

func TestS6_AVersionAboveTheChunkIsSuspected(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(1000, 1, "n", 1).Insert(15, 2, "n", 2).Build()) // 1000: a foreign writer's
	f.write(rows(orders()).Insert(10, 2, "n", 3).Insert(20, 3, "n", 4).Build())
	if got := f.suspect("shop"); got != 0 {
		t.Errorf("%d is suspected, though the chunk itself passes 15", got)
	}
	f.write(rows(orders()).Insert(21, 1, "n", 5).Insert(22, 3, "n", 6).Build())
	if got := f.suspect("shop"); got != 1000 {
		t.Errorf("suspect %d, want the stored 1000", got)
	}
}

func TestE4_TruncateAndSweepLeaveTheNewer(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	b := rows(orders())
	for i := range 50 {
		b.Read(uint64(100+i), i, "n", i)
	}
	f.write(b.Build())
	f.write(rows(orders()).Barrier(event.Sweep, 120).Build())
	if docs := f.docs("orders"); len(docs) != 30 || docs["20"] == nil || docs["19"] != nil {
		t.Errorf("%d documents after the sweep, want those from 120 on", len(docs))
	}
	f.write(rows(orders()).Barrier(event.Truncate, 140).Build())
	docs := f.docs("orders")
	if len(docs) != 9 || docs["40"] != nil || docs["41"] == nil {
		t.Errorf("%d documents after TRUNCATE at 140, want those from 141 on", len(docs))
	}
	f.write(rows(orders()).Insert(139, 40, "n", 40).Build()) // late, from before the TRUNCATE
	if docs := f.docs("orders"); docs["40"] != nil {
		t.Error("a row from before the TRUNCATE is back")
	}
}

// A document that becomes newer between the scan and the delete must stay: the versions decide, not the scan.
func TestE4_ADocumentThatBecameNewerStays(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(10, 1, "n", 10).Insert(10, 2, "n", 10).Build())
	f.es.Docs(t, f.prefix+"orders")
	f.write(rows(orders()).Update(60, 1, "n", 60).Build())
	// The page as the scan saw it before the update.
	n, err := f.sink.remove(t.Context(), []hit{{f.prefix + "orders", "1", 10}, {f.prefix + "orders", "2", 10}}, 50)
	if err != nil || n != 1 {
		t.Errorf("removed %d, %v; want 1", n, err)
	}
	if docs := f.docs("orders"); len(docs) != 1 || docs["1"]["n"] != 60.0 {
		t.Errorf("documents %v, want 1 at 60 alone", docs)
	}
}

func TestE4_SweepOfManyPages(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	const n = pageSize*2 + 17
	b := rows(orders())
	for i := range n {
		b.Read(uint64(1+i%2), fmt.Sprintf("%d", i), "n", i)
	}
	table := b.Build()
	table.Table.Columns[0].Kind = event.String
	f.write(table)
	f.write(rows(orders()).Barrier(event.Sweep, 2).Build())
	if docs := f.docs("orders"); len(docs) != n/2 {
		t.Errorf("%d documents left of %d, want %d", len(docs), n, n/2)
	}
}

func TestSweepOfATableWithoutRowsMakesItsIndex(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Barrier(event.Sweep, 120).Build())
	if f.sinkFields(t, "orders")["title"].Type != "text" {
		t.Error("the empty table has no index with its fields")
	}
}

func TestDisjointTablesAreNotSwept(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.Index = c.Index[:len(c.Index)-len("{table}")] + "all"; c.Disjoint = true })
	items := sinktest.Table("shop", "app", "items", sinktest.Col("id", event.Int), sinktest.Col("n", event.Int))
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build(), rows(items).Insert(2, 1001, "n", 2).Build())
	f.write(rows(orders()).Barrier(event.Sweep, 100).Build())
	if docs := f.docs("all"); len(docs) != 2 {
		t.Errorf("%d documents left, want both: nothing tells which table's they are", len(docs))
	}
}

// sinkFields are the fields of a table's index as the server has them.
func (f *fixture) sinkFields(t *testing.T, table string) map[string]field {
	t.Helper()
	var m mapping
	if err := json.Unmarshal(f.do("GET", "/"+f.prefix+table+"/_mapping", ""), &m); err != nil {
		t.Fatal(err)
	}
	return m[f.prefix+table].Mappings.Properties
}
