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

func TestAMappingConflictRejectsThatDocumentAlone(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(1, 1, "n", 1).Insert(2, 2, "n", "no number").Insert(3, 3, "n", 3).Build())
	if docs := f.docs("orders"); len(docs) != 2 || docs["2"] != nil {
		t.Errorf("documents %v, want 1 and 3", docs)
	}
	all := f.rej.All()
	if len(all) != 1 || all[0].Ref.I != 1 {
		t.Fatalf("rejected %v, want the second event alone", all)
	}
	if why := all[0].Why.Error(); !strings.Contains(why, "failed to parse field [n] of type [long]") {
		t.Errorf("the reason %q is not Elasticsearch's", why)
	}
}

func TestADeadLetterThatCannotBeKeptIsSentAgain(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	c := sinktest.Chunk(0, rows(orders()).Insert(1, 1, "n", 1).Insert(2, 2, "n", "no number").Build())
	full := errors.New("no space left on device")
	c.OnReject = func(event.View, int, error) error { return full }
	err := f.sink.Write(t.Context(), c)
	var retry *sinks.RetryError
	if !errors.As(err, &retry) || len(retry.Indices) != 1 || retry.Indices[0] != 1 || !errors.Is(err, full) {
		t.Errorf("error %v, want event 1 to be sent again because of %v", err, full)
	}
}

func TestABlockedIndexIsRetriedAndNothingRejected(t *testing.T) {
	for _, block := range []string{"write", "read_only", "read_only_allow_delete"} {
		t.Run(block, func(t *testing.T) {
			f := setup(t, testenv.Elasticsearch(t))
			items := sinktest.Table("shop", "app", "items", sinktest.Col("id", event.Int), sinktest.Col("n", event.Int))
			f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
			f.do("PUT", "/"+f.prefix+"orders/_settings", `{"index.blocks.`+block+`":true}`)
			b, other := rows(orders()).Insert(2, 2, "n", 2).Build(), rows(items).Insert(3, 3, "n", 3).Build()
			err := f.try(b, other)
			var retry *sinks.RetryError
			if !errors.As(err, &retry) || len(retry.Indices) != 1 || retry.Indices[0] != 0 {
				t.Fatalf("error %v, want event 0 alone to be sent again", err)
			}
			if want := "PUT /" + f.prefix + "orders/_settings"; !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not name the remedy %q", err, want)
			}
			if n := len(f.rej.All()); n > 0 {
				t.Errorf("%d events rejected for a state of the server", n)
			}
			f.do("PUT", "/"+f.prefix+"orders/_settings", `{"index.blocks.`+block+`":null}`)
			f.write(b)
			if docs := f.docs("orders"); len(docs) != 2 {
				t.Errorf("%d documents after the block was lifted, want 2", len(docs))
			}
		})
	}
}

func TestAClosedIndexIsAStateOfTheServer(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	f.do("POST", "/"+f.prefix+"orders/_close", "")
	err := f.try(rows(orders()).Insert(2, 2, "n", 2).Build())
	if err == nil || len(f.rej.All()) > 0 || !strings.Contains(err.Error(), "_open") {
		t.Errorf("error %v and %d rejects, want an error that names _open", err, len(f.rej.All()))
	}
	f.do("POST", "/"+f.prefix+"orders/_open", "")
}

func TestARedIndexIsNamedAndRetried(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t), func(c *Config) { c.Timeout = 2e9 })
	f.do("PUT", "/"+f.prefix+"orders?wait_for_active_shards=0",
		`{"settings":{"index.routing.allocation.require._name":"nowhere"},"mappings":{"dynamic":false}}`)
	b := rows(orders()).Insert(1, 1, "title", "a secret").Build()
	err := f.try(b)
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error %q shows a row's value", err)
	}
	if err == nil || !strings.Contains(err.Error(), "_cluster/allocation/explain") {
		t.Errorf("error %v does not say how to find why the index is red", err)
	}
	f.do("PUT", "/"+f.prefix+"orders/_settings", `{"index.routing.allocation.require._name":null}`)
	f.do("GET", "/_cluster/health/"+f.prefix+"orders?wait_for_status=yellow&timeout=30s", "")
	f.write(b)
}

func TestTwoTablesInOneIndexAreRefused(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	other := orders()
	other.Schema = "archive"
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	err := f.try(rows(other).Insert(2, 1, "n", 2).Build())
	if !sinks.IsPermanent(err) || !strings.Contains(err.Error(), "shop/app.orders") || !strings.Contains(err.Error(), "shop/archive.orders") {
		t.Errorf("error %v, want a permanent one that names both tables", err)
	}
	if docs := f.docs("orders"); docs["1"]["n"] != 1.0 {
		t.Errorf("the other table's row overwrote the first's: %v", docs)
	}
}
