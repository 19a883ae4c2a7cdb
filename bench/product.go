package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"yamabiko/internal/testenv"
)

// product is a running yamabiko.
type product struct {
	cmd    *exec.Cmd
	admin  string // its address
	log    string // file of its log
	begin  time.Time
	cancel context.CancelFunc
}

const configYAML = `version: 1
state: {dir: %q}
admin: {listen: %q, pprof: %t}
sources:
  shop: {type: mysql, address: %q, user: cdc, password: {env: BENCH_PASSWORD}, tables: ["bench.*"], snapshot: never}
routes:
  - {match: "cdc.**", to: out}
sinks:
  out: %s
`

// startProduct starts yamabiko in a fresh state folder from a GTID set, with a sink as YAML.
func (w *world) startProduct(ctx context.Context, from, sink string) (*product, error) {
	dir, err := os.MkdirTemp(w.dir, "product-")
	if err != nil {
		return nil, err
	}
	port, err := testenv.FreePort()
	if err != nil {
		return nil, err
	}
	p := &product{admin: fmt.Sprintf("127.0.0.1:%d", port), log: filepath.Join(dir, "log")}
	conf := filepath.Join(dir, "yamabiko.yaml")
	text := fmt.Sprintf(configYAML, filepath.Join(dir, "state"), p.admin, w.profile != "", w.mysql, sink)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	env := append(os.Environ(), "BENCH_PASSWORD=cdc")
	set := exec.CommandContext(ctx, w.bin, "position", "set", "-c", conf, "shop", from)
	set.Env = env
	if out, err := set.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("position set: %w: %s", err, out)
	}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ctx, p.cancel = context.WithCancel(ctx)
	p.cmd = exec.CommandContext(ctx, w.bin, "run", "-c", conf)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, log, log
	p.begin = time.Now()
	return p, p.cmd.Start()
}

// patience is how long the product may go without an event more.
const patience = time.Minute

// await returns once the sink has taken n events. It asks seldom while many are left: each question costs the product something.
func (p *product) await(ctx context.Context, n int) error {
	last, moved := 0, time.Now()
	for {
		got, err := p.taken(ctx)
		switch {
		case got >= n:
			return nil
		case got > last:
			last, moved = got, time.Now()
		case time.Since(moved) > patience:
			return errors.Join(fmt.Errorf("yamabiko stands at %d of %d events; its log:\n%s", got, n, p.lastWords()), err)
		}
		select {
		case <-time.After(p.untilNext(got, n)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// untilNext is half of the time that the rest will take, if it goes on as it went.
func (p *product) untilNext(got, n int) time.Duration {
	if got == 0 {
		return 50 * time.Millisecond
	}
	left := time.Since(p.begin) * time.Duration(n-got) / time.Duration(got)
	return min(max(left/2, 5*time.Millisecond), 250*time.Millisecond)
}

// taken reads the sink's counter; 0 until it answers.
func (p *product) taken(ctx context.Context) (int, error) {
	res, err := p.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), `yamabiko_sink_events_total{sink="out"} `); ok {
			f, err := strconv.ParseFloat(n, 64)
			return int(f), err
		}
	}
	return 0, lines.Err()
}

func (p *product) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+path, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// end stops the product, which must end well, and tells what it took since its start; wall is the caller's.
func (p *product) end() (m measured, err error) {
	defer p.cancel()
	if m.rss, err = peakRSS(p.cmd.Process.Pid); err != nil {
		return m, errors.Join(err, stop(p.cmd))
	}
	if err := stop(p.cmd); err != nil {
		return m, fmt.Errorf("yamabiko: %w; its log:\n%s", err, p.lastWords())
	}
	m.cpu = cpuOf(p.cmd)
	return m, nil
}

func (p *product) lastWords() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

// drainTo runs the product from a GTID set until a sink has n events.
func (w *world) drainTo(ctx context.Context, name, from, sink string, n int) (measured, error) {
	p, err := w.startProduct(ctx, from, sink)
	if err != nil {
		return measured{}, err
	}
	profiled := w.profileOf(ctx, p, name)
	err = p.await(ctx, n)
	wall := time.Since(p.begin)
	err = errors.Join(err, <-profiled)
	m, endErr := p.end()
	m.wall = wall
	w.rss[name] = max(w.rss[name], m.rss)
	return m, errors.Join(err, endErr)
}
