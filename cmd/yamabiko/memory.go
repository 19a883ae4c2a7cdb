package main

import (
	"os"
	"runtime/debug"

	"yamabiko/config"
)

// gcPercent lets the heap grow to three times what is live before it is collected: a backlog makes garbage, a packet an event,
// much faster than it holds on to anything. The memory limit bounds what that costs.
const gcPercent = 200

// baseMemory is what the program needs beside what its sources have in flight: bulk bodies, connections, the collector's own room.
const baseMemory = 48 << 20

// tuneMemory sets the collector up, except where the environment does (GOGC, GOMEMLIMIT).
func tuneMemory(conf *config.File) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(conf))
	}
}

// memoryLimit is the heap, in bytes, from which on memory is given back sooner than gcPercent says. It is soft: a huge row may pass it.
func memoryLimit(conf *config.File) int64 {
	return baseMemory + int64(max(len(conf.Sources), 1))*int64(conf.Limits.InFlight)
}
