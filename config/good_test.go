package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"yamabiko/config"
)

// load loads the files of an archive's text and wants no error.
func load(t *testing.T, files string) *config.File {
	t.Helper()
	inDir(t, txtar.Parse([]byte(files)))
	f, err := config.Load("yamabiko.yaml", registry())
	if err != nil {
		t.Fatalf("Load:\n%v", err)
	}
	return f
}

const minimal = `-- yamabiko.yaml --
sources: {s: {type: sample}}
sinks: {n: {type: null}}
routes: [{match: "**", to: n}]
`

func TestDefaults(t *testing.T) {
	f := load(t, minimal)
	if f.State.Dir != "yamabiko-state" || f.Admin.Listen != "127.0.0.1:2020" || f.Admin.Pprof ||
		f.Admin.StallAfter.Std() != time.Minute || f.Log.Level != "info" || f.Log.Format != "text" ||
		f.Limits.Row != 64<<20 || f.Limits.InFlight != 64<<20 || f.Stop.Drain.Std() != 30*time.Second {
		t.Errorf("defaults: %+v", f)
	}
	b, r := f.Sinks[0].Buffer, f.Sinks[0].Retry
	if b.Type != "memory" || b.Limit != 64<<20 || b.Chunk.Bytes != 4<<20 || b.Chunk.Count != 10000 ||
		b.Chunk.Age.Std() != 5*time.Millisecond || b.Overflow != "block" {
		t.Errorf("buffer: %+v", b)
	}
	if r.First.Std() != 100*time.Millisecond || r.Max.Std() != 30*time.Second || r.Attempts != 0 {
		t.Errorf("retry: %+v", r)
	}
	if s := f.Sources[0]; s.Ack != "delivered" || s.Buffer != nil || s.Name != "s" || s.Type != "sample" {
		t.Errorf("source: %+v", s)
	}
}

// TestWholeFile is a configuration with everything, in several files: nothing of it may be lost.
func TestWholeFile(t *testing.T) {
	t.Setenv("GIVEN", "env secret\n")
	f := load(t, `-- yamabiko.yaml --
---
version: 1
include: [conf.d/*.yaml, routes.yaml, none/*.yaml]
vars: {es: "http://127.0.0.1:9200", port: 9201, both: "${es} ${port}"}
state: {dir: /var/lib/yamabiko}
admin: {listen: off, pprof: true, stall_after: 90s}
log: {level: warn, format: json, levels: {sources/mysql: debug}}
limits: {row: 1MiB, in_flight: 32MB}
stop: {drain: 0}
sources:
  shop:
    type: mysql
    address: "db1:3306"
    password: {env: GIVEN}
    server_id: 4711
    tables: ["shop.*"]
    snapshot: false
    hosts: {a: {port: -5, weight: 0.5, every: 1h30m}}
    labels: {x: green}
    ack: delivered
-- conf.d/10.yaml --
sources:
  other: {type: mysql, address: [a, b], user: "$${user}", password: {file: secrets/pw}, snapshot: {parallel: 8}}
routes:
  - {match: [cdc.shop.**, "a.{b,c}"], to: [rows, dead]}
-- conf.d/secrets/pw --
file secret
-- conf.d/20.yaml --
sinks:
  rows: {type: elasticsearch, urls: ["${es}", "http://h:${port}/", "${both}"], gzip: false, bulk: 5MiB, timeout: 1m,
    retry: {first: 1s, max: 5m, attempts: 3},
    buffer: {limit: 10MiB, chunk: {bytes: 1MiB, count: 7, age: 0}}}
  dead: {type: stdout}
-- routes.yaml --
routes:
  - match: web.**
    drop: true
  - {else: true, to: dead}
`)
	shop, other := f.Sources[0].Conf.(*reader), f.Sources[1].Conf.(*reader)
	rows := f.Sinks[0].Conf.(*writer)
	got := []any{
		f.State.Dir, f.Admin.Off(), f.Admin.Pprof, f.Admin.StallAfter, f.Log.Level, f.Log.Levels["sources/mysql"],
		f.Limits.Row, f.Limits.InFlight, f.Stop.Drain,
		shop.Address[0], shop.Password.Value(), shop.ServerID, shop.Snapshot, shop.User, shop.Hosts["a"], shop.Labels["x"],
		len(other.Address), other.User, other.Password.Value(), other.Snapshot,
		strings.Join(rows.URLs, " | "), rows.Gzip, rows.Bulk, rows.Timeout, *f.Sinks[0].Retry, f.Sinks[0].Buffer.Chunk,
		strings.Join(f.Routes[0].Match, " "), strings.Join(f.Routes[0].To, " "), f.Routes[1].Drop,
		f.Routes[2].Else, f.Routes[2].Match[0], f.Routes[2].Pos.String(),
	}
	want := []any{
		"/var/lib/yamabiko", true, true, config.Duration(90 * time.Second), "warn", "debug",
		config.Size(1 << 20), config.Size(32e6), config.Duration(0),
		"db1:3306", "env secret\n", uint32(4711), snapshot{"never", 4}, "root", host{-5, 0.5, config.Duration(90 * time.Minute)}, "green",
		2, "${user}", "file secret", snapshot{"initial", 8},
		"http://127.0.0.1:9200 | http://h:9201/ | http://127.0.0.1:9200 9201", false, config.Size(5 << 20), config.Duration(time.Minute),
		config.Retry{First: config.Duration(time.Second), Max: config.Duration(5 * time.Minute), Attempts: 3},
		config.Chunk{Bytes: 1 << 20, Count: 7},
		"cdc.shop.** a.{b,c}", "rows dead", true,
		true, "**", "routes.yaml:4:5",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %v, want %v", i, got[i], want[i])
		}
	}
}

// TestInstancesShareNothing: two sources of a type get their own defaults, whatever one of them writes.
func TestInstancesShareNothing(t *testing.T) {
	type conf struct {
		Retry *config.Retry `yaml:"retry"`
		Tags  []string      `yaml:"tags"`
	}
	defaults := conf{Retry: &config.Retry{First: 1, Max: 2}, Tags: []string{"x"}}
	inDir(t, txtar.Parse([]byte(`-- yamabiko.yaml --
sources: {a: {type: t, retry: {max: 5s}, tags: [y]}, b: {type: t}}
sinks: {n: {type: null}}
routes: [{match: "**", to: n}]
`)))
	reg := registry()
	reg.Sources["t"] = func() any { c := defaults; return &c }
	f, err := config.Load("yamabiko.yaml", reg)
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.Sources[0].Conf.(*conf), f.Sources[1].Conf.(*conf)
	if a.Retry.First != 1 || a.Retry.Max.Std() != 5*time.Second || a.Tags[0] != "y" {
		t.Errorf("a: %+v %v", a.Retry, a.Tags)
	}
	if b.Retry.Max != 2 || b.Tags[0] != "x" {
		t.Errorf("b has what a wrote: %+v %v", b.Retry, b.Tags)
	}
}

// TestIncludeOnce: a file that is included twice, or includes its includer, counts once.
func TestIncludeOnce(t *testing.T) {
	f := load(t, strings.Replace(minimal, "--\n", "--\ninclude: [a.yaml, \"*.yaml\"]\n", 1)+`-- a.yaml --
include: [yamabiko.yaml]
sinks: {more: {type: stdout}}
`)
	if len(f.Sinks) != 2 {
		t.Errorf("%d sinks, want 2", len(f.Sinks))
	}
}

// TestPathsOfTLS: files that a configuration names are found beside it, wherever the process works.
func TestPathsOfTLS(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(strings.TrimPrefix(minimal, "-- yamabiko.yaml --\n"), "{type: sample}",
		"{type: mysql, address: a, tls: {ca: sub/ca.pem}}", 1)
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(filepath.Join(dir, "c.yaml"), registry())
	if want := filepath.Join(dir, "sub/ca.pem"); err == nil || !strings.Contains(err.Error(), "open "+want) {
		t.Errorf("looked for another file than %s: %v", want, err)
	}
}

// TestAt: what is found after loading is shown like what Load finds.
func TestAt(t *testing.T) {
	f := load(t, minimal)
	got := f.At(f.Routes[0].Pos, "try harder", "never matches").Error()
	want := `yamabiko.yaml:3:10: never matches
    3 | routes: [{match: "**", to: n}]
      |          ^
  hint: try harder`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
