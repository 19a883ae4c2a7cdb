package elasticsearch

import (
	"strings"
	"testing"

	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/sinktest"
)

func TestConformance(t *testing.T) { conform(t, testenv.Elasticsearch(t), flavorElasticsearch) }

func TestConformanceOpenSearch(t *testing.T) { conform(t, testenv.OpenSearch(t), flavorOpenSearch) }

func conform(t *testing.T, es *testenv.ESServer, flavor string) {
	var f *fixture
	sinktest.Run(t, sinktest.Harness{
		Open: func(t *testing.T, lanes int) sinks.Sink {
			f = setup(t, es, func(c *Config) {
				c.Workers, c.Flavor = lanes, flavor
				c.Index = strings.Replace(c.Index, "{table}", "{tag}", 1)
			})
			return noClose{f.sink}
		},
		Read: func(t *testing.T) []sinktest.Got {
			var got []sinktest.Got
			for _, tag := range []string{"cdc.app.orders", "cdc.app.items", "cdc.app.notes", "web.access"} {
				for _, doc := range es.Docs(t, f.prefix+tag) {
					got = append(got, sinktest.Got{Record: doc})
				}
			}
			return got
		},
		Keyed: true, Removes: true, Rejects: true,
	})
}

// noClose leaves the sink to the fixture, which closes it too.
type noClose struct{ sinks.Sink }

func (noClose) Close() error { return nil }
