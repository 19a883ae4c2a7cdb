package config

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// loader reads a file and what it includes into one tree.
type loader struct {
	*report
	read map[string]bool // absolute paths: a file that is included twice counts once
	top  *node
}

// file reads one file and merges it. from is the include that names it, nil for the first.
func (l *loader) file(path string, from *node) {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	if l.read[abs] {
		return
	}
	l.read[abs] = true
	b, err := readBounded(path, maxFile)
	if err != nil {
		l.unreadable(path, from, err)
		return
	}
	doc := l.parse(path, string(b))
	if doc == nil {
		l.partial = true
		return
	}
	l.merge(doc)
	if inc := doc.get("include"); inc != nil {
		l.include(path, inc)
	}
}

func (l *loader) unreadable(path string, from *node, err error) {
	l.partial = true
	hint := ""
	if errors.Is(err, fs.ErrNotExist) && from == nil {
		hint = "-c FILE names another configuration"
	}
	if from == nil {
		l.at(nil, Place{File: path}, hint, "%v", err)
		return
	}
	l.wrong(from, hint, "%v", err)
}

// include reads the files that the globs of n match, in the order of their names; globs are relative to path's folder.
// A glob may match nothing; a plain name must exist.
func (l *loader) include(path string, n *node) {
	var globs []Node
	d := decoder{report: l.report}
	d.value(n, reflect.ValueOf(&globs).Elem(), options{list: true})
	for _, g := range globs {
		glob, ok := g.Scalar()
		switch {
		case !ok:
			l.wrong(g.n, "", "must be a string, not %s", g.n.says())
			continue
		case strings.Contains(glob, "${"):
			l.wrong(g.n, "", "include takes no variables: it is read before they are known")
			continue
		case !filepath.IsAbs(glob):
			glob = filepath.Join(filepath.Dir(path), glob)
		}
		files, err := filepath.Glob(glob)
		if err != nil {
			l.wrong(g.n, "", "%s is not a pattern: %v", quote(glob), err)
			continue
		}
		if len(files) == 0 && !strings.ContainsAny(glob, `*?[\`) {
			files = []string{glob}
		}
		slices.Sort(files)
		for _, f := range files {
			l.file(f, g.n)
		}
	}
}

// merge adds the keys of a file's tree to the whole: variables, sources and sinks by name, routes behind those that are
// there; any other key stands in one file only.
func (l *loader) merge(doc *node) {
	for _, f := range doc.fields {
		have := l.top.get(f.name)
		switch f.name {
		case "include": // read by file
		case "vars", "sources", "sinks":
			l.mergeNames(have, f, mapping)
		case "routes":
			l.mergeNames(have, f, sequence)
		case "version":
			if have == nil {
				l.top.fields = append(l.top.fields, f)
			} else if have.text != f.value.text {
				l.at(f.value, f.place, "", "version %s, but %s at %s", f.value.says(), have.says(), have.place)
			}
		default:
			if have != nil {
				l.at(f.value, f.place, "", "duplicate key %s; the first is at %s", quote(f.name), have.key)
				continue
			}
			l.top.fields = append(l.top.fields, f)
		}
	}
}

// mergeNames adds the entries of f, a mapping or list as k says, to those in have.
func (l *loader) mergeNames(have *node, f field, k kind) {
	if have == nil {
		l.top.fields = append(l.top.fields, f)
		return
	}
	if have.kind != k || f.value.kind != k {
		l.wrong(f.value, "", "cannot be joined with %s at %s: one is %s, one %s", f.name, have.key, f.value.says(), have.says())
		return
	}
	have.items = append(have.items, f.value.items...)
	for _, e := range f.value.fields {
		if first := have.get(e.name); first != nil {
			l.at(e.value, e.place, "", "duplicate name %s in %s; the first is at %s", quote(e.name), f.name, first.key)
			continue
		}
		have.fields = append(have.fields, e)
	}
}
