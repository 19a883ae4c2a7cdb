// Package mysql reads MySQL's binlog and, while the stream goes on, the tables as they are (correctness.md, rules S and N).
package mysql

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"yamabiko/event"
	"yamabiko/sources"
)

// Plugin is this source for the registry.
func Plugin() sources.Plugin { return sources.Define("mysql", defaults, open) }

// source is one configured MySQL server.
type source struct {
	conf     Config
	env      sources.Env
	sel      selection
	tls      *tls.Config
	serverID uint32
	pool     event.Pool
	begun    bool // a run of this process has begun to stream; used by Run's goroutine alone

	mu     sync.Mutex // held while an event is handled, and by the snapshot where it needs the stream to stand still
	stream *stream    // nil while Run is not streaming; guarded by mu
	status status
}

func open(conf Config, env sources.Env) (sources.Source, error) {
	sel, err := newSelection(conf.Tables, conf.Exclude)
	if err != nil {
		return nil, err
	}
	tc, err := conf.TLS.Client()
	if err != nil {
		return nil, fmt.Errorf("mysql %s: tls: %w", env.Name, err)
	}
	if tc != nil && tc.ServerName == "" {
		if host, _, err := net.SplitHostPort(conf.Address); err == nil {
			tc.ServerName = host
		}
	}
	s := &source{conf: conf, env: env, sel: sel, tls: tc, serverID: conf.ServerID}
	if s.serverID == 0 {
		s.serverID = deriveServerID(s.identity())
	}
	s.status.phase("connecting")
	return s, nil
}

// identity is the same for every process that runs this source from this state folder, and differs between machines.
func (s *source) identity() [32]byte {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	dir, err := filepath.Abs(s.env.StateDir)
	if err != nil {
		dir = s.env.StateDir
	}
	return sha256.Sum256([]byte(host + "\x00" + dir + "\x00" + s.env.Name))
}

// deriveServerID keeps clear of the low numbers that people give to servers.
func deriveServerID(id [32]byte) uint32 {
	return binary.LittleEndian.Uint32(id[:])&0x3fffffff | 0x40000000
}

// reportHost is the name under which SHOW REPLICAS lists us.
func (s *source) reportHost() string {
	id := s.identity()
	return fmt.Sprintf("yamabiko-%.20s-%s", s.env.Name, hex.EncodeToString(id[:6]))
}

// Commit has nothing to tell a MySQL server: it keeps binlogs by time.
func (s *source) Commit(context.Context, event.Position) error { return nil }

// Status implements sources.Statuser.
func (s *source) Status() sources.Status { return s.status.snapshot() }

// Describe implements sources.Describer.
func (s *source) Describe(p event.Position) (identity, rule string, seq uint64) {
	v, err := parsePosition(p)
	if err != nil {
		return "", ruleName, 0
	}
	return v.Server, v.Rule, v.Seq
}
