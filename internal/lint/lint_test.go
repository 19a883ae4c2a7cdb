package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is where go.mod lies.
func root(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

func TestHouseRules(t *testing.T) {
	files, err := walk(root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d files found", len(files))
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range files {
				if f.syntax != nil {
					report(t, f, r.check(f))
				}
			}
		})
	}
	t.Run("text", func(t *testing.T) {
		for _, f := range files {
			if !f.in("internal/lint") { // names what it forbids
				report(t, f, clean(f))
			}
		}
	})
	t.Run("package-comments", func(t *testing.T) {
		for dir, said := range packageComments(files) {
			if !said {
				t.Errorf("%s: no file has a package comment", dir)
			}
		}
	})
}

func report(t *testing.T, f *file, found []finding) {
	for _, x := range found {
		t.Errorf("%s:%d: %s", f.path, x.line, x.what)
	}
}

// packageComments tells of each folder with Go files, tests aside, whether its package has a comment.
func packageComments(files []*file) map[string]bool {
	said := map[string]bool{}
	for _, f := range files {
		if f.syntax != nil && !strings.HasSuffix(f.path, "_test.go") {
			said[f.dir()] = said[f.dir()] || f.syntax.Doc != nil
		}
	}
	return said
}

// Each rule must find what it is for, and leave the rest alone.
func TestRulesFindBreaches(t *testing.T) {
	const head = "package p\n\n"
	suite := head + "import (\n\t\"context\"\n\t\"testing\"\n)\n\nvar c = context.Background()\n\nvar _ testing.TB\n"
	for _, c := range []struct {
		rule, path, src string
		want            string // "" means no finding
	}{
		{"gofmt", "a/a.go", "package p\n\nvar  x int\n", "gofmt"},
		{"size", "a/a.go", head + strings.Repeat("// x\n", 800), "802 lines"},
		{"no-sleep", "a/a_test.go", head + "import \"time\"\n\nfunc f() { time.Sleep(1) }\n", "time.Sleep"},
		{"no-sleep", "a/a.go", head + "func f() { time.Sleep(1) }\n", ""},
		{"no-init", "a/a.go", head + "func init() {}\n", "init()"},
		{"no-init", "a/a.go", head + "type x int\n\nfunc (x) init() {}\n", ""},
		{"background-context", "router/a.go", head + "import \"context\"\n\nvar c = context.Background()\n", "context.Background"},
		{"background-context", "router/a.go", head + "import \"context\"\n\nfunc (t) Close() { _ = context.Background() }\n", ""},
		{"background-context", "router/a_test.go", head + "import \"context\"\n\nvar c = context.Background()\n", ""},
		{"background-context", "sinks/sinktest/a.go", suite, ""},
		{"background-context", "cmd/yamabiko/a.go", "package main\n\nimport \"context\"\n\nvar c = context.Background()\n", ""},
		{"context-first", "a/a.go", head + "import \"context\"\n\nfunc f(n int, ctx context.Context) {}\n", "first"},
		{"context-first", "a/a.go", head + "import \"context\"\n\ntype s struct{ ctx context.Context }\n", "struct"},
		{"context-first", "a/a.go", head + "import \"context\"\n\nfunc f(ctx context.Context, n int) {}\n", ""},
		{"documented", "a/a.go", head + "func F() {}\n", "F is exported"},
		{"documented", "a/a.go", head + "type T[X any] struct{}\n", "T is exported"},
		{"documented", "a/a.go", head + "// T is.\ntype T struct{}\n\nfunc (T) M() {}\n", ""},
		{"documented", "a/a.go", head + "const (\n\tA = 1 // one\n\tB = 2\n)\n", "B is exported"},
		{"documented", "a/a.go", head + "const (\n\t// A and B are.\n\tA = 1\n\tB = 2\n\n\tC = 3\n)\n", "C is exported"},
		{"documented", "a/a.go", head + "var (\n\t// A and B are.\n\tA = 1\n\tB = 2\n)\n", ""},
		{"imports", "event/a.go", head + "import _ \"yamabiko/config\"\n", "may not import config"},
		{"imports", "sources/mysql/a.go", head + "import _ \"yamabiko/sources/tail\"\n", "may not"},
		{"imports", "sources/mysql/plan/a.go", head + "import _ \"yamabiko/sources/mysql/wire\"\n", ""},
		{"imports", "sources/mysql/a.go", head + "import _ \"yamabiko/router\"\n", "may not"},
		{"imports", "sources/mysql/a.go", head + "import _ \"yamabiko/internal/engine\"\n", "may not"},
		{"imports", "sources/mysql/a.go", head + "import _ \"yamabiko/sources\"\n", ""},
		{"imports", "router/a.go", head + "import _ \"yamabiko/sinks/null\"\n", "may not"},
		{"imports", "router/a.go", head + "import _ \"yamabiko/sinks\"\n", ""},
		{"imports", "router/a_test.go", head + "import _ \"yamabiko/sinks/null\"\n", ""},
		{"imports", "cmd/yamabiko/a.go", head + "import _ \"yamabiko/sinks/null\"\n", ""},
		{"third-party", "event/a.go", head + "import _ \"golang.org/x/sync/errgroup\"\n", "standard library"},
		{"third-party", "router/a.go", head + "import _ \"github.com/go-mysql-org/go-mysql/mysql\"\n", "outside of"},
		{"third-party", "sources/mysql/a.go", head + "import _ \"github.com/go-mysql-org/go-mysql/mysql\"\n", ""},
		{"third-party", "cmd/yamabiko/a.go", head + "import _ \"github.com/goccy/go-yaml\"\n", "outside of"},
		{"third-party", "bench/a.go", head + "import _ \"github.com/jackc/pgx/v5\"\n", ""},
		{"text", "a.sh", "cd /" + "work/main\n", "build machine"},
		{"text", "a.sh", "cd $x/" + "work/main; tar -C /networks/root root/x\n", ""},
		{"text", "a.md", "see http://deb." + "debian.org/debian\n", "registry"},
		{"text", "a.xml", "xmlns='http://maven.apache.org/POM/4.0.0'\n", ""},
	} {
		f, err := newFile(c.path, []byte(c.src))
		if err != nil {
			t.Fatalf("%s: %v", c.src, err)
		}
		var got []string
		for _, x := range byName(t, c.rule)(f) {
			got = append(got, x.what)
		}
		all := strings.Join(got, "; ")
		if c.want == "" && all != "" || !strings.Contains(all, c.want) {
			t.Errorf("%s on %s:\n%s\ngot %q, want %q", c.rule, c.path, c.src, all, c.want)
		}
	}
}

func byName(t *testing.T, name string) func(*file) []finding {
	for _, r := range append(rules, rule{"text", clean}) {
		if r.name == name {
			return r.check
		}
	}
	t.Fatalf("no rule %q", name)
	return nil
}
