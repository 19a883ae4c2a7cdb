package main

import (
	"testing"

	"yamabiko/config"
)

// The limit must leave room above what the configuration lets sources hold, or the collector would run without end.
func TestMemoryLimitIsAboveWhatMayBeInFlight(t *testing.T) {
	for _, sources := range []int{0, 1, 5} {
		conf := &config.File{Limits: config.Limits{InFlight: 64 << 20}, Sources: make([]config.Component, sources)}
		held := int64(sources) * int64(conf.Limits.InFlight)
		if got := memoryLimit(conf); got < held+32<<20 {
			t.Errorf("%d sources: limit %d, %d in flight", sources, got, held)
		}
	}
	one := &config.File{Limits: config.Limits{InFlight: 64 << 20}, Sources: make([]config.Component, 1)}
	if got := memoryLimit(one); got > 128<<20 {
		t.Errorf("limit %d with one source and defaults: the process shall stay below 150 MB", got)
	}
}
