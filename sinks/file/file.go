// Package file is the sink that appends a line of JSON for each event to files. Write returns once the lines are
// fsynced; a torn line never stays. After a crash lines may repeat, and seq tells.
package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/internal/ndjson"
	"yamabiko/sinks"
)

// Plugin is the `file` type of sink.
func Plugin() sinks.Plugin {
	return sinks.Define("file", Defaults(), func(c Config, env sinks.Env) (sinks.Sink, error) {
		return Open(c, env, faultfs.OS{})
	})
}

// Sink appends to files.
type Sink struct {
	name    string
	log     *slog.Logger
	path    template
	format  ndjson.Format
	codec   codec
	files   cache
	buffers sync.Pool // *[]byte
}

// Open makes the sink of a checked configuration. It opens no file yet.
func Open(c Config, env sinks.Env, fsys faultfs.FS) (*Sink, error) {
	t, err := parseTemplate(c.Path)
	if err != nil {
		return nil, fmt.Errorf("file %s: path: %w", env.Name, err)
	}
	s := &Sink{name: env.Name, log: env.Log, path: t, format: c.Format}
	if s.codec, err = codecOf(c.Path, env.Lanes); err != nil {
		return nil, fmt.Errorf("file %s: %w", env.Name, err)
	}
	s.files = cache{files: map[string]*outFile{}, open: func(path string) *outFile {
		return &outFile{path: path, fs: fsys, codec: s.codec, log: env.Log}
	}}
	return s, nil
}

// Write appends c's lines, file by file. Where some files failed and others did not, a *sinks.RetryError names the
// events of those that failed.
func (s *Sink) Write(ctx context.Context, c *event.Chunk) error {
	groups, err := s.group(c)
	defer s.free(groups)
	if err != nil {
		return fmt.Errorf("file %s: %w", s.name, err)
	}
	var left []int
	var first error
	for _, g := range groups {
		err := ctx.Err()
		if err == nil {
			err = s.deliver(c, g)
		}
		if err != nil {
			left = append(left, g.events...)
			if first == nil {
				first = fmt.Errorf("file %s: %w", s.name, err)
			}
		}
	}
	return retry(first, left, c.Events)
}

// deliver makes one file's lines durable, or its events dead letters where no file can have such a name.
func (s *Sink) deliver(c *event.Chunk, g *group) error {
	err := s.append(g)
	if !errors.Is(err, syscall.ENAMETOOLONG) {
		return err
	}
	rejects := make([]event.Rejection, len(g.events))
	for i, n := range g.events {
		rejects[i] = event.Rejection{I: n, Why: err}
	}
	return reject(c, rejects)
}

func (s *Sink) append(g *group) error {
	if len(g.lines) == 0 {
		return nil
	}
	o, err := s.files.take(g.path, time.Now())
	if err != nil {
		s.log.Warn("closing idle files", "error", err)
	}
	defer s.files.give(o)
	m, err := o.append(s.codec.appendFrame(nil, g.lines))
	if err != nil {
		return err
	}
	return o.sync(m)
}

// Close closes the files. Everything in them is durable already.
func (s *Sink) Close() error {
	if err := s.files.close(); err != nil {
		return fmt.Errorf("file %s: %w", s.name, err)
	}
	return nil
}
