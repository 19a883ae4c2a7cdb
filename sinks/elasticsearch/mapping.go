package elasticsearch

import (
	"strings"

	"yamabiko/event"
)

type object = map[string]any

// keywordLimit is the longest string, in characters, that the keyword field of a text takes: Lucene's 32766 bytes a term, at
// four bytes a character. Longer ones are left out of that field, never refused.
const keywordLimit = 8191

// fieldOf is the mapping of a column of a created index. Each is chosen so that it refuses no value of its kind.
func (c Config) fieldOf(t *event.Table, col *event.Column) object {
	switch col.Kind {
	case event.Int:
		return object{"type": "long"}
	case event.Bool:
		return object{"type": "boolean"}
	case event.Float32, event.Float64:
		return object{"type": "double"}
	case event.String:
		return object{"type": "text", "fields": object{"keyword": object{"type": "keyword", "ignore_above": keywordLimit}}}
	case event.Uint64, event.Decimal, event.Enum, event.Set, event.Time:
		// Numbers that pass what long and double hold exactly, and times beyond a day, are found by what they look like.
		return object{"type": "keyword", "ignore_above": keywordLimit}
	case event.Date, event.DateTime:
		// The years 0 to 9999; date_nanos ends at 2262. The index keeps milliseconds, the document every digit.
		return object{"type": "date", "ignore_malformed": true}
	case event.Timestamp:
		return object{"type": "date_nanos", "ignore_malformed": true}
	case event.Binary:
		return object{"type": "binary"}
	case event.JSON:
		return c.jsonField(t, col.Name)
	}
	return stored()
}

// stored is a field that takes any value, gives it back and cannot be searched: for geometries, whose type a server
// may lack, and vectors, whose length no column declares.
func stored() object { return object{"type": "object", "enabled": false} }

func (c Config) jsonField(t *event.Table, column string) object {
	switch c.jsonMode(t, column) {
	case jsonObject:
		return object{"type": "object", "dynamic": true}
	case jsonFlattened:
		if c.Flavor == flavorOpenSearch {
			return object{"type": "flat_object"}
		}
		return object{"type": "flattened", "ignore_above": keywordLimit}
	}
	return stored()
}

func (c Config) jsonMode(t *event.Table, column string) string {
	for _, name := range []string{t.Schema + "." + t.Name + "." + column, t.Name + "." + column, column} {
		if mode, ok := c.JSON[name]; ok {
			return mode
		}
	}
	return jsonDisabled
}

// properties are the fields of t's columns, but for those that no mapping can hold.
func (c Config) properties(t *event.Table) object {
	props := make(object, len(t.Columns))
	for i := range t.Columns {
		if why := unmappable(t, t.Columns[i].Name); why == "" {
			props[t.Columns[i].Name] = c.fieldOf(t, &t.Columns[i])
		}
	}
	return props
}

// unmappable says why a column's name cannot be a field's. A dot in a name is a path to Elasticsearch.
func unmappable(t *event.Table, name string) string {
	if isMetadata(name) {
		return "is a name that Elasticsearch keeps for itself: its rows are refused"
	}
	for part := range strings.SplitSeq(name, ".") {
		if strings.TrimSpace(part) == "" {
			return "has an empty part between dots: its rows are refused"
		}
	}
	for i := range t.Columns {
		if strings.HasPrefix(name, t.Columns[i].Name+".") {
			return "has a dot, so it is a field inside " + t.Columns[i].Name + ": rows that have both are refused"
		}
	}
	return ""
}

// isMetadata tells the fields that a document may not have (Elasticsearch guide, "Metadata fields").
func isMetadata(name string) bool {
	switch name {
	case "_id", "_index", "_source", "_routing", "_field_names", "_ignored", "_type", "_version", "_seq_no", "_size",
		"_doc_count", "_tier", "_nested_path", "_data_stream_timestamp", "_feature", "_primary_term", "_ignored_source":
		return true
	}
	return false
}

// definition is the body that creates t's index.
func (c Config) definition(t *event.Table) object {
	settings := object{
		// Longer than any replay, so that a delete is remembered and an older write refused (rule E2).
		"index.gc_deletes": wantTombstones,
		// A text takes two fields, and columns are added later.
		"index.mapping.total_fields.limit": 1000 + 2*len(t.Columns),
	}
	for k, v := range c.Settings {
		if !strings.HasPrefix(k, "index.") {
			k = "index." + k
		}
		settings[k] = v
	}
	return object{"settings": settings, "mappings": object{
		"_meta":             object{metaKey: object{"source": t.Source, "schema": t.Schema, "table": t.Name}},
		"dynamic":           false, // a new column's field is added by us; guessing by the first value refuses later ones
		"date_detection":    false,
		"numeric_detection": false,
		"properties":        c.properties(t),
	}}
}

// metaKey, in a mapping's _meta, marks the indices that were created here and may be given fields.
const metaKey = "yamabiko"

// wantTombstones is index.gc_deletes of the indices that we create.
const wantTombstones = "1h"
