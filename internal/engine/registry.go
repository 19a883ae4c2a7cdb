package engine

import (
	"yamabiko/config"
	"yamabiko/router"
	"yamabiko/sinks"
	"yamabiko/sources"
)

// Registry is the plugins that a program was built with.
type Registry struct {
	Sources []sources.Plugin
	Sinks   []sinks.Plugin
}

// Config is what config.Load needs of the plugins.
func (r Registry) Config() config.Registry {
	c := config.Registry{Sources: map[string]func() any{}, Sinks: map[string]func() any{}, Pattern: router.CheckPattern}
	for _, p := range r.Sources {
		c.Sources[p.Type] = p.New
	}
	for _, p := range r.Sinks {
		c.Sinks[p.Type] = p.New
	}
	return c
}

// source returns the plugin of a type that config.Load has accepted.
func (r Registry) source(typ string) sources.Plugin {
	for _, p := range r.Sources {
		if p.Type == typ {
			return p
		}
	}
	panic("BUG: engine: no source of type " + typ)
}

func (r Registry) sink(typ string) sinks.Plugin {
	for _, p := range r.Sinks {
		if p.Type == typ {
			return p
		}
	}
	panic("BUG: engine: no sink of type " + typ)
}
