package elasticsearch

import (
	"errors"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

// notes is a table without a key.
func notes() *event.Table {
	return &event.Table{Source: "shop", Schema: "app", Name: "notes",
		Columns: []event.Column{sinktest.Col("n", event.Int), sinktest.Col("title", event.String)}}
}

func TestATableWithoutAKeyAppends(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	b := rows(notes()).Insert(11, nil, "n", 1).Update(12, nil, "n", 1).Delete(13, nil, "n", 1).Build()
	f.write(b)
	f.write(b) // a replay
	docs := f.docs("notes")
	if len(docs) != 2 || docs["~s11"] == nil || docs["~s12"] == nil {
		t.Errorf("documents %v, want ~s11 and ~s12", docs)
	}
}

// Equal rows are as many documents as rows; a snapshot that is read again, by a new process or by a source that starts
// anew, writes the same ones, in whatever chunks and order.
func TestEqualRowsWithoutAKeyAreNeitherMergedNorDoubled(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	read := func(seq uint64, titles ...string) {
		table := notes()
		for len(titles) > 0 {
			n := min(3, len(titles))
			b := rows(table)
			for _, title := range titles[:n] {
				b.Read(seq, nil, "title", title)
			}
			f.write(b.Build())
			titles = titles[n:]
		}
	}
	want := func(n int, when string) {
		t.Helper()
		if docs := f.docs("notes"); len(docs) != n {
			t.Errorf("%s: %d documents, want %d", when, len(docs), n)
		}
	}
	read(50, "a", "b", "a", "a") // cut off by a crash
	want(4, "cut off")
	f.open()
	read(50, "a", "a", "b", "a", "a", "c")
	want(6, "read again by a new process")
	read(50, "c", "a", "a", "a", "b", "a")
	want(6, "read again by a source that starts anew")
	read(60, "a", "c", "a")
	f.write(rows(notes()).Barrier(event.Sweep, 60).Build())
	want(3, "read again later, and swept")
}

func TestEqualRowsAreNumberedOnceThoughTheirChunkIsSentTwice(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	table := notes()
	f.write(rows(table).Read(50, nil, "title", "a").Build())
	f.do("PUT", "/"+f.prefix+"notes/_settings", `{"index.blocks.write":true}`)
	b := rows(table).Read(50, nil, "title", "a").Read(50, nil, "n", "no number").Read(50, nil, "title", "a").Build()
	err := f.try(b)
	var some *sinks.RetryError
	if err == nil || errors.As(err, &some) {
		t.Fatalf("error %v, want one for the whole chunk", err)
	}
	f.do("PUT", "/"+f.prefix+"notes/_settings", `{"index.blocks.write":null}`)
	f.write(b)
	f.write(rows(table).Read(50, nil, "title", "a").Build())
	docs := f.docs("notes")
	for id := range docs {
		if n := id[strings.LastIndexByte(id, '.')+1:]; n > "3" {
			t.Errorf("id %s: a number was given twice", id)
		}
	}
	if len(docs) != 4 || len(f.rej.All()) != 1 {
		t.Errorf("%d documents and %d rejects, want 4 and 1", len(docs), len(f.rej.All()))
	}
}

func TestLogsAreWrittenOnceAndByTheHour(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.Index = c.Index[:len(c.Index)-len("{table}")] + "{tag}-%Y.%m.%d" })
	day := sinktest.Batch("web.access", nil).Build().First
	logs := func(stream string) *event.Batch {
		return sinktest.Batch("web.access", nil).Stream(stream).At(day).Log(1, "n", 1).At(day.AddDate(0, 0, 1)).Log(2, "n", 2).At(day).Log(3, "n", 3).Build()
	}
	for range 2 {
		f.write(logs("a.log"), logs("b.log"))
	}
	first, second := f.docs("web.access-"+day.Format("2006.01.02")), f.docs("web.access-"+day.AddDate(0, 0, 1).Format("2006.01.02"))
	if len(first) != 4 || len(second) != 2 {
		t.Errorf("%d and %d documents, want two files' 4 and 2", len(first), len(second))
	}
	f.write(sinktest.Batch("web.access", nil).Log(0, "n", 4).Log(0, "n", 4).Build())
	if docs := f.docs("web.access-" + day.Format("2006.01.02")); len(docs) != 6 {
		t.Errorf("%d documents, want 6: logs without a Seq are new each", len(docs))
	}
}

func logsGoIntoADataStream(t *testing.T, es *testenv.ESServer) {
	f := setup(t, es, func(c *Config) { c.Index = c.Index[:len(c.Index)-len("{table}")] + "{tag}" })
	f.do("PUT", "/_index_template/"+f.prefix+"x", `{"index_patterns":["`+f.prefix+`*"],"data_stream":{}}`)
	b := sinktest.Batch("web", nil).Log(1, "@timestamp", "2026-01-02T03:04:05Z").Log(2, "@timestamp", "2026-01-02T03:04:06Z").Build()
	f.write(b)
	f.write(b)
	if docs := f.docs("web"); len(docs) != 2 || len(f.rej.All()) > 0 {
		t.Errorf("%d documents, %v; want 2 and no reject", len(docs), f.rej.All())
	}
}

func TestATemplateThatNamesNoIndexIsPermanent(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	err := f.try(sinktest.Batch("web.access", nil).Log(1, "n", 1).Build())
	if !sinks.IsPermanent(err) || !strings.Contains(err.Error(), "web.access") {
		t.Errorf("error %v, want a permanent one that names the tag", err)
	}
}
