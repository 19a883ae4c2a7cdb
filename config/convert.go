package config

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// convert fills n, which has its names and a place to fall back on, from the library's tree.
func (r *report) convert(n *node, a ast.Node) {
	file := n.place.File
	if t := a.GetToken(); t != nil && t.Position != nil {
		n.place = placeOf(file, t)
	}
	switch a := a.(type) {
	case *ast.MappingNode:
		r.convertMapping(n, a.Values, a.IsFlowStyle)
	case *ast.MappingValueNode:
		r.convertMapping(n, []*ast.MappingValueNode{a}, false)
	case *ast.SequenceNode:
		n.kind = sequence
		for i, v := range a.Values {
			item := &node{place: n.place, parent: n, name: fmt.Sprintf("[%d]", i)}
			n.items = append(n.items, item)
			r.convertValue(item, v)
		}
	case *ast.NullNode:
		// The plugin named null is written `type: null`: only ~ and nothing at all are no value.
		if t := a.GetToken(); t.Type == token.NullType && t.Value == "null" {
			n.kind, n.text = scalar, "null"
		}
	case *ast.StringNode:
		n.kind, n.text = scalar, a.Value
		t := a.GetToken().Type
		n.quoted = t == token.DoubleQuoteType || t == token.SingleQuoteType
	case *ast.LiteralNode:
		n.kind, n.text, n.quoted = scalar, a.Value.Value, true
	case ast.ScalarNode:
		n.kind, n.text = scalar, a.GetToken().Value
	default:
		r.at(n, n.place, "", "%s is not supported here", a.Type())
	}
}

func (r *report) convertValue(n *node, a ast.Node) {
	if a != nil {
		r.convert(n, a)
	}
}

// convertMapping reports keys that are there twice, and keeps the first of them.
func (r *report) convertMapping(n *node, values []*ast.MappingValueNode, flow bool) {
	n.kind = mapping
	seen := map[string]Place{}
	for i, v := range values {
		t := v.Key.GetToken()
		key := field{name: t.Value, place: placeOf(n.place.File, t)}
		if i == 0 && !flow {
			n.place = key.place // the library's is that of the colon
		}
		if first, twice := seen[key.name]; twice {
			r.at(n, key.place, "", "duplicate key %s; the first is at %s", quote(key.name), first)
			continue
		}
		seen[key.name] = key.place
		key.value = &node{place: key.place, key: key.place, parent: n, name: key.name}
		r.convertValue(key.value, v.Value)
		n.fields = append(n.fields, key)
	}
}
