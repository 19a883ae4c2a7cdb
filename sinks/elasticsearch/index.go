package elasticsearch

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"yamabiko/event"
)

// index is what we know about one index of rows.
type index struct {
	name, owner string
	keyless     sync.Once // says that deletes are not applied

	mu     sync.Mutex      // held during requests: other lanes wait for them
	found  bool            // it exists
	ours   bool            // we made it, so we may add fields
	fields map[string]bool // that it has, where it is ours
	seen   *event.Table    // whose fields are all there
}

// prepare creates the index if it is missing, and adds the fields of new columns if it is ours. An index that the user
// made is never touched.
func (x *index) prepare(ctx context.Context, s *Sink, t *event.Table) (created bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.found && (x.seen == t || !x.ours) {
		return false, nil
	}
	if !x.found {
		if created, err = x.find(ctx, s, t); err != nil {
			return false, fmt.Errorf("elasticsearch %s: index %s: %w", s.name, x.name, err)
		}
	}
	if err := x.addFields(ctx, s, t); err != nil {
		return created, fmt.Errorf("elasticsearch %s: index %s: new fields of %s: %w", s.name, x.name, x.owner, err)
	}
	x.seen = t
	return created, nil
}

// find looks the index up, and creates it if it is missing.
func (x *index) find(ctx context.Context, s *Sink, t *event.Table) (created bool, err error) {
	err = x.load(ctx, s)
	if !hasStatus(err, http.StatusNotFound) {
		return false, err
	}
	err = s.client.api(ctx, esapi.IndicesCreateRequest{Index: named(x.name)[0], Body: encoded(s.conf.definition(t)), Timeout: s.client.patience()}, nil)
	if isType(err, "resource_already_exists_exception") { // another process was quicker
		return false, x.load(ctx, s)
	}
	if err != nil {
		return false, fmt.Errorf("creating it: %w", err)
	}
	x.found, x.ours, x.fields = true, true, map[string]bool{}
	for name := range s.conf.properties(t) {
		x.fields[name] = true
	}
	s.log.Info("index created", "index", x.name, "table", x.owner)
	return true, nil
}

// mapping is what we read of GET /index/_mapping, by concrete index: an alias may stand for several.
type mapping map[string]struct {
	Mappings struct {
		Meta       map[string]any   `json:"_meta"`
		Properties map[string]field `json:"properties"`
	} `json:"mappings"`
}

type field struct {
	Type    string `json:"type"`
	Enabled *bool  `json:"enabled"`
}

func (x *index) load(ctx context.Context, s *Sink) error {
	var found mapping
	if err := s.client.api(ctx, esapi.IndicesGetMappingRequest{Index: named(x.name)}, &found); err != nil {
		return err
	}
	x.found, x.ours, x.fields = true, len(found) == 1, map[string]bool{}
	for _, m := range found {
		_, marked := m.Mappings.Meta[metaKey]
		x.ours = x.ours && marked
		for name := range m.Mappings.Properties {
			x.fields[name] = true
		}
	}
	return nil
}

// addFields adds what t has and the index has not. A column that changed its type keeps its field: a mapping cannot change.
func (x *index) addFields(ctx context.Context, s *Sink, t *event.Table) error {
	if !x.ours {
		return nil
	}
	missing := object{}
	for name, f := range s.conf.properties(t) {
		if !x.fields[name] {
			missing[name] = f
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err := s.client.api(ctx, esapi.IndicesPutMappingRequest{Index: named(x.name), Body: encoded(object{"properties": missing}), Timeout: s.client.patience()}, nil)
	if hasStatus(err, http.StatusNotFound) { // deleted meanwhile: the next try makes it anew
		x.found = false
	}
	if err != nil {
		return err
	}
	for name := range missing {
		x.fields[name] = true
	}
	return nil
}

// lost says that the server does not know the index any more.
func (x *index) lost() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.found, x.seen = false, nil
}
