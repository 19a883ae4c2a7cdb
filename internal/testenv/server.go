package testenv

import (
	"context"
	"slices"
	"syscall"
	"testing"
)

// server is what the servers have in common. Its methods end the test on errors, and panic for a server that is shared:
// other tests count on that one.
type server struct {
	DataDir string // the server's own data folder

	p       *process // nil for a server that this process did not start
	options []string
	t       testing.TB // whose server it is; nil for a shared one
}

// Stop shuts the server down in order and returns once it has ended.
func (s *server) Stop() {
	s.mustBePrivate().Helper()
	s.p.end(syscall.SIGTERM)
}

// Kill ends the server at once, as a crash would (SIGKILL).
func (s *server) Kill() {
	s.mustBePrivate().Helper()
	s.p.end(syscall.SIGKILL)
}

// Start starts a stopped or killed server again on its port and data, and returns once it answers.
func (s *server) Start() {
	t := s.mustBePrivate()
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := s.p.start(ctx, s.options); err != nil {
		t.Fatal(err)
	}
}

// Restart is Stop and Start with more options, which are kept from then on. A later option overrides an earlier one.
func (s *server) Restart(options ...string) {
	s.Stop()
	s.options = slices.Concat(s.options, options)
	s.Start()
}

// Close ends a server that this process started, at once: nobody needs its data any more.
func (s *server) Close() {
	if s.p != nil {
		s.p.end(syscall.SIGKILL)
	}
}

func (s *server) mustBePrivate() testing.TB {
	if s.p == nil || s.t == nil {
		panic("testenv: this server is shared: use a private one to stop or restart it")
	}
	return s.t
}
