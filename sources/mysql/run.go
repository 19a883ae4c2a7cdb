package mysql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
	"yamabiko/sources"
)

// Run implements sources.Source: it finds out where to start, then streams, and reads tables beside the stream, until one of the two
// fails or ctx ends.
func (s *source) Run(ctx context.Context, from event.Position, out sources.Emitter) (err error) {
	s.status.set(func(v *sources.Status) {
		v.Phase, v.CaughtUp, v.LagKnown, v.AtTip, v.LagBytes = "connecting", false, false, false, -1
	})
	defer func() {
		s.status.set(func(v *sources.Status) {
			v.Err, v.LagKnown, v.AtTip = err, false, false
			if err != nil && ctx.Err() == nil {
				v.Phase = "stopped"
			}
		})
	}()
	st, err := s.prepare(ctx, from, out)
	if err != nil {
		return err
	}
	s.setStream(st)
	defer st.end()
	return st.run(ctx)
}

func (s *source) setStream(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream = st
}

// prepare asks the server who it is, decides where the stream starts and saves that where Seq rises.
func (s *source) prepare(ctx context.Context, from event.Position, out sources.Emitter) (*stream, error) {
	c, srv, done, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := s.refuse(srv); err != nil {
		return nil, err
	}
	if err := s.clash(c); err != nil {
		return nil, err
	}
	pos, rose, err := s.start(ctx, c, srv, from)
	if err != nil {
		return nil, err
	}
	st, err := s.newStream(c, srv, pos, out)
	if err != nil {
		return nil, err
	}
	if err := st.discover(c); err != nil {
		return nil, err
	}
	if rose || from == nil {
		if err := out.Sync(ctx, st.position()); err != nil {
			return nil, err
		}
	}
	s.begun = true
	s.env.Log.Info("streaming", "server", srv.uuid, "version", srv.version, "file", pos.File, "pos", pos.Pos, "seq", pos.Seq)
	return st, nil
}

func (s *source) newStream(c *client.Conn, srv *server, pos *position, out sources.Emitter) (*stream, error) {
	gtids, err := parseGTIDs(pos.GTID)
	if err != nil {
		return nil, err
	}
	charsets, err := loadCharsets(c)
	if err != nil {
		return nil, s.explain("read the server's collations", err)
	}
	st := &stream{
		source: s, pos: *pos, gtids: gtids, seq: pos.Seq, file: pos.File, moved: true, charsets: charsets,
		maps: map[uint64]*mapped{}, tables: map[string]*table{}, wake: make(chan struct{}, 1), wire: newWire(),
	}
	st.folded = srv.folded
	st.out = outbox{emit: out, pool: &s.pool}
	st.tail.dirty = true
	if srv.gtids() {
		st.file = "" // the saved name may be another server's; the first event tells
	}
	st.byGTID, st.tip, st.ended, st.passed = srv.gtids(), gomysql.Position{Name: srv.file, Pos: srv.pos}, make(chan struct{}), make(chan struct{})
	if st.byGTID {
		if st.behind, err = parseGTIDs(srv.executed); err != nil {
			return nil, err
		}
		if srv.owned != "" { // in the binlog, perhaps, and so in what a former run has passed
			if err := st.behind.Update(srv.owned); err != nil {
				return nil, fmt.Errorf("gtid_owned %.80q: %w", srv.owned, err)
			}
		}
	}
	s.status.set(func(v *sources.Status) { v.Seq = pos.Seq })
	st.caughtUp(pos.Pos)
	return st, nil
}

// run streams and reads tables until one of them ends; the other is stopped then and waited for.
func (st *stream) run(ctx context.Context) error {
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	for _, f := range []func(context.Context) error{st.replicate, st.readTables} {
		wg.Go(func() { errs <- f(both); cancel() })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // not what came of closing a connection for it
	}
	first, second := <-errs, <-errs
	if first == nil || errors.Is(first, context.Canceled) && second != nil {
		first = second
	}
	return first
}

// replicate feeds the stream from the server: go-mysql's goroutine reads, one of ours decodes.
func (st *stream) replicate(ctx context.Context) error {
	q := newIntake()
	syncer := replication.NewBinlogSyncer(st.syncerConfig(
		func() { _ = q.put(nil) }, // closed: there is nothing to flush any more
		handlerFunc(q.put)))
	defer syncer.Close()
	defer q.close() // before the syncer, whose goroutine may wait for room
	streamer, err := st.startSync(syncer)
	if err != nil {
		return st.explain("start replication", err)
	}
	st.status.phase("streaming")
	received, stop := context.WithCancel(ctx)
	defer stop()
	var decoder sync.WaitGroup
	decoder.Go(func() { st.consume(ctx, q, stop) })
	_, err = streamer.GetEvent(received) // events go to the handler; only the end comes here
	q.end()                              // what was received before a connection broke is handled: it need not come again
	decoder.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.failed != nil {
		return st.failed // our own error, without go-mysql's wrapping
	}
	return st.explain("replication", err)
}

func (st *stream) startSync(syncer *replication.BinlogSyncer) (*replication.BinlogStreamer, error) {
	if st.byGTID {
		return syncer.StartSyncGTID(st.gtids.Clone())
	}
	return syncer.StartSync(gomysql.Position{Name: st.pos.File, Pos: st.pos.Pos})
}

// syncerConfig takes events raw: what we need of them we parse, or have parsed, ourselves.
func (s *source) syncerConfig(idle func(), h replication.EventHandler) replication.BinlogSyncerConfig {
	cfg := replication.BinlogSyncerConfig{
		ServerID: s.serverID, Flavor: gomysql.MySQLFlavor, User: s.conf.User, Password: s.conf.Password.Value(), Localhost: s.reportHost(),
		RawModeEnabled: true, DisableRetrySync: true, DiscardGTIDSet: true, TLSConfig: s.tlsConfig(), HeartbeatPeriod: heartbeat,
		SynchronousEventHandler: h, EventCacheCount: 1, Logger: slog.New(slog.DiscardHandler),
		Option: func(c *client.Conn) error {
			// A sink that stands still for longer than the default minute shall not end the dump.
			_, err := c.Execute("SET SESSION net_write_timeout = 31536000")
			return err
		},
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			d := net.Dialer{Timeout: s.conf.ConnectTimeout.Std()}
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &watchedConn{Conn: c, idle: idle, timeout: s.conf.ReadTimeout.Std()}, nil
		},
	}
	cfg.Host = s.conf.Address
	if host, port, err := net.SplitHostPort(s.conf.Address); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			cfg.Host, cfg.Port = host, uint16(n)
		}
	}
	return cfg
}

type handlerFunc func(*replication.BinlogEvent) error

// HandleEvent implements replication.EventHandler.
func (f handlerFunc) HandleEvent(e *replication.BinlogEvent) error { return f(e) }

// start decides where the stream starts, and whether Seq has risen (rules S1, S3).
func (s *source) start(ctx context.Context, c *client.Conn, srv *server, from event.Position) (*position, bool, error) {
	now := time.Now()
	pos := &position{Fresh: true}
	if from != nil {
		var err error
		if pos, err = parsePosition(from); err != nil {
			return nil, false, sources.Permanent(fmt.Errorf("mysql %s: %w", s.env.Name, err))
		}
	}
	if pos.Fresh {
		if s.conf.Snapshot.Mode == modeInitial && !srv.gtids() {
			return nil, false, sources.Permanent(fmt.Errorf("mysql %s: gtid_mode is %s, so a snapshot could not be proved to hold what the stream has passed: "+
				"turn GTIDs on (SET PERSIST enforce_gtid_consistency = ON; then gtid_mode OFF_PERMISSIVE, ON_PERMISSIVE, ON, one step at a time), "+
				"or set snapshot: never", s.env.Name, srv.gtidMode))
		}
		return &position{Version: 1, Rule: ruleName, Server: srv.uuid, GTID: srv.executed, File: srv.file, Pos: srv.pos,
			Seq: rise(pos.Seq, now), Tables: map[string]*tableProgress{}}, true, nil
	}
	if err := s.complete(ctx, srv, pos); err != nil {
		return nil, false, err
	}
	if err := s.contained(c, srv, pos); err != nil {
		return nil, false, err
	}
	why, reread, err := s.forked(ctx, srv, pos)
	if err != nil {
		return nil, false, err
	}
	if why != "" {
		s.env.Log.Warn("the upstream's history may have forked: Seq rises", "why", why, "reread", reread)
		pos.Seq, pos.Rule, pos.Server, pos.Last = rise(pos.Seq, now), ruleName, srv.uuid, nil
	}
	for key, t := range pos.Tables {
		// A stopped table is read again when the process starts, which is a person's doing; not when a connection is made again.
		switch {
		case pos.undecided(key):
			t.Heal = t.Heal || !s.begun
		case reread || t.State == tableStopped && !s.begun:
			*t = tableProgress{State: tableWaiting}
		}
	}
	return pos, why != "", nil
}

// complete fills in what a position that a person set leaves open.
func (s *source) complete(ctx context.Context, srv *server, pos *position) (err error) {
	if pos.Server == "" {
		pos.Server = srv.uuid
	}
	if pos.GTID == "" && pos.File != "" && srv.gtids() {
		pos.GTID, err = s.gtidsBefore(ctx, gomysql.Position{Name: pos.File, Pos: pos.Pos})
	}
	return err
}
