// Package elasticsearch writes rows and log lines to Elasticsearch and OpenSearch, over the official client's transport
// with bulk bodies of its own. Rows keep the law of versions: the source's Seq is the document's external version, so the
// server itself refuses what is older (correctness.md, E1).
package elasticsearch

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"

	"yamabiko/event"
	"yamabiko/sinks"
)

// Plugin is the `elasticsearch` type of sink.
func Plugin() sinks.Plugin {
	return sinks.Define("elasticsearch", Defaults(), func(c Config, env sinks.Env) (sinks.Sink, error) { return Open(c, env) })
}

// Sink writes to one cluster. Write may be called by several lanes at once.
type Sink struct {
	conf   Config
	name   string
	log    *slog.Logger
	report func(stream string, stored uint64)
	client *client
	index  template

	bodies    bodyPool
	jobs      sync.Pool // *job
	bulkQuery string
	bodyLimit atomic.Int64 // the most bytes that a bulk may have, as far as the server has shown; 0: no limit known

	targets targets
	copies  copies
}

// Open makes the sink. It connects to nothing.
func Open(conf Config, env sinks.Env) (*Sink, error) {
	tpl, err := parseTemplate(conf.Index)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch %s: index: %w", env.Name, err)
	}
	cl, err := newClient(conf, max(env.Lanes, conf.Workers))
	if err != nil {
		return nil, fmt.Errorf("elasticsearch %s: %w", env.Name, err)
	}
	s := &Sink{conf: conf, name: env.Name, log: env.Log, report: env.Suspect, client: cl, index: tpl}
	if s.report == nil {
		s.report = func(string, uint64) {}
	}
	s.bulkQuery = "timeout=" + strconv.FormatInt(cl.patience().Milliseconds(), 10) + "ms&" + bulkFilter
	s.bodies.keep = int(max(4*env.Limits.Chunk, minKeep))
	s.targets.indices = map[string]*index{}
	s.targets.known = map[targetKey]*target{}
	return s, nil
}

// Lanes is the number of bulks that may be under way at once.
func (s *Sink) Lanes() int { return s.conf.Workers }

// Place gives the index of a table's rows, or of a tag's logs where t is nil (then the template, as the time is not
// known), and whether several may share it.
func (s *Sink) Place(t *event.Table, tag string) (place string, shared bool) {
	if t == nil {
		return s.conf.Index, true
	}
	name, err := s.index.forTable(t, tag)
	if err != nil {
		return s.conf.Index, s.conf.Disjoint
	}
	return name, s.conf.Disjoint
}

// Close gives up the idle connections.
func (s *Sink) Close() error { return s.client.close() }
