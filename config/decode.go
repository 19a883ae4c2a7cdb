package config

import (
	"encoding"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// decoder fills Go values from nodes. It goes on after an error, so that all are reported.
type decoder struct {
	*report
	root   *node    // where common counts
	common []string // keys of root that are read already
}

// value decodes n into v, which must be settable, and checks it.
func (d *decoder) value(n *node, v reflect.Value, o options) {
	if node, ok := v.Addr().Interface().(*Node); ok {
		*node = Node{n: n, report: d.report}
		return
	}
	if n.kind == null {
		d.wrong(n, "give it a value or remove it", "has no value")
		return
	}
	if n.kind == scalar && d.bad[n] {
		return // a variable in it is wrong
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem()) // never into what is there: defaults are shared
		if !v.IsNil() {
			p.Elem().Set(v.Elem())
		}
		v.Set(p)
		d.value(n, p.Elem(), o)
		return
	}
	switch t := v.Addr().Interface().(type) {
	case Unmarshaler:
		d.explain(n, t.UnmarshalNode(Node{n, d.report, d.commonOf(n)}))
	case encoding.TextUnmarshaler:
		if d.want(n, scalar, "a single value") {
			d.explain(n, t.UnmarshalText([]byte(n.text)))
		}
	default:
		d.plain(n, v, o)
	}
	if c, ok := v.Addr().Interface().(Checker); ok {
		d.explain(n, c.Check())
	}
}

func (d *decoder) commonOf(n *node) []string {
	if n == d.root {
		return d.common
	}
	return nil
}

// plain decodes what has no methods of its own for it. A type that it does not know is a mistake in our code.
func (d *decoder) plain(n *node, v reflect.Value, o options) {
	switch v.Kind() {
	case reflect.Struct:
		if d.want(n, mapping, "a mapping") {
			d.fields(n, v)
		}
	case reflect.Map:
		if d.want(n, mapping, "a mapping") {
			d.entries(n, v, o)
		}
	case reflect.Slice:
		if o.list && (n.kind == scalar || n.kind == mapping) {
			d.elements([]*node{n}, v, o)
		} else if d.want(n, sequence, "a list") {
			d.elements(n.items, v, o)
		}
	case reflect.String:
		if d.want(n, scalar, "a string") {
			d.text(n, v, o)
		}
	case reflect.Bool:
		d.bool(n, v)
	case reflect.Float32, reflect.Float64:
		d.float(n, v)
	default:
		d.integer(n, v)
	}
}

// want reports n unless it is of kind k.
func (d *decoder) want(n *node, k kind, words string) bool {
	if n.kind == k {
		return true
	}
	d.wrong(n, "", "must be %s, not %s", words, n.says())
	return false
}

func (d *decoder) entries(n *node, v reflect.Value, o options) {
	m := reflect.MakeMap(v.Type())
	for _, f := range n.fields {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(f.value, e, options{enum: o.enum, path: o.path})
		m.SetMapIndex(reflect.ValueOf(f.name).Convert(v.Type().Key()), e)
	}
	v.Set(m)
}

func (d *decoder) elements(items []*node, v reflect.Value, o options) {
	s := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.value(item, s.Index(i), options{enum: o.enum, path: o.path})
	}
	v.Set(s)
}

func (d *decoder) text(n *node, v reflect.Value, o options) {
	s := n.text
	if len(o.enum) > 0 && !slices.Contains(o.enum, s) {
		hint := ""
		if near := nearest(s, o.enum); near != "" {
			hint = "did you mean " + near + "?"
		}
		one := "one of "
		if len(o.enum) == 1 {
			one = ""
		}
		d.wrong(n, hint, "must be %s%s, not %s", one, strings.Join(o.enum, ", "), n.says())
		return
	}
	if o.path && s != "" && !filepath.IsAbs(s) {
		s = filepath.Join(filepath.Dir(n.place.File), s)
	}
	v.SetString(s)
}
