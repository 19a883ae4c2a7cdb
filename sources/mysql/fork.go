package mysql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

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
	missing, err := missing(c, pos.GTID)
	if err != nil {
		return s.explain("compare GTID sets", err)
	}
	if missing != "" {
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

// missing returns which of a set of transactions the server does not have. It has those too that stand in its binlog and await a replica's
// answer before they may be seen (semi-sync AFTER_SYNC): the stream has passed them, gtid_executed lacks them, and their session owns them. What is
// owned is asked first, since a transaction moves from there to the executed ones.
func missing(c *client.Conn, set string) (string, error) {
	owned, err := scalar(c, "SELECT @@global.gtid_owned")
	if err != nil {
		return "", err
	}
	left, err := scalar(c, fmt.Sprintf("SELECT GTID_SUBTRACT(GTID_SUBTRACT('%s', @@global.gtid_executed), '%s')", set, unowned(clean(owned))))
	return clean(left), err
}

// unowned takes the owners out of gtid_owned, where a session's number follows each transaction: "uuid:5#12:6#13".
func unowned(owned string) string { return owner.ReplaceAllLiteralString(owned, "") }

var owner = regexp.MustCompile("#[0-9]+")

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
func (s *source) readBack(ctx context.Context, last *txMark) (found *txMark, err error) {
	parser := replication.NewBinlogParser()
	err = s.peek(ctx, gomysql.Position{Name: last.File, Pos: last.Start}, func(e *replication.BinlogEvent) (done bool, err error) {
		switch {
		case e.Header.EventType == replication.FORMAT_DESCRIPTION_EVENT:
			_, err := parser.Parse(e.RawData)
			return false, err
		case isGTID(e.Header.EventType):
			g, err := parseGTID(parser, e.RawData)
			if err == nil {
				m := newMark(g, e.Header, last.File)
				found = &m
			}
			return true, err
		}
		return e.Header.LogPos > 0, nil // anything else that stands in the file, or a heartbeat at its end; not the announcement of its name
	})
	var my *gomysql.MyError
	switch {
	case errors.As(err, &my) && my.Code == errFatalBinlog && strings.Contains(strings.ToLower(my.Message), "could not find"):
		return nil, errPurged
	case errors.As(err, &my) && my.Code == errFatalBinlog:
		return nil, nil // the offset lies beyond the file's end, or inside an event
	case err != nil:
		return nil, s.explain("read the last transaction back", err)
	}
	return found, nil
}

var errPurged = errors.New("binlog is purged")

func isGTID(t replication.EventType) bool {
	return t == replication.GTID_EVENT || t == replication.ANONYMOUS_GTID_EVENT || t == replication.GTID_TAGGED_LOG_EVENT
}
