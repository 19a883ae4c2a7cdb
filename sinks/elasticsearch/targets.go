package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"yamabiko/event"
	"yamabiko/sinks"
)

// maxTargets bounds what is remembered of places, in number; logs with a time in their index find ever new ones.
const maxTargets = 4096

// targets remembers where tables and tags go.
type targets struct {
	mu      sync.Mutex
	indices map[string]*index
	known   map[targetKey]*target
}

type targetKey struct {
	source, schema, table, tag string
	hour                       int64 // since 1970, where a log's index depends on it
}

// target is the place of one table's rows, or of one tag's logs of an hour, with its action lines rendered up to the _id.
type target struct {
	table *event.Table
	index *index // nil for logs: their index is the user's
	hour  int64
	// The openings end within the _id's quotes; auto opens an action without _id.
	put, create, remove, auto []byte
}

// resolve finds the target of b's entry i. It is called once a batch, or once an event for logs by the hour.
func (s *Sink) resolve(b *event.Batch, at time.Time) (*target, error) {
	key := targetKey{tag: b.Tag}
	if b.Table != nil {
		key.source, key.schema, key.table = b.Table.Source, b.Table.Schema, b.Table.Name
	} else if s.index.perTime {
		key.hour = hourOf(at)
	}
	t := &s.targets
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.known[key]; ok && known.table == b.Table {
		return known, nil
	}
	fresh, err := s.newTarget(b, at)
	if err != nil {
		return nil, err
	}
	fresh.hour = key.hour
	if len(t.known) >= maxTargets {
		clear(t.known)
	}
	t.known[key] = fresh
	return fresh, nil
}

func hourOf(at time.Time) int64 { return at.Unix() / 3600 }

func (s *Sink) newTarget(b *event.Batch, at time.Time) (*target, error) {
	if b.Table == nil {
		name, err := s.index.forLog(b.Tag, at)
		if err != nil {
			return nil, s.badIndex(b.Tag, err)
		}
		return openings(&target{}, name), nil
	}
	name, err := s.index.forTable(b.Table, b.Tag)
	if err != nil {
		return nil, s.badIndex(b.Tag, err)
	}
	ix := s.targets.indices[name]
	if ix == nil {
		ix = &index{name: name, owner: ownerOf(b.Table)}
		s.targets.indices[name] = ix
	}
	if owner := ownerOf(b.Table); ix.owner != owner && !s.conf.Disjoint {
		return nil, sinks.AsPermanent(fmt.Errorf("elasticsearch %s: %s and %s meet in the index %q, where rows with equal keys would overwrite each "+
			"other: put {source}, {schema} and {table} into index, or say disjoint: true if no keys are equal", s.name, ix.owner, owner, name))
	}
	return openings(&target{table: b.Table, index: ix}, name), nil
}

func (s *Sink) badIndex(tag string, err error) error {
	return sinks.AsPermanent(fmt.Errorf("elasticsearch %s: index %q cannot be named for the tag %s: %w", s.name, s.conf.Index, tag, err))
}

func ownerOf(t *event.Table) string { return t.Source + "/" + t.Schema + "." + t.Name }

func openings(t *target, name string) *target {
	t.put, t.create, t.remove = actionOpening("index", name), actionOpening("create", name), actionOpening("delete", name)
	t.auto = append(bytes.TrimSuffix(bytes.Clone(t.create), []byte(idOpening)), "}}\n"...)
	return t
}

const idOpening = `,"_id":"`

// actionOpening is an action line up to its _id.
func actionOpening(action, index string) []byte {
	b := append([]byte(`{"`+action+`":{"_index":`), event.AppendJSONString(nil, []byte(index))...)
	return append(b, idOpening...)
}

// place finds the target of b's entry i and makes sure that its index exists with the fields of its table.
func (s *Sink) place(ctx context.Context, b *event.Batch, i int) (*target, error) {
	t, err := s.resolve(b, b.Time(i))
	if err != nil || t.index == nil || s.conf.Mapping == mappingOff {
		return t, err
	}
	_, err = t.index.prepare(ctx, s, b.Table)
	return t, err
}
