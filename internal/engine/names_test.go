package engine

import (
	"encoding/json"
	"sort"
	"strings"
	"testing"
)

// TestNames: schemas and tables of any name reach an index whose name Elasticsearch takes; upper case is lowered and what is forbidden is
// written as %xx.
func TestNames(t *testing.T) {
	r := newRoad(t)
	r.index = "{schema}.{table}"
	want := map[string]string{}
	for table, index := range map[string]string{
		"Orders":                "orders",
		"a,b":                   "a%2cb",
		`q"<>|\`:                "q%22%3c%3e%7c%5c",
		"Straße":                "straße",
		"日本語":                   "日本語",
		"tick`tock":             "tick`tock",
		"slash/colon:#":         "slash%2fcolon%3a%23",
		"dollar$1 'quote'":      "dollar$1%20'quote'",
		strings.Repeat("x", 64): strings.Repeat("x", 64),
	} {
		want[r.schema+"."+index] = table
		r.sql("CREATE TABLE `"+strings.ReplaceAll(table, "`", "``")+"` (`Id` INT PRIMARY KEY, `odd col.umn` VARCHAR(9) DEFAULT 'v')",
			"INSERT INTO `"+strings.ReplaceAll(table, "`", "``")+"` (`Id`) VALUES (1)")
	}
	r.start()
	r.ready()
	for index, table := range want {
		r.sql("INSERT INTO `" + strings.ReplaceAll(table, "`", "``") + "` (`Id`) VALUES (2)")
		r.until("both rows of "+table+" are in "+index, func() bool { return r.count(index) == 2 })
	}
	if l := r.letters(); l != "" {
		t.Errorf("dead letters: %s", l)
	}
	_, body := r.es.Do(t, "GET", "/_cat/indices/"+r.prefix+"*?h=index&format=json", "")
	var all []struct{ Index string }
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	var extra []string
	for _, ix := range all {
		if _, ok := want[strings.TrimPrefix(ix.Index, r.prefix)]; !ok {
			extra = append(extra, ix.Index)
		}
	}
	sort.Strings(extra)
	if len(extra) > 0 || len(all) != len(want) {
		t.Errorf("%d indices for %d tables; not expected: %q", len(all), len(want), extra)
	}
}
