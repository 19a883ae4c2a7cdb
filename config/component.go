package config

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Registry tells Load which plugins there are.
type Registry struct {
	// Sources and Sinks make, by type, a pointer to a fresh configuration struct that holds the defaults.
	Sources, Sinks map[string]func() any
	// Pattern checks the syntax of a tag pattern. Nil: any will do.
	Pattern func(pattern string) error
}

// Component is a source or a sink.
type Component struct {
	Name, Type string
	Place      Place   // of its name
	Ack        string  // of a source
	Buffer     *Buffer // of a sink; never nil there
	Retry      *Retry  // of a sink; never nil there
	Node       Node    // the plugin's keys: all but type, ack, buffer and retry
	Conf       any     // what the Registry made for the type, decoded and checked
}

// common are the keys that every component has, for one of the two kinds.
type common struct {
	Type   string  `yaml:"type,required"`
	Ack    string  `yaml:"ack,enum=delivered"`
	Buffer *Buffer `yaml:"buffer"`
	Retry  *Retry  `yaml:"retry"`
}

// components decodes the sources or the sinks.
type components struct {
	*report
	what  string // "source"
	keys  []string
	types map[string]func() any
	fresh func() common
}

func sourceComponents(r *report, reg Registry) components {
	return components{r, "source", []string{"type", "ack"}, reg.Sources, func() common { return common{Ack: "delivered"} }}
}

func sinkComponents(r *report, reg Registry) components {
	return components{r, "sink", []string{"type", "buffer", "retry"}, reg.Sinks, func() common {
		return common{
			Buffer: &Buffer{
				Type: "memory", Limit: 64 << 20, Overflow: "block",
				Chunk: Chunk{Bytes: 4 << 20, Count: 10000, Age: Duration(5 * time.Millisecond)},
			},
			Retry: &Retry{First: Duration(100 * time.Millisecond), Max: Duration(30 * time.Second)},
		}
	}}
}

func (c components) decode(n Node) []Component {
	if n.n == nil || len(n.n.fields) == 0 && n.n.kind == mapping {
		if !c.partial {
			c.at(n.n, cmp.Or(n.Place(), c.start()), "", "the configuration needs at least one %s", c.what)
		}
		return nil
	}
	if n.n.kind != mapping {
		c.wrong(n.n, c.what+"s: {name: {type: …}}", "must be a mapping of names to %ss, not %s", c.what, n.n.says())
		return nil
	}
	var all []Component
	for _, f := range n.n.fields {
		c.checkName(f, c.what)
		all = append(all, c.one(f))
	}
	return all
}

func (c components) one(f field) Component {
	out := Component{Name: f.name, Place: f.place}
	if f.value.kind != mapping {
		c.wrong(f.value, "", "must be a mapping with a type, not %s", f.value.says())
		return out
	}
	k := c.fresh()
	d := decoder{report: c.report}
	d.fields(c.only(f.value), reflect.ValueOf(&k).Elem())
	out.Type, out.Ack, out.Buffer, out.Retry = k.Type, k.Ack, k.Buffer, k.Retry
	out.Node = Node{f.value, c.report, c.keys}
	typ := f.value.get("type")
	if typ == nil || c.bad[typ] {
		return out
	}
	if c.types[k.Type] == nil {
		known := slices.Sorted(maps.Keys(c.types))
		c.wrong(typ, didYouMean(k.Type, known, "types"), "unknown type of %s: %s", c.what, quote(k.Type))
		return out
	}
	out.Conf = c.types[k.Type]()
	d.explain(f.value, out.Node.Decode(out.Conf))
	return out
}

// only is n with the common keys alone.
func (c components) only(n *node) *node {
	out := *n
	out.fields = slices.DeleteFunc(slices.Clone(n.fields), func(f field) bool { return !slices.Contains(c.keys, f.name) })
	return &out
}
