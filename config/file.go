package config

import (
	"errors"
	"net"
	"time"
)

// File is a whole configuration, with its includes, defaults filled in.
type File struct {
	Version int    `yaml:"version"` // of this format: 1
	State   State  `yaml:"state"`
	Admin   Admin  `yaml:"admin"`
	Log     Log    `yaml:"log"`
	Limits  Limits `yaml:"limits"`
	Stop    Stop   `yaml:"stop"`

	Sources []Component // in the order of the files
	Sinks   []Component
	Routes  []Route // first match wins

	texts *texts
}

// At makes an error of something that is found wrong after loading, with its place and excerpt.
func (f *File) At(p Place, hint, format string, args ...any) *Error {
	r := newReport(f.texts)
	r.at(nil, p, hint, format, args...)
	e := r.errs[0]
	e.Excerpt = r.excerpt(p)
	return e
}

// State says where positions and dead letters are kept.
type State struct {
	Dir string `yaml:"dir"` // relative to the working directory; default yamabiko-state
}

// Check refuses an empty folder name.
func (s State) Check() error {
	if s.Dir == "" {
		return Field("dir", "must name a folder")
	}
	return nil
}

// Admin is the HTTP server for metrics, health and readiness.
type Admin struct {
	Listen     string   `yaml:"listen"`      // host:port; off or empty: none
	Pprof      bool     `yaml:"pprof"`       // serve /debug/pprof/
	StallAfter Duration `yaml:"stall_after"` // a stream that has not moved for so long is not ready
}

// Off tells whether there is to be no server.
func (a Admin) Off() bool { return a.Listen == "" || a.Listen == "off" }

// Check looks at the address and the time.
func (a Admin) Check() error {
	var err error
	if a.StallAfter <= 0 {
		err = Field("stall_after", "must be more than zero")
	}
	if a.Off() {
		return err
	}
	if _, _, bad := net.SplitHostPort(a.Listen); bad != nil {
		bad = FieldHint("listen", `host:port like "127.0.0.1:2020", or off`, "%s is not an address", quote(a.Listen))
		err = errors.Join(err, bad)
	}
	return err
}

// Log says what is logged and how.
type Log struct {
	Level  string            `yaml:"level,enum=debug|info|warn|error"`
	Format string            `yaml:"format,enum=text|json"`
	Levels map[string]string `yaml:"levels,enum=debug|info|warn|error"` // by component: sources/mysql
}

// Limits are the bounds of memory.
type Limits struct {
	Row      Size `yaml:"row"`       // a larger row goes to the dead letters; at most 1 GiB
	InFlight Size `yaml:"in_flight"` // of one source: read and not yet durable
}

// Check bounds the limits themselves.
func (l Limits) Check() error {
	var err error
	if l.Row <= 0 || l.Row > 1<<30 {
		err = Field("row", "must be between 1B and 1GiB")
	}
	if l.InFlight <= 0 {
		err = errors.Join(err, Field("in_flight", "must be more than zero"))
	}
	return err
}

// Stop says how a stop ends.
type Stop struct {
	Drain Duration `yaml:"drain"` // how long a graceful stop waits for what is in flight
}

// defaults are what a File holds before anything is read.
func defaults() File {
	return File{
		Version: 1,
		State:   State{Dir: "yamabiko-state"},
		Admin:   Admin{Listen: "127.0.0.1:2020", StallAfter: Duration(time.Minute)},
		Log:     Log{Level: "info", Format: "text"},
		Limits:  Limits{Row: 64 << 20, InFlight: 64 << 20},
		Stop:    Stop{Drain: Duration(30 * time.Second)},
	}
}
