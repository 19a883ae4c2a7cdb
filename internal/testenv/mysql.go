package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/go-mysql-org/go-mysql/mysql"
)

// MySQLServer is a MySQL 9 with row-based binlog, full metadata and GTIDs. DataDir holds its binlogs and the
// certificates that it made for itself (ca.pem, client-cert.pem, client-key.pem).
type MySQLServer struct {
	server
	Addr     string // 127.0.0.1:port
	Socket   string // the path of its Unix socket
	RootUser string // root, without a password, from loopback
	User     string // may read all tables and the binlog, no more
	Password string // of User, which authenticates with caching_sha2_password
}

// MySQL returns the server that the tests of this run share.
func MySQL(t testing.TB) *MySQLServer {
	t.Helper()
	return sharedMySQL.get(t)
}

// PrivateMySQL starts a server for this test alone, with more options for mysqld ("--gtid-mode=OFF").
func PrivateMySQL(t testing.TB, options ...string) *MySQLServer {
	t.Helper()
	s := private(t, StartMySQL, options)
	s.t = t
	return s
}

// StartMySQL starts a server on port with its data in dir, which it makes or finds there, and returns once the server
// answers. The server ends with Close, or with this process.
func StartMySQL(ctx context.Context, dir string, port int, options ...string) (*MySQLServer, error) {
	if err := install(ctx, "mysql"); err != nil {
		return nil, err
	}
	s := newMySQL(fmt.Sprintf("127.0.0.1:%d", port), filepath.Join(dir, "data"))
	s.options = options
	s.p = &process{kind: "mysql", dir: dir, port: port, ready: func(ctx context.Context) error {
		conn, err := s.connect(ctx, "")
		if err != nil {
			return err
		}
		return conn.Close()
	}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("testenv: %w", err)
	}
	return s, s.p.start(ctx, options)
}

// attachMySQL finds what there is to know about a server that runs already.
func attachMySQL(addr string) (*MySQLServer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s := newMySQL(addr, "")
	conn, err := s.connect(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("testenv: YAMABIKO_TEST_MYSQL: %w", err)
	}
	defer conn.Close()
	res, err := conn.Execute("SELECT @@datadir, @@socket")
	if err != nil {
		return nil, fmt.Errorf("testenv: YAMABIKO_TEST_MYSQL: %w", err)
	}
	row := rows(res)[0]
	s.DataDir, s.Socket = filepath.Clean(row[0]), row[1]
	if !filepath.IsAbs(s.Socket) {
		s.Socket = filepath.Join(s.DataDir, s.Socket)
	}
	return s, nil
}

func newMySQL(addr, dataDir string) *MySQLServer {
	return &MySQLServer{
		server: server{DataDir: dataDir}, Addr: addr, Socket: filepath.Join(dataDir, "mysql.sock"),
		RootUser: "root", User: "cdc", Password: "cdc",
	}
}

func (s *MySQLServer) connect(ctx context.Context, db string) (*client.Conn, error) {
	conn, err := client.ConnectWithContext(ctx, s.Addr, s.RootUser, "", db, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connect to mysql at %s: %w", s.Addr, err)
	}
	return conn, nil
}

// Conn opens a session of root which the test may keep; it is closed when the test ends.
func (s *MySQLServer) Conn(t testing.TB) *client.Conn {
	t.Helper()
	conn, err := s.connect(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	return conn
}

// Exec runs statements as root, one after the other in one session of their own.
func (s *MySQLServer) Exec(t testing.TB, sql ...string) {
	t.Helper()
	s.run(t, sql...)
}

// Query runs one statement as root and returns its rows as text; NULL is "NULL".
func (s *MySQLServer) Query(t testing.TB, sql string) [][]string {
	t.Helper()
	return rows(s.run(t, sql))
}

// run returns the last statement's result.
func (s *MySQLServer) run(t testing.TB, sql ...string) (res *mysql.Result) {
	t.Helper()
	conn, err := s.connect(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, stmt := range sql {
		if res, err = conn.Execute(stmt); err != nil {
			t.Fatalf("%.300s: %v", stmt, err)
		}
	}
	return res
}

func rows(res *mysql.Result) [][]string {
	if res.Resultset == nil {
		return nil
	}
	out := make([][]string, len(res.Values))
	for i, row := range res.Values {
		for _, v := range row {
			text := v.String()
			if v.Type == mysql.FieldValueTypeString {
				text = string(v.AsString()) // without quotes
			}
			out[i] = append(out[i], text)
		}
	}
	return out
}

// names numbers the databases and prefixes of this process.
var names atomic.Uint64

// DB makes a database for this test and returns its name; it is dropped when the test ends.
func (s *MySQLServer) DB(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d_%d", os.Getpid(), names.Add(1))
	s.Exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		conn, err := s.connect(context.Background(), "")
		if err != nil {
			return // stopped by its test: the data folder goes too
		}
		defer conn.Close()
		if _, err := conn.Execute("DROP DATABASE IF EXISTS " + name); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return name
}

// String says what is running, and where.
func (s *MySQLServer) String() string {
	conn, err := s.connect(context.Background(), "")
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	return fmt.Sprintf("MySQL %s at %s", conn.GetServerVersion(), s.Addr)
}
