package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/router"
	"yamabiko/router/buffer"
	"yamabiko/sinks"
	"yamabiko/sources"
)

// Finding is one line of a Report.
type Finding struct {
	OK     bool
	What   string
	Remedy string
}

// Report is what one source or sink has to say of its server.
type Report struct {
	Who      string // "source shop"
	Findings []Finding
	Err      error // the server could not be asked
}

// Warnings are remarks on a configuration that is not wrong.
func Warnings(conf *config.File) []string {
	var w []string
	if !slices.ContainsFunc(conf.Routes, func(r config.Route) bool { return slices.Contains(r.Match, "**") }) { // else has that pattern too
		w = append(w, "no route has `else: true`: events that no route matches become dead letters (reason \"no route\")")
	}
	for _, s := range conf.Sinks {
		if !slices.ContainsFunc(conf.Routes, func(r config.Route) bool { return slices.Contains(r.To, s.Name) }) {
			w = append(w, fmt.Sprintf("sink %s is in no route", s.Name))
		}
	}
	return w
}

// Check asks every server that conf names. It changes nothing anywhere.
func Check(ctx context.Context, conf *config.File, reg Registry, log *slog.Logger) []Report {
	var reports []Report
	tables := map[string][]*event.Table{} // by sink
	routes, err := targetsOf(conf)
	if err != nil {
		return []Report{{Who: "routes", Err: err}}
	}
	for _, c := range conf.Sources {
		r := Report{Who: "source " + c.Name}
		src, err := reg.source(c.Type).Open(c.Conf, sources.Env{Name: c.Name, StateDir: conf.State.Dir, Log: log,
			Limits: sources.Limits{Row: int64(conf.Limits.Row), InFlight: int64(conf.Limits.InFlight)}})
		if err == nil {
			r.Findings, err = checkSource(ctx, src, routes, tables)
		}
		r.Err = err
		reports = append(reports, r)
	}
	for _, c := range conf.Sinks {
		r := Report{Who: "sink " + c.Name}
		s, err := reg.sink(c.Type).Open(c.Conf, sinks.Env{Name: c.Name, Lanes: 1, Log: log, Suspect: func(string, uint64) {}})
		if err == nil {
			r.Findings, err = checkSink(ctx, s, tables[c.Name])
		}
		r.Err = err
		reports = append(reports, r)
	}
	return reports
}

// targetsOf compiles the routes alone and returns which sinks a tag goes to.
func targetsOf(conf *config.File) (func(tag string) []string, error) {
	targets := map[string]router.SinkTarget{}
	for _, s := range conf.Sinks {
		targets[s.Name] = router.SinkTarget{Name: s.Name, Lanes: 1, Buffer: bufferOf(s)}
	}
	r, err := router.New(routesOf(conf), targets, router.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	return r.Targets, nil
}

func checkSource(ctx context.Context, src sources.Source, targets func(string) []string, tables map[string][]*event.Table) ([]Finding, error) {
	var out []Finding
	if l, ok := src.(sources.Lister); ok {
		listed, err := l.Tables(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range listed {
			to := targets(t.Tag)
			if len(to) == 0 {
				out = append(out, Finding{false, fmt.Sprintf("no route takes tag %s", t.Tag), "add a route that matches it, or exclude the table"})
			}
			for _, sink := range to {
				tables[sink] = append(tables[sink], t.Table)
			}
		}
	}
	c, ok := src.(sources.Checker)
	if !ok {
		return append(out, Finding{OK: true, What: "nothing to ask"}), nil
	}
	found, err := c.Check(ctx)
	for _, f := range found {
		out = append(out, Finding(f))
	}
	return out, err
}

func checkSink(ctx context.Context, s sinks.Sink, tables []*event.Table) (out []Finding, err error) {
	defer func() {
		if cerr := s.Close(); err == nil {
			err = cerr
		}
	}()
	c, ok := s.(sinks.Checker)
	if !ok {
		return []Finding{{OK: true, What: "nothing to ask"}}, nil
	}
	found, err := c.Check(ctx, tables)
	for _, f := range found {
		out = append(out, Finding(f))
	}
	return out, err
}

// routesOf gives the routes as the router wants them.
func routesOf(conf *config.File) []router.Route {
	var routes []router.Route
	for _, r := range conf.Routes {
		route := router.Route{Match: r.Match, Else: r.Else, To: r.To, Drop: r.Drop}
		if r.Else {
			route.Match = nil
		}
		routes = append(routes, route)
	}
	return routes
}

func bufferOf(c config.Component) buffer.Options {
	return buffer.Options{
		Limit: int64(c.Buffer.Limit), ChunkBytes: int64(c.Buffer.Chunk.Bytes), ChunkCount: c.Buffer.Chunk.Count, Age: c.Buffer.Chunk.Age.Std(),
	}
}
