package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yamabiko/admin"
	"yamabiko/checkpoint"
	"yamabiko/config"
	"yamabiko/internal/faultfs"
	"yamabiko/internal/testenv"
	"yamabiko/sinks"
	"yamabiko/sinks/elasticsearch"
	"yamabiko/sinks/file"
	"yamabiko/sinks/null"
	"yamabiko/sources"
	"yamabiko/sources/generate"
	"yamabiko/sources/mysql"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// patience bounds every wait of these tests; a condition ends it sooner.
const patience = 90 * time.Second

// world is an engine in this process with its state folder, and what it logged.
type world struct {
	t     *testing.T
	dir   string // STATE is dir/state
	url   string // of the admin server
	yaml  string // sources, routes and sinks
	drain string // how long a stop may take
	fs    *faultfs.Injector
	reg   Registry
	log   *logBuffer
	e     *Engine
	end   func()
	ended chan error
}

// newWorld takes a configuration without its state, admin and version.
func newWorld(t *testing.T, yaml string) *world {
	t.Helper()
	port, err := testenv.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: t.TempDir(), yaml: yaml, drain: "30s", fs: faultfs.NewInjector(), log: &logBuffer{}}
	w.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	w.reg = Registry{
		Sources: []sources.Plugin{generate.Plugin(), mysql.Plugin()},
		Sinks:   []sinks.Plugin{elasticsearch.Plugin(), file.Plugin(), null.Plugin()},
	}
	t.Setenv("CDC_PASSWORD", "cdc")
	return w
}

func (w *world) state(elem ...string) string {
	return filepath.Join(append([]string{w.dir, "state"}, elem...)...)
}

// load reads the configuration.
func (w *world) load() *config.File {
	w.t.Helper()
	path := filepath.Join(w.dir, "yamabiko.yaml")
	text := fmt.Sprintf("state: {dir: %s}\nadmin: {listen: %q, stall_after: 1s}\nstop: {drain: %s}\n%s",
		w.state(), strings.TrimPrefix(w.url, "http://"), w.drain, w.yaml)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	conf, err := config.Load(path, w.reg.Config())
	if err != nil {
		w.t.Fatal(err)
	}
	return conf
}

// open makes the engine without running it.
func (w *world) open(conf *config.File) error {
	var err error
	logger := slog.New(slog.NewTextHandler(io.MultiWriter(w.log, testLog{w.t}), nil))
	w.e, err = New(conf, Options{Registry: w.reg, Log: func(c string) *slog.Logger { return logger.With("component", c) }, FS: w.fs, Version: "test"})
	return err
}

// start runs the engine until stop, or the test's end.
func (w *world) start() {
	w.t.Helper()
	w.startWith(w.load())
}

func (w *world) startWith(conf *config.File) {
	w.t.Helper()
	if err := w.open(conf); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	w.ended = ended
	go func() { ended <- w.e.Run(ctx) }()
	w.end = cancel
	w.t.Cleanup(func() {
		if w.ended == ended {
			w.stop()
		}
	})
}

// stop ends the run in order.
func (w *world) stop() {
	w.t.Helper()
	w.end()
	if err := w.wait(); err != nil {
		w.t.Errorf("run: %v", err)
	}
}

// wait waits until the run is over.
func (w *world) wait() error {
	w.t.Helper()
	select {
	case err := <-w.ended:
		w.ended = nil
		return err
	case <-time.After(patience):
		w.t.Fatal("the engine does not end")
		return nil
	}
}

// until waits for a condition.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !cond() {
		select {
		case <-tick.C:
		case <-end:
			w.t.Fatalf("%s: not in %s; problems %q", what, patience, w.problems())
		case err := <-w.ended: // nil, which never comes, while nothing runs
			w.t.Fatalf("%s: the engine ended: %v", what, err)
		}
	}
}

// get asks the admin server; 0 means that it does not answer.
func (w *world) get(path string) (int, string) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(w.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// problems are what /readyz gives as reasons; none while it is ready.
func (w *world) problems() []string {
	code, body := w.get("/readyz")
	var r struct {
		Ready    bool
		Problems []admin.Problem
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return []string{fmt.Sprintf("%d %s", code, body)}
	}
	if r.Ready != (code == http.StatusOK) || r.Ready != (len(r.Problems) == 0) {
		w.t.Errorf("readyz contradicts itself: %d %s", code, body)
	}
	var all []string
	for _, p := range r.Problems {
		all = append(all, p.Source+p.Sink+": "+p.Reason)
	}
	return all
}

// ready waits until readyz is true.
func (w *world) ready() {
	w.t.Helper()
	w.until("ready", func() bool { return len(w.problems()) == 0 })
}

// complains waits until readyz gives a reason that holds all these words.
func (w *world) complains(words ...string) {
	w.t.Helper()
	w.until(fmt.Sprintf("readyz says %q", words), func() bool {
		for _, p := range w.problems() {
			if containsAll(p, words) {
				return true
			}
		}
		return false
	})
}

// logged wants a line of the log that holds all these words.
func (w *world) logged(words ...string) {
	w.t.Helper()
	w.until(fmt.Sprintf("the log says %q", words), func() bool { return w.log.lines(words...) > 0 })
}

func containsAll(s string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(s, word) {
			return false
		}
	}
	return true
}

// saved is what is saved of a source.
func (w *world) saved(source string) checkpoint.State {
	w.t.Helper()
	st, _, err := checkpoint.Load(w.state(), source, faultfs.OS{})
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

// savesNow makes every source save what may be saved at this moment.
func (w *world) savesNow() {
	w.t.Helper()
	for _, p := range w.e.sources {
		p.settleSuspect()
		if err := p.save(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// logBuffer keeps a log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// lines counts the lines that hold all these words.
func (l *logBuffer) lines(words ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		// What slog quotes is read without its backslashes.
		if containsAll(strings.ReplaceAll(line, `\"`, `"`), words) {
			n++
		}
	}
	return n
}

type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

var errTest = errors.New("the test wants it so")

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
