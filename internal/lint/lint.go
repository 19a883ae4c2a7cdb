// Package lint holds the house rules as tests: go test ./internal/lint names each breach with its file and line.
package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// finding is one breach of a rule.
type finding struct {
	line int
	what string
}

// file is one file of the repository; syntax is nil unless it is Go.
type file struct {
	path   string // with slashes, below the repository's root
	src    []byte
	set    *token.FileSet
	syntax *ast.File
}

func newFile(path string, src []byte) (*file, error) {
	f := &file{path: path, src: src}
	if !strings.HasSuffix(path, ".go") {
		return f, nil
	}
	f.set = token.NewFileSet()
	var err error
	f.syntax, err = parser.ParseFile(f.set, path, src, parser.ParseComments)
	return f, err
}

func (f *file) dir() string { return path.Dir(f.path) }
func (f *file) main() bool  { return f.syntax.Name.Name == "main" }
func (f *file) lines() int  { return bytes.Count(f.src, []byte{'\n'}) }

// test is true for tests and for the suites that tests call, which import testing.
func (f *file) test() bool {
	return strings.HasSuffix(f.path, "_test.go") ||
		slices.ContainsFunc(f.syntax.Imports, func(s *ast.ImportSpec) bool { return importPath(s) == "testing" })
}

// in is true below any of these folders.
func (f *file) in(trees ...string) bool {
	for _, tree := range trees {
		if f.dir() == tree || strings.HasPrefix(f.path, tree+"/") {
			return true
		}
	}
	return false
}

func (f *file) at(n ast.Node, format string, args ...any) finding {
	return finding{f.set.Position(n.Pos()).Line, fmt.Sprintf(format, args...)}
}

// walk reads the repository's files: what is generated, hidden or data is not ours to judge.
func walk(root string) (files []*file, err error) {
	err = filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		base := e.Name()
		if e.IsDir() {
			if rel != "." && base != ".ci" && (base[0] == '.' || base == "bin" || base == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil || bytes.IndexByte(src, 0) >= 0 {
			return err // binary files have no lines
		}
		f, err := newFile(filepath.ToSlash(rel), src)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// rule is one house rule for Go files.
type rule struct {
	name  string
	check func(*file) []finding
}

var rules = []rule{
	{"gofmt", formatted},
	{"size", size},
	{"no-sleep", noSleep},
	{"no-init", noInit},
	{"background-context", noBackground},
	{"context-first", contextFirst},
	{"documented", documented},
	{"imports", ownImports},
	{"third-party", thirdParty},
}

func formatted(f *file) []finding {
	want, err := format.Source(f.src)
	if err != nil {
		return []finding{{1, err.Error()}}
	}
	if bytes.Equal(want, f.src) {
		return nil
	}
	line := 1
	for i := range min(len(want), len(f.src)) {
		if want[i] != f.src[i] {
			break
		}
		if want[i] == '\n' {
			line++
		}
	}
	return []finding{{line, "not as gofmt writes it"}}
}

func size(f *file) []finding {
	if n := f.lines(); n > 800 {
		return []finding{{n, fmt.Sprintf("%d lines: 800 at most, one idea a file", n)}}
	}
	return nil
}
