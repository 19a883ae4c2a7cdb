// Package stdout is the sink that writes a line of JSON for each event to standard output.
package stdout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"yamabiko/event"
	"yamabiko/internal/ndjson"
	"yamabiko/sinks"
)

// pieceBytes is how much a lane collects before it writes: a pipe's capacity on Linux (pipe(7)).
const pieceBytes = 64 << 10

// Plugin is the `stdout` type of sink.
func Plugin() sinks.Plugin {
	return sinks.Define("stdout", Defaults(), func(c Config, env sinks.Env) (sinks.Sink, error) {
		out, err := openStdout()
		if err != nil {
			return nil, fmt.Errorf("stdout %s: %w", env.Name, err)
		}
		return New(c, env, out), nil
	})
}

// Sink writes whole lines; those of several lanes never mix.
type Sink struct {
	name   string
	format ndjson.Format
	pieces sync.Pool // *[]byte

	mu   sync.Mutex
	out  io.WriteCloser
	torn []byte // the rest of a line whose beginning is out
}

// deadliner is a pipe or a terminal whose pending writes a cancelled context can end.
type deadliner interface {
	CancelWrites(context.Context) (stop func())
}

// New makes a sink that writes to out and closes it.
func New(c Config, env sinks.Env, out io.WriteCloser) *Sink {
	return &Sink{name: env.Name, format: c.Format, out: out}
}

// Write writes c's lines in pieces of about 64 KiB. After an error some of them may be out; sent again they repeat.
func (s *Sink) Write(ctx context.Context, c *event.Chunk) error {
	p, ok := s.pieces.Get().(*[]byte)
	if !ok {
		p = new([]byte)
	}
	defer s.keep(p)
	var rejects []event.Rejection
	for n, r := range c.All() {
		var err error
		if *p, err = s.format.AppendLine(*p, r.Batch, r.I); err != nil {
			rejects = append(rejects, event.Rejection{I: n, Why: err})
		}
		if len(*p) >= pieceBytes {
			if err := s.flush(ctx, *p); err != nil {
				return err
			}
			*p = (*p)[:0]
		}
	}
	if err := s.flush(ctx, *p); err != nil || len(rejects) == 0 {
		return err
	}
	if err := c.RejectAll(rejects); err != nil {
		return fmt.Errorf("stdout %s: %d dead letters: %w", s.name, len(rejects), err)
	}
	return nil
}

// keep gives a piece back for the next chunk, unless one huge event made it huge.
func (s *Sink) keep(p *[]byte) {
	if cap(*p) > 16*pieceBytes {
		return
	}
	*p = (*p)[:0]
	s.pieces.Put(p)
}

// flush writes whole lines, after the rest of a line that an earlier write left unfinished.
func (s *Sink) flush(ctx context.Context, lines []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.out.(deadliner); ok {
		defer d.CancelWrites(ctx)()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(s.torn) > 0 {
		n, err := s.out.Write(s.torn)
		s.torn = s.torn[n:]
		if err != nil {
			return s.explain(ctx, err)
		}
	}
	n, err := s.out.Write(lines)
	if err != nil {
		s.torn = restOfLine(lines, n)
		return s.explain(ctx, err)
	}
	return nil
}

// restOfLine returns a copy of what is missing of the line that ends the first n bytes.
func restOfLine(lines []byte, n int) []byte {
	if n == 0 || lines[n-1] == '\n' {
		return nil
	}
	end := n
	for lines[end] != '\n' {
		end++
	}
	return append([]byte(nil), lines[n:end+1]...)
}

func (s *Sink) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stdout %s: %w", s.name, ctx.Err())
	case errors.Is(err, syscall.EPIPE):
		return sinks.AsPermanent(fmt.Errorf("stdout %s: whoever read our output has gone: %w", s.name, err))
	}
	return fmt.Errorf("stdout %s: %w", s.name, err)
}

// Close closes the output.
func (s *Sink) Close() error { return s.out.Close() }
