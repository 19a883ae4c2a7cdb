package mysql

import (
	"context"
	"errors"
	"fmt"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/sources"
)

var errPeeked = errors.New("seen enough")

// peek reads the binlog from an offset until event says that it is done. A server that has nothing more sends a heartbeat, so this ends.
func (s *source) peek(ctx context.Context, from gomysql.Position, event func(*replication.BinlogEvent) (done bool, err error)) error {
	syncer := replication.NewBinlogSyncer(s.syncerConfig(func() {}, handlerFunc(func(e *replication.BinlogEvent) error {
		done, err := event(e)
		if err == nil && done {
			err = errPeeked
		}
		return err
	})))
	streamer, err := syncer.StartSync(from)
	if err == nil {
		_, err = streamer.GetEvent(ctx)
	}
	syncer.Close() // waits for the handler
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errPeeked) {
		return nil
	}
	return err
}

// gtidsBefore finds out which transactions lie before an offset in the binlog: the file begins with the set of all before it. Of an
// offset inside a transaction that one is still to come.
func (s *source) gtidsBefore(ctx context.Context, at gomysql.Position) (string, error) {
	b := before{wire: newWire(), at: at.Pos, set: &gomysql.MysqlGTIDSet{}}
	if err := s.peek(ctx, gomysql.Position{Name: at.Name, Pos: 4}, b.event); err != nil {
		return "", s.explain(fmt.Sprintf("find the GTID set of %s:%d", at.Name, at.Pos), err)
	}
	if !b.found {
		return "", sources.Permanent(fmt.Errorf("mysql %s: no event begins or ends at %s:%d: SHOW BINLOG EVENTS IN '%s' lists where they do",
			s.env.Name, at.Name, at.Pos, at.Name))
	}
	return b.set.String(), nil
}

// before collects the GTIDs in front of an offset of one file.
type before struct {
	wire    *wire
	at      uint32
	set     *gomysql.MysqlGTIDSet
	pending func() // adds the transaction that is being passed
	end     uint32 // of the event before
	files   int    // announced so far
	found   bool   // the offset is where an event ends, or within the file's head
}

func (b *before) event(e *replication.BinlogEvent) (done bool, err error) {
	switch h := e.Header; {
	case h.EventType == replication.FORMAT_DESCRIPTION_EVENT:
		return false, b.wire.describe(e.RawData)
	case h.EventType == replication.ROTATE_EVENT && h.LogPos == 0:
		b.files++
		return b.files > 1, nil
	case h.LogPos == 0:
		return false, nil
	case h.EventType == replication.PREVIOUS_GTIDS_EVENT:
		body, err := b.wire.body(e.RawData)
		if err != nil {
			return false, err
		}
		b.end, b.found = h.LogPos, b.at <= h.LogPos
		b.set, err = gomysql.DecodeMysqlGTIDSet(body)
		return b.found, err
	}
	return b.next(e)
}

// next takes an event behind the file's head.
func (b *before) next(e *replication.BinlogEvent) (done bool, err error) {
	typ := e.Header.EventType
	rests := typ == replication.HEARTBEAT_EVENT || typ == replication.HEARTBEAT_LOG_EVENT_V2
	closes := typ == replication.ROTATE_EVENT || typ == replication.STOP_EVENT
	if (rests || closes || isGTID(typ)) && b.pending != nil {
		b.pending() // the transaction has ended
		b.pending = nil
	}
	if rests || b.end >= b.at {
		b.found = b.end == b.at
		return true, nil
	}
	b.end = e.Header.LogPos
	b.found = b.end == b.at
	if !isGTID(typ) || typ == replication.ANONYMOUS_GTID_EVENT {
		return closes, nil
	}
	g, err := parseGTID(b.wire.parser, e.RawData)
	if err != nil {
		return false, err
	}
	b.pending = func() { b.set.AddGTIDWithTag([16]byte(g.SID), g.Tag, g.GNO) }
	return false, nil
}
