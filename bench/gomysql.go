package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// peer is what the two go-mysql contenders are told: which server, from where, and how many transactions are to come.
type peer struct {
	cfg  replication.BinlogSyncerConfig
	from string
	txs  int
}

func parsePeer(args []string) (p peer, err error) {
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	addr := f.String("mysql", "", "host:port")
	f.StringVar(&p.from, "from", "", "GTID set")
	f.IntVar(&p.txs, "txs", 0, "transactions")
	if err := f.Parse(args); err != nil {
		return p, err
	}
	host, port, err := net.SplitHostPort(*addr)
	if err != nil {
		return p, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	p.cfg = replication.BinlogSyncerConfig{
		ServerID: 990099, Flavor: mysql.MySQLFlavor, Host: host, Port: uint16(n), User: "cdc", Password: "cdc",
		Logger: slog.New(slog.DiscardHandler),
	}
	return p, err
}

func (p peer) start() (*replication.BinlogSyncer, *replication.BinlogStreamer, error) {
	set, err := mysql.ParseMysqlGTIDSet(p.from)
	if err != nil {
		return nil, nil, err
	}
	syncer := replication.NewBinlogSyncer(p.cfg)
	streamer, err := syncer.StartSyncGTID(set)
	return syncer, streamer, err
}

// decodeRole is go-mysql as it comes: GetEvent, every row decoded into []any and thrown away.
func decodeRole(ctx context.Context, args []string) error {
	p, err := parsePeer(args)
	if err != nil {
		return err
	}
	syncer, streamer, err := p.start()
	if err != nil {
		return err
	}
	defer syncer.Close()
	for p.txs > 0 {
		e, err := streamer.GetEvent(ctx)
		if err != nil {
			return err
		}
		if e.Header.EventType == replication.XID_EVENT {
			p.txs--
		}
	}
	return nil
}

// errEnough ends a replication that has shown all.
var errEnough = errors.New("enough")

// rawRole is go-mysql at its least: raw mode and the synchronous handler, nothing decoded.
func rawRole(ctx context.Context, args []string) error {
	p, err := parsePeer(args)
	if err != nil {
		return err
	}
	p.cfg.RawModeEnabled, p.cfg.DisableRetrySync = true, true
	p.cfg.SynchronousEventHandler = &countTxs{left: p.txs}
	syncer, streamer, err := p.start()
	if err != nil {
		return err
	}
	defer syncer.Close()
	if _, err := streamer.GetEvent(ctx); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

type countTxs struct{ left int }

// HandleEvent implements replication.EventHandler.
func (c *countTxs) HandleEvent(e *replication.BinlogEvent) error {
	if e.Header.EventType == replication.XID_EVENT {
		if c.left--; c.left == 0 {
			return errEnough
		}
	}
	return nil
}
