package elasticsearch

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"yamabiko/event"
)

// state is what GET /index tells, by concrete index.
type state map[string]struct {
	Settings struct {
		Index settings `json:"index"`
	} `json:"settings"`
	Mappings struct {
		Properties map[string]field `json:"properties"`
	} `json:"mappings"`
	DataStream string `json:"data_stream"`
}

type settings struct {
	GCDeletes string         `json:"gc_deletes"`
	Blocks    map[string]any `json:"blocks"`
}

// checkIndex looks at the index that t's rows go to.
func (s *Sink) checkIndex(ctx context.Context, f *findings, name string, t *event.Table) error {
	var found state
	err := s.client.api(ctx, esapi.IndicesGetRequest{Index: named(name)}, &found)
	switch {
	case hasStatus(err, http.StatusNotFound) && s.conf.Mapping == mappingOff:
		f.mend("create it with its mapping, or set mapping: create", "index %s is missing, and with mapping: off the server guesses its fields", name)
		return nil
	case hasStatus(err, http.StatusNotFound):
		f.ok("index %s is missing and will be created for %s", name, ownerOf(t))
		return nil
	case err != nil:
		return err
	}
	before := len(*f)
	if len(found) > 1 {
		f.mend("let the alias stand for one index", "%s is an alias of %d indices: versions and deletes need one", name, len(found))
	}
	for concrete, st := range found {
		if st.DataStream != "" {
			f.mend("choose another name in index", "%s is a data stream, which takes no updates and deletes", name)
			continue
		}
		checkSettings(f, concrete, st.Settings.Index)
		s.checkFields(f, concrete, st.Mappings.Properties, t)
	}
	if len(*f) == before {
		f.ok("index %s fits %s", name, ownerOf(t))
	}
	return nil
}

func checkSettings(f *findings, index string, set settings) {
	if d, err := parseTime(set.GCDeletes); err != nil || d < time.Hour {
		f.mend(fmt.Sprintf(`PUT /%s/_settings {"index.gc_deletes":%q}`, index, wantTombstones),
			"index %s forgets deletes after %s: a late retry could bring a deleted row back", index, cmp.Or(set.GCDeletes, "60s"))
	}
	for _, block := range []string{"write", "read_only", "read_only_allow_delete"} {
		if on, _ := set.Blocks[block].(string); on == "true" {
			f.mend(fmt.Sprintf(`PUT /%s/_settings {"index.blocks.%s":null}`, index, block), "index %s has the block %s: writes wait", index, block)
		}
	}
}

// checkFields compares an index that is there with the one that would be created.
func (s *Sink) checkFields(f *findings, index string, has map[string]field, t *event.Table) {
	for i := range t.Columns {
		col := &t.Columns[i]
		got, ok := has[col.Name]
		if !ok || got.takes(col.Kind) {
			continue
		}
		f.mend(fmt.Sprintf("make a new index where %s is %v, or expect dead letters", col.Name, s.conf.fieldOf(t, col)["type"]),
			"index %s: field %s is %s, which refuses values of %s %s", index, col.Name, cmp.Or(got.Type, "object"), ownerOf(t), cmp.Or(col.Type, col.Name))
	}
}

// takes tells whether a field refuses no value of the kind.
func (d field) takes(k event.Kind) bool {
	if d.Enabled != nil && !*d.Enabled {
		return true
	}
	switch d.Type {
	case "keyword", "text", "wildcard", "match_only_text":
		return k != event.JSON && k != event.Geometry && k != event.Unknown
	case "long":
		return k == event.Int
	case "unsigned_long":
		return k == event.Uint64
	case "double":
		return k == event.Int || k == event.Uint64 || k == event.Float32 || k == event.Float64 || k == event.Decimal
	case "float", "half_float", "scaled_float":
		return k == event.Float32 || k == event.Vector
	case "date":
		return k == event.Date || k == event.DateTime || k == event.Timestamp
	case "date_nanos":
		return k == event.Timestamp
	case "boolean":
		return k == event.Bool
	case "binary":
		return k == event.Binary
	case "geo_shape":
		return k == event.Geometry
	case "", "object", "nested", "flattened", "flat_object":
		return k == event.JSON || k == event.Geometry || k == event.Unknown
	case "dense_vector":
		return k == event.Vector
	}
	return k == event.Unknown
}

// parseTime reads Elasticsearch's durations (API conventions, "Time units"): of its units Go lacks d; nanos and micros are
// too small to matter.
func parseTime(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(s)
}
