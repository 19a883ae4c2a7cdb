// Package testenv starts real servers for tests: MySQL, Elasticsearch and OpenSearch, each private to this machine's
// loopback. They are installed on first use into a cache (scripts/*.sh tell how), or run as containers where an engine
// runs. MySQL and Elasticsearch are shared by the tests of a run; a test that stops, kills or sets up a server has its own.
//
// Environment:
//
//	YAMABIKO_TEST_MYSQL       host:port of a shared MySQL that runs already (users: see MySQLServer)
//	YAMABIKO_TEST_ES          URL of a shared Elasticsearch that runs already
//	YAMABIKO_TEST_OPENSEARCH  URL of a shared OpenSearch that runs already
//	YAMABIKO_CACHE            where servers are installed; default: yamabiko in the user's cache folder
//	YAMABIKO_ENGINE           docker or podman; "none" for no containers; default: whichever answers
package testenv

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"
)

// startLimit is how long a server may take until it answers, once installed. Two busy cores need a fraction of it.
const startLimit = 3 * time.Minute

// Main runs a package's tests, stops the servers that they shared, and exits. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	sharedMySQL.close()
	sharedES.close()
	sharedOS.close()
	closeRunDir()
	os.Exit(code)
}

// What the tests of this process share. A test process is the one place that has such state: go test gives a package
// no other way to pass something from test to test.
var (
	sharedMySQL = lazy[*MySQLServer]{env: "YAMABIKO_TEST_MYSQL", attach: attachMySQL, start: StartMySQL}
	sharedES    = lazy[*ESServer]{env: "YAMABIKO_TEST_ES", attach: attachES, start: StartElasticsearch}
	sharedOS    = lazy[*ESServer]{env: "YAMABIKO_TEST_OPENSEARCH", attach: attachES, start: StartOpenSearch}
)

// lazy is a server that is started, or found through its variable, when a test first asks for it.
type lazy[S interface{ Close() }] struct {
	env    string
	attach func(addr string) (S, error)
	start  func(ctx context.Context, dir string, port int, options ...string) (S, error)

	once    sync.Once
	server  S
	err     error
	started bool
}

func (l *lazy[S]) get(t testing.TB) S {
	t.Helper()
	l.once.Do(func() {
		if addr := os.Getenv(l.env); addr != "" {
			l.server, l.err = l.attach(addr)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		l.server, l.err = startInRunDir(ctx, l.start)
		l.started = l.err == nil
	})
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l.server
}

func (l *lazy[S]) close() {
	if l.started {
		l.server.Close()
	}
}

// private starts a server for one test and stops it when the test ends.
func private[S interface{ Close() }](t testing.TB, start func(context.Context, string, int, ...string) (S, error), options []string) S {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	server, err := startInRunDir(ctx, func(ctx context.Context, dir string, port int, _ ...string) (S, error) {
		return start(ctx, dir, port, options...)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// startInRunDir starts a server with a port of its own and a folder that goes when this process ends.
func startInRunDir[S any](ctx context.Context, start func(context.Context, string, int, ...string) (S, error)) (server S, err error) {
	run, err := runDir()
	if err != nil {
		return server, err
	}
	dir, err := os.MkdirTemp(run, "server-")
	if err != nil {
		return server, err
	}
	port, err := FreePort()
	if err != nil {
		return server, err
	}
	return start(ctx, dir, port)
}
