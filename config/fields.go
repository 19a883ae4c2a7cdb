package config

import (
	"reflect"
	"slices"
	"strings"
)

// options are what stands behind the name in a yaml tag; see Node.Decode.
type options struct {
	required, list, path bool
	enum                 []string
}

// member is a field of a struct that can be written.
type member struct {
	name  string
	index []int
	typ   reflect.Type
	options
}

// members lists the fields of t that have a yaml tag, with those of inlined structs.
func members(t reflect.Type) []member {
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if opts == "inline" {
			for _, m := range members(f.Type) {
				m.index = append([]int{i}, m.index...)
				all = append(all, m)
			}
			continue
		}
		if name == "" {
			continue
		}
		all = append(all, member{name, []int{i}, f.Type, parseOptions(t, opts)})
	}
	return all
}

func parseOptions(t reflect.Type, opts string) (o options) {
	for _, opt := range strings.Split(opts, ",") {
		name, value, _ := strings.Cut(opt, "=")
		switch name {
		case "":
		case "required":
			o.required = true
		case "list":
			o.list = true
		case "path":
			o.path = true
		case "enum":
			o.enum = strings.Split(value, "|")
		default:
			panic("config: " + t.String() + " has a yaml tag with the unknown option " + name)
		}
	}
	return o
}

func names(all []member) []string {
	out := make([]string, len(all))
	for i, m := range all {
		out[i] = m.name
	}
	return out
}

// fields decodes a mapping into a struct.
func (d *decoder) fields(n *node, v reflect.Value) {
	all := members(v.Type())
	known := names(all)
	if n == d.root {
		known = append(slices.Clone(d.common), known...)
	}
	for _, f := range n.fields {
		i := slices.IndexFunc(all, func(m member) bool { return m.name == f.name })
		switch {
		case i >= 0:
			d.value(f.value, v.FieldByIndex(all[i].index), all[i].options)
		case !slices.Contains(known, f.name):
			d.unknown(n, f, all, known)
		}
	}
	for _, m := range all {
		if m.required && n.get(m.name) == nil {
			d.missing[missing{n, m.name}] = true
			d.at(n, n.owner(), "", "%s needs the key %s", nameOf(n), m.name)
		}
	}
}

// unknown reports a key that is not known; a value that was probably meant for a secret is not shown.
func (d *decoder) unknown(n *node, f field, all []member, known []string) {
	near := nearest(f.name, known)
	for _, m := range all {
		if m.name == near && m.typ == reflect.TypeFor[Secret]() && f.value.kind == scalar {
			d.mask(f.value)
		}
	}
	where := ""
	if path := n.path(); path != "" {
		where = " in " + path
	}
	d.at(f.value, f.place, didYouMean(f.name, known, "known keys"), "unknown key %s%s", quote(f.name), where)
}

func nameOf(n *node) string {
	if path := n.path(); path != "" {
		return path
	}
	return "the configuration"
}
