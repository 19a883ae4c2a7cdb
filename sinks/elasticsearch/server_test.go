package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

// A server with little room. With one writer thread and a queue of one, several lanes are turned away, whole or item by item.
func TestAServerWithLimits(t *testing.T) {
	es := testenv.PrivateElasticsearch(t, "http.max_content_length=1mb", "thread_pool.write.size=1", "thread_pool.write.queue_size=1")
	t.Run("ABulkThatIsTooLargeIsSplit", func(t *testing.T) { splits(t, es) })
	t.Run("AFullQueueIsRetriedWithoutLoss", func(t *testing.T) { turnsAway(t, es) })
}

func splits(t *testing.T, es *testenv.ESServer) {
	for _, zipped := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip=%v", zipped), func(t *testing.T) {
			f := setup(t, es, func(c *Config) { c.Gzip = zipped })
			b := rows(orders())
			for i := range 60 {
				b.Insert(uint64(i+1), i, "n", i, "title", randomText(i, 100<<10))
			}
			b.Insert(100, 100, "n", 100, "title", randomText(100, 3<<20))
			b.Insert(101, 101, "n", 101)
			f.insist(b.Build()) // the short queue may turn away a piece, too
			if docs := f.docs("orders"); len(docs) != 61 || docs["100"] != nil || docs["101"] == nil {
				t.Errorf("%d documents, want all 61 that fit", len(docs))
			}
			all := f.rej.All()
			if len(all) != 1 || all[0].Entries[all[0].I].Seq != 100 || !strings.Contains(all[0].Why.Error(), "http.max_content_length") {
				t.Errorf("rejected %v, want the one document that cannot be taken", all)
			}
		})
	}
}

// randomText does not compress to less than three quarters.
func randomText(seed, n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _"
	b := make([]byte, n)
	x := uint64(seed)*2862933555777941757 + 3037000493
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = letters[x>>58]
	}
	return string(b)
}

func turnsAway(t *testing.T, es *testenv.ESServer) {
	const lanes, each, rounds = 8, 100, 4
	f := setup(t, es, func(c *Config) { c.Workers, c.Settings = lanes, map[string]string{"number_of_shards": "5"} })
	f.write(rows(orders()).Insert(1, 1<<40, "n", 0).Build())
	var wg sync.WaitGroup
	var turned sync.Map
	for lane := range lanes {
		wg.Go(func() {
			for round := range rounds {
				b := rows(orders())
				for i := range each {
					b.Insert(uint64(1000*round+i+1), lane*each+i, "n", round, "title", randomText(i, 300))
				}
				turned.Store(fmt.Sprint(lane, round), f.insist(b.Build()))
			}
		})
	}
	wg.Wait()
	n := 0
	turned.Range(func(_, v any) bool { n += v.(int); return true })
	if n == 0 {
		t.Fatal("the server turned nobody away: the test proves nothing")
	}
	docs := f.docs("orders")
	for id, doc := range docs {
		if id != fmt.Sprint(1<<40) && doc["n"] != float64(rounds-1) {
			t.Errorf("document %s is at round %v, want %d", id, doc["n"], rounds-1)
		}
	}
	if len(docs) != lanes*each+1 || len(f.rej.All()) > 0 {
		t.Errorf("%d documents and %d rejects, want %d and none", len(docs), len(f.rej.All()), lanes*each+1)
	}
}

// insist writes a batch as the router would, without its pauses, and counts the refusals.
func (f *fixture) insist(b *event.Batch) (refusals int) {
	v := event.View{Batch: b}
	for {
		c := sinktest.ChunkOf(0, v)
		c.OnReject = f.rej.Add
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		err := f.sink.Write(ctx, c)
		cancel()
		var retry *sinks.RetryError
		switch {
		case err == nil:
			return refusals
		case errors.As(err, &retry):
			left := make([]uint32, len(retry.Indices))
			for i, n := range retry.Indices {
				left[i] = uint32(v.At(n))
			}
			v.Sel = left
		}
		if !strings.Contains(err.Error(), "429") {
			f.Errorf("error %v, want a 429", err)
			return refusals
		}
		refusals++
	}
}

// A server that creates no index by itself but what ends in -web. It is killed in the end.
func TestAServerOfOurOwn(t *testing.T) {
	es := testenv.PrivateElasticsearch(t, "action.auto_create_index=+*web,-*")
	defer es.Kill() // before anything is cleaned up: it has no call that deletes a data stream
	t.Run("ADeletedIndexIsMadeAnew", func(t *testing.T) { remakes(t, es) })
	t.Run("AServerThatComesBackIsUsedAgain", func(t *testing.T) { comesBack(t, es) })
	logsGoIntoADataStream(t, es)
}

func comesBack(t *testing.T, es *testenv.ESServer) {
	f := setup(t, es)
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	es.Kill()
	b := rows(orders()).Insert(2, 2, "n", 2).Delete(3, 1).Build()
	err := f.try(b)
	if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(es.URL, "http://")) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v does not name the server that is gone", err)
	}
	es.Start()
	f.insistThrough(b)
	if docs := f.docs("orders"); len(docs) != 1 || docs["2"] == nil {
		t.Errorf("documents %v, want 2 alone", docs)
	}
}

// insistThrough writes until it succeeds: after a restart shards take their time.
func (f *fixture) insistThrough(b *event.Batch) {
	f.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err = f.try(b); err == nil {
			return
		}
	}
	f.Fatal(err)
}

func TestADeadNodeIsPassedOverAtOnce(t *testing.T) {
	es := testenv.Elasticsearch(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	f := setup(t, es, func(c *Config) { c.URLs = []string{gone.URL, es.URL} })
	for i := range 5 {
		f.write(rows(orders()).Insert(uint64(i+1), i, "n", i).Build())
	}
	if docs := f.docs("orders"); len(docs) != 5 {
		t.Errorf("%d documents, want 5", len(docs))
	}
}

func TestANodeThatBreaksOffIsPassedOver(t *testing.T) {
	es := testenv.Elasticsearch(t)
	cut := testenv.CutProxy(t, strings.TrimPrefix(es.URL, "http://"))
	f := setup(t, es, func(c *Config) { c.URLs = []string{"http://" + cut.Addr, es.URL} })
	for i := range 4 {
		f.write(rows(orders()).Insert(uint64(i+1), i, "n", i).Build())
	}
	cut.Refuse(true)
	cut.Cut()
	for i := range 4 {
		f.write(rows(orders()).Insert(uint64(i+10), i+10, "n", i).Build())
	}
	if docs := f.docs("orders"); len(docs) != 8 {
		t.Errorf("%d documents, want 8", len(docs))
	}
}

// A silent node must cost one time-out and lose nothing (rule E2: an unknown end is no success).
func TestE2_ARequestWithoutAnAnswerIsAnError(t *testing.T) {
	es := testenv.Elasticsearch(t)
	cut := testenv.CutProxy(t, strings.TrimPrefix(es.URL, "http://"))
	f := setup(t, es, func(c *Config) { c.URLs = []string{"http://" + cut.Addr}; c.Timeout = config.Duration(time.Second) })
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	cut.Blackhole(true)
	b := rows(orders()).Insert(2, 2, "n", 2).Build()
	if err := f.try(b); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want a time-out", err)
	}
	cut.Blackhole(false)
	cut.Cut()
	f.insistThrough(b)
}

func TestTLSAndCredentials(t *testing.T) {
	es := testenv.Elasticsearch(t)
	proxy := testenv.TLSProxy(t, es.URL)
	through := func(change func(*Config)) *fixture {
		return setup(t, es, func(c *Config) { c.URLs, c.TLS.CA = []string{proxy.URL}, proxy.CAFile; change(c) })
	}
	basic := func(pass string) func(*Config) {
		return func(c *Config) { c.User, c.Password = "writer", config.NewSecret(pass) }
	}
	b := rows(orders()).Insert(1, 1, "n", 1).Build()

	proxy.RequireBasic("writer", "pass:wörd")
	through(basic("pass:wörd")).write(b)
	err := through(basic("wrong")).try(b)
	if err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), "user and password") || strings.Contains(err.Error(), "wrong\"") {
		t.Errorf("error %v, want a 401 that says what to mend", err)
	}

	proxy.RequireAPIKey("aWQ6a2V5")
	through(func(c *Config) { c.APIKey = config.NewSecret("aWQ6a2V5") }).write(b)
	if err := through(func(c *Config) { c.APIKey = config.NewSecret("b3RoZXI=") }).try(b); err == nil {
		t.Error("another key is let in")
	}

	proxy.RequireClientCert()
	if err := through(func(c *Config) { c.APIKey = config.NewSecret("aWQ6a2V5") }).try(b); err == nil {
		t.Error("no certificate is let in")
	}
	through(func(c *Config) {
		c.APIKey = config.NewSecret("aWQ6a2V5")
		c.TLS.Cert, c.TLS.Key = proxy.CertFile, proxy.KeyFile
	}).write(b)

	unknown := setup(t, es, func(c *Config) { c.URLs = []string{proxy.URL} })
	if err := unknown.try(b); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v, want one about the certificate", err)
	}
}

func TestSomethingElseThanElasticsearchIsRefused(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, `{"errors":false}`)
	}))
	defer other.Close()
	conf := Defaults()
	conf.URLs, conf.Mapping = []string{other.URL}, mappingOff
	s := openSink(t, conf, nil)
	err := s.Write(t.Context(), sinktest.Chunk(0, rows(orders()).Insert(1, 1).Build()))
	if !sinks.IsPermanent(err) || !strings.Contains(err.Error(), "flavor: opensearch") {
		t.Errorf("error %v, want a permanent one that names the flavor", err)
	}
}

func TestAProxyIsUsed(t *testing.T) {
	es := testenv.Elasticsearch(t)
	var asked sync.Map
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Host, true)
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		fmt.Fprintln(w, `{"errors":false}`)
	}))
	defer proxy.Close()
	f := setup(t, es, func(c *Config) {
		c.URLs = []string{"http://es.invalid:9200"}
		c.Proxy = proxy.URL
		c.Mapping = mappingOff
	})
	f.write(rows(orders()).Insert(1, 1, "n", 1).Build())
	if _, ok := asked.Load("es.invalid:9200"); !ok {
		t.Error("the proxy was not asked")
	}
}
