package elasticsearch

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"yamabiko/event"
	"yamabiko/sinks"
)

// findings is the report of a check, as it grows.
type findings []sinks.Finding

func (f *findings) ok(format string, args ...any) {
	*f = append(*f, sinks.Finding{OK: true, What: fmt.Sprintf(format, args...)})
}

func (f *findings) mend(remedy, format string, args ...any) {
	*f = append(*f, sinks.Finding{What: fmt.Sprintf(format, args...), Remedy: remedy})
}

// Check looks at every node, at the cluster's health and at the index of each table. A table's tag is not known here; where the index
// template has {tag}, indices are not looked at.
func (s *Sink) Check(ctx context.Context, tables []*event.Table) ([]sinks.Finding, error) {
	var f findings
	if !s.checkNodes(ctx, &f) {
		return f, nil
	}
	s.checkHealth(ctx, &f)
	byIndex := map[string]*event.Table{}
	for _, t := range tables {
		s.checkColumns(&f, t)
		name, err := s.index.forTable(t, "")
		if err != nil {
			f.mend("set index to a template without a time", "index of %s: %v", ownerOf(t), err)
			continue
		}
		if other := byIndex[name]; other != nil && !s.conf.Disjoint {
			f.mend("put {source}, {schema} and {table} into index, or say disjoint: true if no keys are equal",
				"%s and %s meet in the index %s", ownerOf(other), ownerOf(t), name)
			continue
		}
		byIndex[name] = t
		if strings.Contains(s.conf.Index, "{tag}") {
			continue
		}
		if err := s.checkIndex(ctx, &f, name, t); err != nil {
			f.mend("see the message", "index %s: %v", name, err)
		}
	}
	return f, ctx.Err()
}

// checkNodes asks each node by itself who it is.
func (s *Sink) checkNodes(ctx context.Context, f *findings) (any bool) {
	for _, node := range s.conf.URLs {
		one := s.conf
		one.URLs = []string{node}
		cl, err := newClient(one, 1)
		if err != nil {
			f.mend("mend the configuration", "%s: %v", node, err)
			continue
		}
		var root struct {
			Version struct {
				Number       string `json:"number"`
				Distribution string `json:"distribution"`
			} `json:"version"`
		}
		err = cl.api(ctx, esapi.InfoRequest{}, &root)
		_ = cl.close() // only gives up connections
		switch {
		case err != nil:
			f.mend("start it, or mend urls, user, password, api_key or tls", "%s: %v", node, err)
		case s.conf.Flavor == flavorOpenSearch && root.Version.Distribution != "opensearch":
			f.mend("set flavor: elasticsearch", "%s is not OpenSearch", node)
		case majorOf(root.Version.Number) < 8 && s.conf.Flavor == flavorElasticsearch:
			f.mend("use Elasticsearch 8 or later", "%s is version %s", node, root.Version.Number)
		default:
			f.ok("%s answers: %s %s", node, s.conf.Flavor, root.Version.Number)
			any = true
		}
	}
	return any
}

func majorOf(version string) int {
	major, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(major)
	return n
}

func (s *Sink) checkHealth(ctx context.Context, f *findings) {
	var health struct {
		Status string `json:"status"`
	}
	err := s.client.api(ctx, esapi.ClusterHealthRequest{}, &health)
	switch {
	case err != nil:
		f.mend("give the user the privilege monitor", "cluster health: %v", err)
	case health.Status == "red":
		f.mend("GET /_cluster/allocation/explain says why; writes to its indices wait", "the cluster is red")
	default:
		f.ok("the cluster is %s", health.Status)
	}
}

// checkColumns finds what no index can take of a table.
func (s *Sink) checkColumns(f *findings, t *event.Table) {
	if len(t.Key) == 0 {
		f.mend("give it a primary key, or accept that its index only grows",
			"%s has no primary key: inserts and updates append, deletes are not applied", ownerOf(t))
	}
	for i := range t.Columns {
		if why := unmappable(t, t.Columns[i].Name); why != "" {
			f.mend("rename the column, or leave the table out", "%s: column %q %s", ownerOf(t), t.Columns[i].Name, why)
		}
	}
}

var _ interface {
	sinks.Checker
	sinks.Placer
	sinks.Laner
} = (*Sink)(nil)
