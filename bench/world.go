package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
)

// world is what all parts share: the servers, the backlog in the binlog, and the table that comes out.
type world struct {
	options
	self  string // this program
	dir   string // for configurations, states and recorded bodies; removed at the end
	db    *client.Conn
	table *table
	rss   map[string]int64 // peak of the product by part, in bytes

	whole string // GTID set before the backlog's first transaction
	tail  string // before those for Elasticsearch
}

func newWorld(opt options) (*world, error) {
	w := &world{options: opt, table: newTable(), rss: map[string]int64{}}
	var err error
	if w.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if w.dir, err = os.MkdirTemp("", "yamabiko-bench-"); err != nil {
		return nil, err
	}
	if w.db, err = w.connect(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(w.dir))
	}
	return w, nil
}

func (w *world) connect() (*client.Conn, error) { return client.Connect(w.mysql, "root", "", "") }

func (w *world) close() {
	_ = w.db.Close()
	if err := os.RemoveAll(w.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// part is one of the measurements that can be asked for.
type part struct {
	letters string
	measure func(context.Context) error
}

func (w *world) measure(ctx context.Context) error {
	for _, p := range []part{
		{"ab", w.loadBacklog}, {"a", w.drain}, {"b", w.stub}, {"b", w.elasticsearch}, {"c", w.latency}, {"d", w.large},
	} {
		if !strings.ContainsAny(w.only, p.letters) {
			continue
		}
		begin := time.Now()
		if err := p.measure(ctx); err != nil {
			return err
		}
		say("that took %s", time.Since(begin).Round(time.Second))
	}
	w.reportRSS()
	return nil
}

// reportRSS adds the largest of the peaks that the parts noted.
func (w *world) reportRSS() {
	var most int64
	var all []string
	for _, part := range []string{"drain", "stub", "elasticsearch", "latency", "1 GB transaction"} {
		if n := w.rss[part]; n > 0 {
			most = max(most, n)
			all = append(all, fmt.Sprintf("%s %.0f", part, mb(n)))
		}
	}
	w.table.add("d", "peak RSS (VmHWM) in all of it: "+strings.Join(all, ", "), fmt.Sprintf("%.0f MB", mb(most)), "below 150 MB", mb(most) < 150)
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// executed is the GTID set of all that is committed.
func (w *world) executed() (string, error) {
	r, err := w.db.Execute("SELECT @@GLOBAL.gtid_executed")
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := r.GetString(0, 0)
	return strings.ReplaceAll(text, "\n", ""), err
}

func (w *world) exec(sql ...string) error {
	for _, s := range sql {
		r, err := w.db.Execute(s)
		if err != nil {
			return fmt.Errorf("%.200s: %w", s, err)
		}
		r.Close()
	}
	return nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
