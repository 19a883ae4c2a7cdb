package elasticsearch

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"yamabiko/event"
)

// pageSize is how many documents one page of a scan has: the most that index.max_result_window allows by default.
const pageSize = 10000

// scrollKeep is how long the server keeps a scan open between two pages.
const scrollKeep = 5 * time.Minute

// barrier does what a barrier asks of the index. The router calls it while nothing else of the route is under way.
func (s *Sink) barrier(ctx context.Context, at event.Ref) error {
	b, e := at.Batch, &at.Entries[at.I]
	if b.Table == nil {
		return nil
	}
	var below uint64
	switch e.Op {
	case event.Truncate: // what was written up to the statement is gone (rule E4)
		below = e.Seq + 1
	case event.Sweep: // what neither the snapshot nor the stream wrote since the generation's first Seq is gone (rule N6)
		below = e.Seq
	default:
		return nil // DDL: fields are added when rows with the new columns come
	}
	s.copies.forget(b.Table)
	t, err := s.resolve(b, at.Time(at.I))
	if err != nil || below == 0 {
		return err
	}
	if s.conf.Disjoint {
		s.log.Warn("documents of deleted rows may stay: with disjoint: true nothing tells which documents are this table's",
			"index", t.index.name, "table", t.index.owner, "op", e.Op.String())
		return nil
	}
	if created, err := s.prepareForSweep(ctx, t); err != nil || created {
		return err
	}
	n, err := s.sweep(ctx, t.index.name, below)
	if err != nil {
		return fmt.Errorf("elasticsearch %s: %s of %s in index %s: %w", s.name, e.Op, t.index.owner, t.index.name, err)
	}
	if n > 0 {
		s.log.Info("documents of deleted rows removed", "index", t.index.name, "table", t.index.owner, "documents", n, "op", e.Op.String())
	}
	return nil
}

// prepareForSweep makes the index of a table that has had no row yet, so that an empty table is an empty index. Such an index
// needs no sweep.
func (s *Sink) prepareForSweep(ctx context.Context, t *target) (created bool, err error) {
	if s.conf.Mapping == mappingOff {
		return false, nil
	}
	return t.index.prepare(ctx, s, t.table)
}

// page is one page of a scan.
type page struct {
	Scroll string `json:"_scroll_id"`
	Hits   struct {
		Hits []hit `json:"hits"`
	} `json:"hits"`
}

type hit struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Version uint64 `json:"_version"`
}

var pageFilter = []string{"_scroll_id", "hits.hits._index", "hits.hits._id", "hits.hits._version"}

// sweep deletes the documents with a version below `below`, at the version just below it: a document that is newer by then answers 409 and
// stays. It reads all ids, since no query finds a version; scripts are not needed, and a server need not have them.
func (s *Sink) sweep(ctx context.Context, name string, below uint64) (removed int, err error) {
	err = s.client.api(ctx, esapi.IndicesRefreshRequest{Index: named(name)}, nil)
	if hasStatus(err, http.StatusNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var p page
	query := object{"size": pageSize, "version": true, "_source": false, "sort": []string{"_doc"}}
	err = s.client.api(ctx, esapi.SearchRequest{
		Index: named(name), Body: encoded(query), Scroll: scrollKeep, AllowPartialSearchResults: new(false), FilterPath: pageFilter,
	}, &p)
	defer func() { s.endScroll(ctx, p.Scroll) }()
	for err == nil && len(p.Hits.Hits) > 0 {
		n, err := s.remove(ctx, p.Hits.Hits, below)
		removed += n
		if err != nil {
			return removed, err
		}
		next := page{}
		if err := s.client.api(ctx, esapi.ScrollRequest{Scroll: scrollKeep, Body: encoded(object{"scroll_id": p.Scroll}), FilterPath: pageFilter}, &next); err != nil {
			return removed, err
		}
		if next.Scroll == "" {
			next.Scroll = p.Scroll
		}
		p = next
	}
	return removed, err
}

// endScroll gives the server its memory back; it would by itself after scrollKeep, so a failure does no harm.
func (s *Sink) endScroll(ctx context.Context, id string) {
	if id == "" {
		return
	}
	if err := s.client.api(ctx, esapi.ClearScrollRequest{Body: encoded(object{"scroll_id": id})}, nil); err != nil {
		s.log.Debug("closing a scan", "error", err)
	}
}

// remove deletes those of hits that are older than below.
func (s *Sink) remove(ctx context.Context, hits []hit, below uint64) (removed int, err error) {
	b := bulk{body: s.bodies.get()}
	defer b.body.release()
	for i := range hits {
		if hits[i].Version >= below {
			continue
		}
		b.begin()
		b.openID(actionOpening("delete", hits[i].Index))
		b.body.buf = appendInString(b.body.buf, []byte(hits[i].ID))
		b.versioned(below - 1)
	}
	stay := 0
	var failed error
	_, err = s.send(ctx, &b, func(_ int, r *result) {
		switch r.verdict() {
		case refused:
			stay++
		case rejected, postponed:
			failed = actionError(hits[0].Index, r)
		}
	})
	if err == nil {
		err = failed
	}
	return len(b.starts) - stay, err
}
