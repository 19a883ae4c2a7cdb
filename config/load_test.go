package config_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"yamabiko/config"
)

// reader and writer stand for plugins.
type reader struct {
	Address  []string          `yaml:"address,required,list"`
	User     string            `yaml:"user"`
	Password config.Secret     `yaml:"password"`
	TLS      config.TLS        `yaml:"tls"`
	ServerID uint32            `yaml:"server_id"`
	Tables   []string          `yaml:"tables"`
	Snapshot snapshot          `yaml:"snapshot"`
	Hosts    map[string]host   `yaml:"hosts"`
	Labels   map[string]string `yaml:"labels,enum=red|green"`
}

type host struct {
	Port   int8            `yaml:"port,required"`
	Weight float64         `yaml:"weight"`
	Every  config.Duration `yaml:"every"`
}

type snapshot struct {
	Mode     string `yaml:"mode,enum=initial|never"`
	Parallel int    `yaml:"parallel"`
}

func (s *snapshot) UnmarshalNode(n config.Node) error {
	if text, ok := n.Scalar(); ok && text == "false" {
		s.Mode = "never"
		return nil
	}
	type plain snapshot
	return n.Decode((*plain)(s))
}

func (s snapshot) Check() error {
	if s.Parallel < 1 {
		return config.Field("parallel", "must be at least 1, not %d", s.Parallel)
	}
	return nil
}

func (r reader) Check() error {
	var err error
	for i, t := range r.Tables {
		if !strings.Contains(t, ".") {
			err = errors.Join(err, config.FieldHint(fmt.Sprintf("tables[%d]", i), "schema.table", "%q names no schema", t))
		}
	}
	if r.User == "" {
		err = errors.Join(err, config.Field("user", "must not be empty"))
	}
	return err
}

type batching struct {
	Bulk config.Size `yaml:"bulk"`
}

type writer struct {
	batching `yaml:",inline"`
	URLs     []string        `yaml:"urls,list"`
	Gzip     bool            `yaml:"gzip"`
	Timeout  config.Duration `yaml:"timeout"`
}

func registry() config.Registry {
	return config.Registry{
		Sources: map[string]func() any{
			"mysql":  func() any { return &reader{User: "root", Snapshot: snapshot{"initial", 4}} },
			"sample": func() any { return &struct{}{} },
		},
		Sinks: map[string]func() any{
			"elasticsearch": func() any { return &writer{Gzip: true} },
			"null":          func() any { return &struct{}{} },
			"stdout":        func() any { return &struct{}{} },
		},
		Pattern: func(p string) error {
			if strings.Contains(p, "***") {
				return fmt.Errorf("%q has three stars", p)
			}
			return nil
		},
	}
}

// inDir writes the files of an archive, but want, to a folder and works there, so that places are the same everywhere.
func inDir(t testing.TB, a *txtar.Archive) (want string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return want
}

var update = flag.Bool("update", false, "write what is reported into testdata")

// TestErrors holds the whole report, word for word, for each kind of mistake.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := inDir(t, a)
			t.Setenv("GIVEN", "given")
			_, err = config.Load("yamabiko.yaml", registry())
			got := ""
			if err != nil {
				got = err.Error() + "\n"
			}
			if *update {
				a.Files = append(a.Files[:len(a.Files)-1:len(a.Files)-1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" || want == "" {
				t.Errorf("report (-want +got):\n%s", d)
			}
		})
	}
}
