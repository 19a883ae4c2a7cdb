package rowdec

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
	"yamabiko/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// logOf runs statements in one session and returns the rows events of schema db that they wrote.
func logOf(t testing.TB, db string, sql ...string) []rowsEvent {
	t.Helper()
	return parseLog(t, rawLog(t, testenv.MySQL(t), db, sql...), db)
}

// rawLog runs statements in one session and returns the binlog that they wrote, as a file: the format description and
// all that rows need.
func rawLog(t testing.TB, srv *testenv.MySQLServer, db string, sql ...string) []byte {
	t.Helper()
	before := binlogEnd(t, srv)
	srv.Exec(t, append([]string{"USE " + db}, sql...)...)
	return readLog(t, srv, before, binlogEnd(t, srv))
}

func binlogEnd(t testing.TB, srv *testenv.MySQLServer) mysql.Position {
	t.Helper()
	row := srv.Query(t, "SHOW BINARY LOG STATUS")[0]
	pos, err := strconv.ParseUint(row[1], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return mysql.Position{Name: row[0], Pos: uint32(pos)}
}

func readLog(t testing.TB, srv *testenv.MySQLServer, from, to mysql.Position) []byte {
	t.Helper()
	host, port, _ := strings.Cut(srv.Addr, ":")
	p, _ := strconv.ParseUint(port, 10, 16)
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{
		ServerID: uint32(time.Now().UnixNano()), Flavor: "mysql", Host: host, Port: uint16(p), User: srv.RootUser,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), RawModeEnabled: true,
	})
	defer syncer.Close()
	s, err := syncer.StartSync(from)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	file := slices.Clone(replication.BinLogFileHeader)
	for {
		ev, err := s.GetEvent(ctx)
		if err != nil {
			t.Fatal(err)
		}
		switch ev.Header.EventType {
		case replication.ROTATE_EVENT, replication.QUERY_EVENT, replication.XID_EVENT, replication.GTID_EVENT, replication.GTID_TAGGED_LOG_EVENT,
			replication.PREVIOUS_GTIDS_EVENT:
		default:
			file = append(file, ev.RawData...)
		}
		if syncer.GetNextPosition().Name == to.Name && ev.Header.LogPos >= to.Pos {
			return file
		}
	}
}

// infoPlan compiles a table as a snapshot does.
func infoPlan(t testing.TB, db, table string) (*Plan, error) {
	t.Helper()
	srv := testenv.MySQL(t)
	where := " WHERE TABLE_SCHEMA = '" + db + "' AND TABLE_NAME = '" + table + "'"
	var cols []InfoColumn
	for _, row := range srv.Query(t, "SELECT COLUMN_NAME, COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, '') FROM information_schema.COLUMNS"+
		where+" ORDER BY ORDINAL_POSITION") {
		cols = append(cols, InfoColumn{row[0], row[1], row[2]})
	}
	var key []string
	for _, row := range srv.Query(t, "SELECT COLUMN_NAME FROM information_schema.STATISTICS"+where+" AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX") {
		key = append(key, row[0])
	}
	return CompileInfo("shop", db, table, cols, key)
}

// snapshot reads a table's rows as a snapshot does.
func snapshot(t testing.TB, p *Plan, order string) *event.Batch {
	t.Helper()
	conn := testenv.MySQL(t).Conn(t)
	run(t, conn, "SET NAMES utf8mb4")
	run(t, conn, "SET time_zone = '+00:00'")
	tab := p.Table()
	res := run(t, conn, "SELECT "+strings.Join(p.SelectList(), ", ")+" FROM "+QuoteName(tab.Schema)+"."+QuoteName(tab.Name)+" ORDER BY "+order)
	b, s := &event.Batch{}, &Scratch{}
	for _, row := range res.RowDatas {
		if err := p.AppendTextRow(b, ReadHeader{Time: committed, Seq: 7}, cells(t, row), s); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func run(t testing.TB, conn *client.Conn, sql string) *mysql.Result {
	t.Helper()
	res, err := conn.Execute(sql)
	if err != nil {
		t.Fatalf("%.300s: %v", sql, err)
	}
	return res
}

func cells(t testing.TB, row []byte) (out [][]byte) {
	t.Helper()
	for len(row) > 0 {
		v, null, n, err := mysql.LengthEncodedString(row)
		if err != nil {
			t.Fatal(err)
		}
		if row = row[n:]; null {
			v = nil
		} else if v == nil {
			v = []byte{}
		}
		out = append(out, v)
	}
	return out
}
