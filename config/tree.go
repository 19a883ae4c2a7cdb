package config

import (
	"fmt"
	"slices"
	"strings"
)

type kind uint8

const (
	null kind = iota
	scalar
	mapping
	sequence
)

// node is YAML as the decoder sees it: data with its place; no comments, anchors or tags.
type node struct {
	kind   kind
	place  Place  // of the value
	key    Place  // of the key that holds it; the zero Place in a list and at the top
	parent *node  // nil at the top
	name   string // in its parent: a key, or [2]
	text   string // of a scalar, variables replaced
	quoted bool   // a scalar that is a string, whatever it looks like
	fields []field
	items  []*node
}

// field is a key of a mapping and its value.
type field struct {
	name  string
	place Place // of the key
	value *node
}

// path is how people name n: sources.shop.tables[2].
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	name := n.name
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	up := n.parent.path()
	if up == "" || strings.HasPrefix(name, "[") {
		return up + name
	}
	return up + "." + name
}

// says is the kind of n in words, for messages.
func (n *node) says() string {
	switch n.kind {
	case mapping:
		return "a mapping"
	case sequence:
		return "a list"
	case scalar:
		return quote(n.text)
	}
	return "empty"
}

// owner is where to point at for what n lacks: the key that holds it.
func (n *node) owner() Place {
	if n.key.Line != 0 {
		return n.key
	}
	return n.place
}

// only tells whether n is a mapping with none but these keys.
func (n *node) only(keys ...string) bool {
	unknown := func(f field) bool { return !slices.Contains(keys, f.name) }
	return n.kind == mapping && !slices.ContainsFunc(n.fields, unknown)
}

func (n *node) get(name string) *node {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// find follows a path like tls.ca or tables[2] below n as far as it goes, and tells how much of it was not found.
func (n *node) find(path string) (*node, string) {
	for path != "" {
		next, rest := n.step(path)
		if next == nil {
			return n, path
		}
		n, path = next, strings.TrimPrefix(rest, ".")
	}
	return n, ""
}

// step takes the longest key of n that path begins with, since keys may hold points themselves.
func (n *node) step(path string) (*node, string) {
	var best *node
	rest := ""
	for _, f := range n.fields {
		tail, ok := strings.CutPrefix(path, f.name)
		if ok && f.name != "" && (tail == "" || tail[0] == '.' || tail[0] == '[') && (best == nil || len(tail) < len(rest)) {
			best, rest = f.value, tail
		}
	}
	if best != nil || !strings.HasPrefix(path, "[") {
		return best, rest
	}
	var i int
	if _, err := fmt.Sscanf(path, "[%d]", &i); err != nil || i < 0 {
		return nil, path
	}
	_, rest, _ = strings.Cut(path, "]")
	switch {
	case i < len(n.items):
		return n.items[i], rest
	case n.kind == scalar && i == 0: // one value where a list is allowed
		return n, rest
	}
	return nil, path
}
