package config

import "reflect"

// document is the top of a configuration: File, and what is decoded apart from it.
type document struct {
	File    `yaml:",inline"`
	Vars    Node `yaml:"vars"`
	Sources Node `yaml:"sources"`
	Sinks   Node `yaml:"sinks"`
	Routes  Node `yaml:"routes"`
}

// Load reads a configuration and what it includes, replaces variables, reads secrets, and decodes and checks it all,
// the plugins' parts included. It connects to nothing. The error is an Errors with everything that is wrong.
func Load(path string, reg Registry) (*File, error) {
	r := newReport(newTexts())
	l := loader{report: r, read: map[string]bool{}, top: &node{kind: mapping, place: Place{path, 1, 1}}}
	l.file(path, nil)
	vars := newVariables(r, l.top.get("vars"))
	vars.expand(l.top)
	f := r.decodeFile(l.top, reg)
	if err := r.err(); err != nil {
		return nil, err
	}
	return f, nil
}

func (r *report) decodeFile(top *node, reg Registry) *File {
	doc := document{File: defaults()}
	d := decoder{report: r, root: top, common: []string{"include"}}
	d.fields(top, reflect.ValueOf(&doc).Elem())
	if v := top.get("version"); v != nil && !r.bad[v] && doc.Version != 1 {
		r.wrong(v, "", "this yamabiko reads version 1, not %d", doc.Version)
	}
	f := doc.File
	f.texts = r.texts
	f.Sources = sourceComponents(r, reg).decode(doc.Sources)
	f.Sinks = sinkComponents(r, reg).decode(doc.Sinks)
	f.Routes = routing{r, sinkNames(f.Sinks), reg.Pattern}.decode(doc.Routes)
	return &f
}

// start is the beginning of the first file: where to point at for what is nowhere.
func (r *report) start() Place {
	if len(r.order) == 0 {
		return Place{}
	}
	return Place{File: r.order[0]}
}
