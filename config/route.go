package config

import (
	"errors"
	"maps"
	"slices"
)

// Route says where events with certain tags go. The first route that matches an event takes it.
type Route struct {
	Match []string // tag patterns; `else: true` gives **
	To    []string // names of sinks
	Drop  bool     // nowhere, on purpose
	Else  bool     // the last route, for what no other took
	Pos   Place
}

// routeKeys is a route as it is written.
type routeKeys struct {
	Match []string `yaml:"match,list"`
	To    []string `yaml:"to,list"`
	Drop  bool     `yaml:"drop"`
	Else  bool     `yaml:"else"`
}

// Check wants one condition and one destination.
func (r routeKeys) Check() error {
	var err error
	switch {
	case r.Else && len(r.Match) > 0:
		err = Field("else", "a route has match or else, not both")
	case !r.Else && len(r.Match) == 0:
		err = FieldHint("match", "match: cdc.shop.** or else: true", "a route needs match, or else: true")
	}
	switch {
	case r.Drop && len(r.To) > 0:
		err = errors.Join(err, Field("drop", "a route has to or drop, not both"))
	case !r.Drop && len(r.To) == 0:
		err = errors.Join(err, FieldHint("to", "to: SINK, or drop: true", "a route needs to, or drop: true"))
	}
	return err
}

// routing decodes routes; sinks are the names that they may use.
type routing struct {
	*report
	sinks   []string
	pattern func(string) error
}

func (r routing) decode(n Node) []Route {
	if n.n == nil {
		if !r.partial {
			r.at(nil, r.start(), `routes: [{match: "**", to: SINK}]`, "the configuration needs at least one route")
		}
		return nil
	}
	if n.n.kind != sequence {
		r.wrong(n.n, `routes: [{match: "**", to: SINK}]`, "must be a list, not %s", n.n.says())
		return nil
	}
	var all []Route
	for i, item := range n.n.items {
		route := r.one(item)
		if route.Else && i < len(n.n.items)-1 {
			r.at(item, item.place, "", "the route with else must be the last; this is number %d of %d", i+1, len(n.n.items))
		}
		all = append(all, route)
	}
	return all
}

func (r routing) one(n *node) Route {
	var k routeKeys
	d := decoder{report: r.report}
	d.explain(n, Node{n: n, report: r.report}.Decode(&k))
	for i, to := range nodesOf(n.get("to")) {
		if i < len(k.To) {
			r.defined(to, k.To[i])
		}
	}
	for i, m := range nodesOf(n.get("match")) {
		if i < len(k.Match) && r.pattern != nil {
			d.explain(m, r.pattern(k.Match[i]))
		}
	}
	if k.Else {
		k.Match = []string{"**"}
	}
	return Route{Match: k.Match, To: k.To, Drop: k.Drop, Else: k.Else, Pos: n.place}
}

// nodesOf are the values of a list, or the one that stands for it.
func nodesOf(n *node) []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == sequence:
		return n.items
	}
	return []*node{n}
}

// defined reports a sink that is not there.
func (r routing) defined(n *node, name string) {
	if !r.partial && !r.bad[n] && !slices.Contains(r.sinks, name) {
		r.wrong(n, didYouMean(name, r.sinks, "sinks"), "undefined sink %s", quote(name))
	}
}

// sinkNames are the names in a mapping of sinks, in order.
func sinkNames(all []Component) []string {
	set := map[string]bool{}
	for _, c := range all {
		set[c.Name] = true
	}
	return slices.Sorted(maps.Keys(set))
}
