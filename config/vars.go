package config

import "strings"

// maxExpansion bounds the bytes that ${name} adds up to: variables may name others, and so could double for ever.
const maxExpansion = 16 << 20

// variables are what ${name} stands for. A variable may use others.
type variables struct {
	*report
	values map[string]*node
	state  map[*node]uint8 // of the variables: busy while one is being expanded
	bytes  int
	names  []string
}

const (
	fresh uint8 = iota
	busy
	done
)

func newVariables(r *report, vars *node) *variables {
	v := &variables{report: r, values: map[string]*node{}, state: map[*node]uint8{}}
	if vars == nil {
		return v
	}
	if vars.kind != mapping {
		r.wrong(vars, "vars: {name: value}", "must be a mapping, not %s", vars.says())
		return v
	}
	for _, f := range vars.fields {
		if f.value.kind != scalar {
			r.wrong(f.value, "", "must be a single value, not %s", f.value.says())
			continue
		}
		if r.checkName(f, "variable"); r.bad[f.value] {
			continue
		}
		v.values[f.name] = f.value
		v.names = append(v.names, f.name)
	}
	return v
}

// checkName holds the rule for the names of sources, sinks and variables: they become file names, labels and keys.
func (r *report) checkName(f field, what string) {
	const most = 64
	if f.name == "" || strings.Trim(f.name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		r.at(f.value, f.place, "names consist of a-z, 0-9, _ and -", "%s is not a name for a %s", quote(f.name), what)
	} else if len(f.name) > most {
		r.at(f.value, f.place, "", "the name of a %s has at most %d letters", what, most)
	}
}

// expand replaces ${name} in every scalar below n.
func (v *variables) expand(n *node) {
	for _, f := range n.fields {
		v.expand(f.value)
	}
	for _, item := range n.items {
		v.expand(item)
	}
	if n.kind == scalar && strings.Contains(n.text, "${") {
		v.scalar(n)
	}
}

// scalar replaces each ${name}; $${ stands for ${ itself. A scalar that is one ${name} and no more is what the variable
// is: "${port}" is a number where port is one.
func (v *variables) scalar(n *node) {
	if v.state[n] == done {
		return
	}
	v.state[n] = busy
	defer func() { v.state[n] = done }()
	out, rest := "", n.text
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		if i > 0 && rest[i-1] == '$' {
			out, rest = out+rest[:i-1]+"${", rest[i+2:]
			continue
		}
		name, after, closed := strings.Cut(rest[i+2:], "}")
		if !closed {
			v.at(n, v.within(n, rest[i:]), "a ${ that is no variable is written $${", "%s has no closing }", quote(rest[i:]))
			return
		}
		value := v.lookup(n, name)
		if value == nil {
			return
		}
		if v.bytes += len(out) + len(value.text); v.bytes > maxExpansion {
			v.wrong(n, "", "variables expand to more than %s", Size(maxExpansion))
			return
		}
		if out == "" && i == 0 && after == "" && len(rest) == len(n.text) {
			n.text, n.quoted = value.text, value.quoted
			return
		}
		out, rest = out+rest[:i]+value.text, after
	}
	n.text = out + rest
}

// lookup returns the variable's value, expanded, or nil after reporting why there is none.
func (v *variables) lookup(n *node, name string) *node {
	value := v.values[name]
	p := v.within(n, "${"+name+"}")
	switch {
	case value == nil && v.partial:
		v.spoil(n)
		return nil
	case value == nil:
		hint := didYouMean(name, v.names, "known variables")
		if hint == "" {
			hint = "define it under vars; a ${ that is no variable is written $${"
		}
		v.at(n, p, hint, "undefined variable %s", quote(name))
		return nil
	case v.state[value] == busy:
		v.at(n, p, "", "variable %s is defined by itself", quote(name))
		return nil
	}
	if strings.Contains(value.text, "${") {
		v.scalar(value)
	}
	if v.bad[value] {
		v.spoil(n)
		return nil
	}
	return value
}

// within finds text on the line where n stands, so that the caret is below the variable; else n's own place.
func (v *variables) within(n *node, text string) Place {
	p := n.place
	line, ok := v.line(p)
	runes := []rune(line)
	if !ok || p.Col > len(runes) {
		return p
	}
	if before, _, found := strings.Cut(string(runes[p.Col-1:]), text); found {
		p.Col += len([]rune(before))
	}
	return p
}
