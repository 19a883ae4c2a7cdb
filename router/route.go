package router

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// Route says where the events of some tags go. Of several the first that matches counts.
type Route struct {
	Name  string   // for dead letters and metrics; empty: the patterns
	Match []string // tag patterns; any of them
	Else  bool     // matches every tag; has no Match and is the last route
	To    []string // names of sinks; each gets every event
	Drop  bool     // throw the events away, counted; has no To
}

// route is a compiled Route.
type route struct {
	name     string
	patterns []pattern
	all      bool
	targets  []*target
}

// table is the routes, with what they decided for the tags seen lately.
type table struct {
	routes []*route
	mu     sync.RWMutex
	tags   map[string]*route
}

// maxTags bounds the cache: tags may come from outside, one for each container or host.
const maxTags = 4096

// find returns the route of a tag; nil where there is none.
func (t *table) find(tag string) *route {
	t.mu.RLock()
	r, known := t.tags[tag]
	t.mu.RUnlock()
	if known {
		return r
	}
	r = t.search(tag)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tags) >= maxTags {
		clear(t.tags)
	}
	t.tags[strings.Clone(tag)] = r
	return r
}

func (t *table) search(tag string) *route {
	for _, r := range t.routes {
		if r.all {
			return r
		}
		for _, p := range r.patterns {
			if p.match(tag) {
				return r
			}
		}
	}
	return nil
}

// newTable compiles routes and reports all that is wrong with them.
func newTable(routes []Route, targets map[string]*target) (*table, error) {
	t := &table{tags: map[string]*route{}}
	var errs []error
	for i, r := range routes {
		c, err := compileRoute(r, targets)
		if err == nil && r.Else && i < len(routes)-1 {
			err = errors.New("else matches everything: the routes after it are never reached")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("route %d: %w", i+1, err))
		}
		t.routes = append(t.routes, c)
	}
	return t, errors.Join(errs...)
}

func compileRoute(r Route, targets map[string]*target) (*route, error) {
	c := &route{name: r.Name, all: r.Else}
	var errs []error
	if r.Else == (len(r.Match) > 0) {
		errs = append(errs, errors.New("needs either tag patterns or else"))
	}
	if r.Drop == (len(r.To) > 0) {
		errs = append(errs, errors.New("needs either sinks or drop"))
	}
	for _, text := range r.Match {
		p, err := compile(text)
		if err != nil {
			errs = append(errs, err)
		}
		c.patterns = append(c.patterns, p)
	}
	seen := map[string]bool{}
	for _, name := range r.To {
		switch to := targets[name]; {
		case to == nil:
			errs = append(errs, fmt.Errorf("no sink is named %q", name))
		case seen[name]:
			errs = append(errs, fmt.Errorf("names sink %q twice", name))
		default:
			c.targets = append(c.targets, to)
		}
		seen[name] = true
	}
	if c.name == "" {
		c.name = strings.Join(r.Match, ",")
	}
	if c.name == "" {
		c.name = "else"
	}
	return c, errors.Join(errs...)
}
