package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/sources"
)

// contained proves that the server holds everything that was read so far and can still send everything that was not.
func (s *source) contained(c *client.Conn, srv *server, pos *position) error {
	if !srv.gtids() || pos.GTID == "" {
		return s.fileThere(c, srv, pos)
	}
	missing, err := scalar(c, fmt.Sprintf("SELECT GTID_SUBTRACT('%s', @@global.gtid_executed)", pos.GTID))
	if err != nil {
		return s.explain("compare GTID sets", err)
	}
	if missing = clean(missing); missing != "" {
		return sources.Permanent(fmt.Errorf("mysql %s: server %s lacks transactions that were read before (%.200s): it is another server, an older copy, or a "+
			"replica behind; connect to the right one, or read the tables again: yamabiko position set %s snapshot", s.env.Name, srv.uuid, missing, s.env.Name))
	}
	purged, err := scalar(c, fmt.Sprintf("SELECT GTID_SUBTRACT(@@global.gtid_purged, '%s')", pos.GTID))
	if err != nil {
		return s.explain("compare GTID sets", err)
	}
	if purged = clean(purged); purged != "" {
		return sources.Permanent(fmt.Errorf("mysql %s: the server has purged binlogs with transactions that were not read yet (%.200s): %s",
			s.env.Name, purged, s.purgedRemedy("purged")))
	}
	return nil
}

// fileThere is what can be proved without GTIDs: the file of the position exists on the same server.
func (s *source) fileThere(c *client.Conn, srv *server, pos *position) error {
	if srv.uuid != pos.Server {
		return sources.Permanent(fmt.Errorf("mysql %s: the server is now %s, the position is of %s, and without GTIDs it means nothing there: "+
			"yamabiko position set %s FILE:POS, or snapshot", s.env.Name, srv.uuid, pos.Server, s.env.Name))
	}
	rows, err := query(c, "SHOW BINARY LOGS")
	if err != nil {
		return s.explain("SHOW BINARY LOGS", err)
	}
	for _, r := range rows {
		if r[0] == pos.File {
			return nil
		}
	}
	return sources.Permanent(fmt.Errorf("mysql %s: binlog %s is gone: %s", s.env.Name, pos.File, s.purgedRemedy("purged")))
}

// forked tells why Seq has to rise, or "" (rules S3, S7), and whether what sinks hold may be of another history than the server's.
func (s *source) forked(ctx context.Context, srv *server, pos *position) (why string, reread bool, err error) {
	switch {
	case pos.Rule != ruleName:
		return fmt.Sprintf("the counting rule was %s and is %s", pos.Rule, ruleName), false, nil
	case pos.Server != srv.uuid:
		return fmt.Sprintf("the server was %s and is %s", pos.Server, srv.uuid), false, nil
	case s.env.Restored && !s.begun:
		return "the state folder was copied or restored", false, nil
	case pos.Last == nil:
		return "", false, nil
	}
	found, err := s.readBack(ctx, pos.Last)
	if errors.Is(err, errPurged) {
		return "", false, nil // expired while nothing new came; that the server holds its GTID was proved
	}
	if err != nil {
		return "", false, err
	}
	if found != nil && *found == *pos.Last {
		return "", false, nil
	}
	why = fmt.Sprintf("the last transaction read, %s at %s:%d, is another one now", pos.Last.GTID, pos.Last.File, pos.Last.Start)
	if s.conf.Snapshot.Mode == modeNever {
		return "", false, sources.Permanent(fmt.Errorf("mysql %s: %s: the server lost part of its history; with snapshot: never it cannot be read again: "+
			"yamabiko position set %s snapshot, with snapshot: initial", s.env.Name, why, s.env.Name))
	}
	return why, true, nil
}

// readBack reads the transaction that stands in the binlog where last stood; nil where no transaction begins there, errPurged
// where the file is gone.
func (s *source) readBack(ctx context.Context, last *txMark) (*txMark, error) {
	var found *txMark
	parser := replication.NewBinlogParser()
	handler := handlerFunc(func(e *replication.BinlogEvent) (err error) {
		if found, err = markOf(parser, e, last.File); err == nil && found != nil {
			err = errReadBack
		}
		return err
	})
	syncer := replication.NewBinlogSyncer(s.syncerConfig(func() {}, handler))
	streamer, err := syncer.StartSync(gomysql.Position{Name: last.File, Pos: last.Start})
	if err != nil {
		syncer.Close()
		return nil, s.explain("read the last transaction back", err)
	}
	wait, cancel := context.WithTimeout(ctx, readBackWait)
	defer cancel()
	_, err = streamer.GetEvent(wait)
	syncer.Close() // waits for the handler, so found is ours
	var my *gomysql.MyError
	switch {
	case found != nil:
		return found, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case wait.Err() != nil:
		return nil, nil // the file ends there: the transaction is gone
	case errors.As(err, &my) && my.Code == errFatalBinlog && strings.Contains(strings.ToLower(my.Message), "could not find"):
		return nil, errPurged
	case errors.As(err, &my) && my.Code == errFatalBinlog:
		return nil, nil // the offset lies beyond the file's end, or inside an event
	}
	return nil, s.explain("read the last transaction back", err)
}

// readBackWait is how long a server may take to send the event that it already has.
const readBackWait = 10 * time.Second

var (
	errReadBack = errors.New("read back")
	errPurged   = errors.New("binlog is purged")
)

// markOf returns the mark of a GTID event, nil for any other.
func markOf(p *replication.BinlogParser, e *replication.BinlogEvent, file string) (*txMark, error) {
	switch e.Header.EventType {
	case replication.FORMAT_DESCRIPTION_EVENT:
		_, err := p.Parse(e.RawData)
		return nil, err
	case replication.GTID_EVENT, replication.ANONYMOUS_GTID_EVENT, replication.GTID_TAGGED_LOG_EVENT:
		g, err := parseGTID(p, e.RawData)
		if err != nil {
			return nil, err
		}
		m := newMark(g, e.Header, file)
		return &m, nil
	}
	return nil, nil
}
