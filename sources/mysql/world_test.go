package mysql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"testing"
	"time"

	"yamabiko/config"
	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sources"
	"yamabiko/sources/sourcetest"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// patience bounds every wait of these tests.
const patience = 60 * time.Second

// world is a source that runs against a real server, with what it emitted.
type world struct {
	t       *testing.T
	srv     *testenv.MySQLServer
	db      string
	conf    Config
	env     sources.Env
	src     *source
	rec     *sourcetest.Recorder
	letters chan sources.DeadLetter
	cancel  func()
	ended   chan struct{} // closed when the run is over
	err     error
}

// newWorld makes a fresh database on srv and a source that watches all of it.
func newWorld(t *testing.T, srv *testenv.MySQLServer) *world {
	w := &world{t: t, srv: srv, db: srv.DB(t), conf: defaults, rec: &sourcetest.Recorder{}, letters: make(chan sources.DeadLetter, 100)}
	w.conf.Address, w.conf.User, w.conf.Password = srv.Addr, srv.User, config.NewSecret(srv.Password)
	w.conf.Tables = []string{w.db + ".*"}
	w.env = sources.Env{
		Name: "shop", StateDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		Limits: sources.Limits{Row: 64 << 20, InFlight: 64 << 20},
		Reject: func(_ context.Context, d sources.DeadLetter) error { w.letters <- d; return nil },
		Count:  func(string, string, event.Op, int) {},
	}
	return w
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// sql runs statements in the world's database.
func (w *world) sql(stmts ...string) {
	w.t.Helper()
	w.srv.Exec(w.t, append([]string{"USE " + w.db}, stmts...)...)
}

// start runs the source from a position.
func (w *world) start(from event.Position) {
	w.t.Helper()
	if err := w.conf.Check(); err != nil {
		w.t.Fatal(err)
	}
	src, err := open(w.conf, w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	w.src = src.(*source)
	ctx, cancel := context.WithCancel(w.t.Context())
	w.cancel, w.ended = cancel, make(chan struct{})
	ended := w.ended
	go func() {
		w.err = src.Run(ctx, from, w.rec)
		close(ended)
	}()
	w.t.Cleanup(w.stop)
}

// stop ends the run and waits for it.
func (w *world) stop() {
	if w.cancel == nil {
		return
	}
	w.cancel()
	w.cancel = nil
	if err := w.end(); err != nil && !errors.Is(err, context.Canceled) {
		w.t.Errorf("run: %v", err)
	}
}

// end waits until the run is over.
func (w *world) end() error {
	w.t.Helper()
	select {
	case <-w.ended:
		return w.err
	case <-time.After(patience):
		w.t.Fatal("the source does not end")
		return nil
	}
}

// wait waits until cond holds of what was emitted.
func (w *world) wait(what string, cond func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	ended := w.ended
	go func() { // not to wait for a run that has ended
		select {
		case <-ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := w.rec.WaitFor(ctx, func(*sourcetest.Recorder) bool { return cond() })
	for _, p := range w.rec.Problems() {
		w.t.Errorf("malformed: %v", p)
	}
	if err != nil {
		select {
		case <-w.ended:
			w.t.Fatalf("%s: %v; the source ended: %v", what, err, w.err)
		default:
			w.t.Fatalf("%s: %v; status %+v", what, err, w.src.Status())
		}
	}
}

// synced waits until the sink that keeps the highest Seq of each key equals the tables.
func (w *world) synced(tables ...string) {
	w.t.Helper()
	var got, want string
	marker := fmt.Sprintf("marker_%d", time.Now().UnixNano())
	w.sql("CREATE TABLE "+marker+" (id INT PRIMARY KEY)", "INSERT INTO "+marker+" VALUES (1)")
	w.wait("marker row", func() bool { return w.came(marker, 1) > 0 })
	w.sql("INSERT INTO " + marker + " VALUES (2)") // the first may have come by the snapshot, ahead of the stream
	w.wait("marker row in the stream", func() bool { return w.done(w.came(marker, 2)) })
	w.sql("DROP TABLE " + marker)
	for _, table := range tables {
		got, want = mirror(w.rec.Events(), table), w.rows(table)
		if got != want {
			w.t.Errorf("table %s: the sink has\n%s\nand the table\n%s", table, got, want)
		}
	}
}

// came tells how many events there were when a marker's row had come; 0 if it has not.
func (w *world) came(table string, id byte) int {
	for i, e := range w.rec.Events() {
		if e.Table.Name == table && len(e.Key) > 0 && e.Key[len(e.Key)-1] == id {
			return i + 1
		}
	}
	return 0
}

// done tells whether a position behind the first n events was emitted by which no table waits to be read.
func (w *world) done(n int) bool {
	marks := w.rec.Marks()
	if n == 0 || len(marks) == 0 || marks[len(marks)-1].Events < n {
		return false
	}
	var p position
	if json.Unmarshal(marks[len(marks)-1].Pos, &p) != nil {
		return false
	}
	return len(p.unfinished()) == 0 && len(p.Look) == 0
}

// rows gives a table's rows as JSON text, made by the server, sorted.
func (w *world) rows(table string) string {
	cols := w.srv.Query(w.t, fmt.Sprintf("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='%s' AND TABLE_NAME='%s' ORDER BY ORDINAL_POSITION", w.db, table))
	var parts []string
	for _, c := range cols {
		parts = append(parts, fmt.Sprintf("'%s', `%s`", c[0], c[0]))
	}
	var lines []string
	for _, r := range w.srv.Query(w.t, fmt.Sprintf("SELECT JSON_OBJECT(%s) FROM %s.%s", strings.Join(parts, ","), w.db, table)) {
		lines = append(lines, canonical(r[0]))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// mirror is what a versioned sink holds of a table after all events.
func mirror(events []sourcetest.Event, table string) string {
	type doc struct {
		seq  uint64
		text string
	}
	docs := map[string]doc{}
	for _, e := range events {
		if e.Table.Name != table {
			continue
		}
		if e.Op == event.Sweep {
			for k, d := range docs {
				if d.seq < e.Seq {
					delete(docs, k)
				}
			}
			continue
		}
		if d, ok := docs[string(e.Key)]; ok && d.seq > e.Seq {
			continue
		}
		d := doc{seq: e.Seq}
		if e.Op != event.Delete {
			b, err := event.AppendJSON(nil, e.Record)
			if err != nil {
				b = []byte(err.Error())
			}
			d.text = canonical(string(b))
		}
		docs[string(e.Key)] = d
	}
	var lines []string
	for _, d := range docs {
		if d.text != "" {
			lines = append(lines, d.text)
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// canonical sorts an object's keys.
func canonical(text string) string {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	b, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(b)
}
