package sinktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"

	"yamabiko/event"
)

// want is an event that must be found: its number, which is its record's field n, and its record as JSON.
type want struct {
	n      int
	key    string // of the table and the row; empty for events without a key
	seq    uint64
	remove bool
	json   []byte // nil: has no JSON form, so it must be a dead letter
}

// check fails the test unless exactly the chunks' events, given in the order of their keys' changes, are readable.
func (b *bench) check(chunks ...*event.Chunk) {
	b.Helper()
	if b.h.Read == nil {
		return
	}
	wants := b.wants(chunks)
	got := b.read()
	if b.h.Keyed {
		wants = survivors(wants)
	} else {
		b.checkOrder(wants, got)
	}
	for n := range got {
		if !slices.ContainsFunc(wants, func(w want) bool { return w.n == n }) {
			b.Errorf("event %d is there and should not be: %.200s", n, got[n].json)
		}
	}
	for _, w := range wants {
		if g, ok := got[w.n]; !ok {
			b.Errorf("event %d (seq %d) is lost: %.200s", w.n, w.seq, w.json)
		} else if !sameJSON(g.json, w.json) {
			b.Errorf("event %d reads\n%.300s\nwant\n%.300s", w.n, g.json, w.json)
		}
	}
}

// wantLeft fails the test unless exactly the events with these numbers are readable.
func (b *bench) wantLeft(ns ...int) {
	b.Helper()
	left := slices.Sorted(maps.Keys(b.read()))
	slices.Sort(ns)
	if !slices.Equal(left, ns) {
		b.Errorf("events %v are left, want %v", left, ns)
	}
}

// wants lists what the chunks hold, less what was rejected; a reject that the harness does not allow is an error.
func (b *bench) wants(chunks []*event.Chunk) []want {
	b.Helper()
	rejected := map[event.Ref]bool{}
	for _, r := range b.rej.All() {
		rejected[r.Ref] = true
	}
	var wants []want
	for _, c := range chunks {
		for _, r := range c.All() {
			w := describe(b, r)
			switch {
			case w.json == nil && !rejected[r]:
				b.Errorf("event %d has no JSON form and was not rejected", w.n)
			case w.json != nil && rejected[r] && !b.h.Rejects:
				b.Errorf("event %d was rejected: %.200s", w.n, w.json)
			}
			if !rejected[r] {
				wants = append(wants, w)
			}
		}
	}
	return wants
}

func describe(b *bench, r event.Ref) want {
	e := &r.Entries[r.I]
	w := want{seq: e.Seq, remove: e.Op == event.Delete}
	if key := r.KeyOf(r.I); key != nil {
		w.key = fmt.Sprintf("%s.%x", r.Table.Name, key)
	}
	js, err := event.AppendJSON(nil, r.Record(r.I))
	if err == nil {
		w.json = js
	}
	w.n = number(b, js)
	return w
}

// survivors keeps, of each key, the change with the highest Seq, unless it is a delete.
func survivors(wants []want) []want {
	var kept []want
	newest := map[string]want{}
	for _, w := range wants {
		if w.key == "" {
			kept = append(kept, w)
		} else if old, ok := newest[w.key]; !ok || w.seq >= old.seq {
			newest[w.key] = w
		}
	}
	for _, w := range newest {
		if !w.remove {
			kept = append(kept, w)
		}
	}
	return kept
}

// found is an event as it was read; at is where it stood first.
type found struct {
	json []byte
	at   int
}

func (b *bench) read() map[int]found {
	b.Helper()
	got := map[int]found{}
	for i, g := range b.h.Read(b.T) {
		n := number(b, g.Record)
		if _, ok := got[n]; !ok {
			got[n] = found{g.Record, i}
		}
	}
	return got
}

// checkOrder looks at where each key's changes were read first.
func (b *bench) checkOrder(wants []want, got map[int]found) {
	b.Helper()
	last := map[string]want{}
	for _, w := range wants {
		if w.key == "" {
			continue
		}
		if before, ok := last[w.key]; ok && got[w.n].at < got[before.n].at {
			b.Errorf("key %s: seq %d stands before seq %d", w.key, w.seq, before.seq)
		}
		last[w.key] = w
	}
}

func number(b *bench, record []byte) int {
	b.Helper()
	var r struct{ N *int }
	if err := json.Unmarshal(record, &r); err != nil || r.N == nil {
		b.Fatalf("no record of ours: %v: %.200s", err, record)
	}
	return *r.N
}

// sameJSON compares values, numbers by their value; a downstream may order names and spell numbers as it likes.
func sameJSON(a, b []byte) bool {
	x, errX := parse(a)
	y, errY := parse(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func parse(b []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err := d.Decode(&v)
	return canonical(v), err
}

// exact is a number in the one spelling of its value, apart from strings that look the same.
type exact string

func canonical(v any) any {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(string(v)); ok {
			return exact(r.RatString())
		}
	case []any:
		for i := range v {
			v[i] = canonical(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = canonical(v[k])
		}
	}
	return v
}
