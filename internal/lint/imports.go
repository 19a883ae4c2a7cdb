package lint

import (
	"regexp"
	"strings"
)

// allowed says which of our own trees the files below a folder may import, besides that folder itself. "sources" is the
// root package alone, "internal/" all below internal. Folders that are not named, cmd and internal/engine above all, are free.
var allowed = []struct {
	tree string
	from []string
}{
	{"event", nil},
	{"config", nil},
	{"sources/", []string{"sources", "event", "config", "internal/"}},
	{"sources", []string{"event", "config", "internal/"}},
	{"sinks/", []string{"sinks", "event", "config", "internal/"}},
	{"sinks", []string{"event", "config", "internal/"}},
	{"checkpoint", []string{"event", "internal/"}},
	{"router/", []string{"router/", "router", "sources", "sinks", "event", "config", "internal/"}},
	{"router", []string{"router/", "sources", "sinks", "event", "config", "internal/"}},
	{"admin", []string{"internal/"}},
}

// joiners know all the others, so nothing but cmd imports them.
var joiners = []string{"cmd/", "internal/engine", "internal/testenv"}

// ownImports holds the direction of imports; tests, benchmarks and the test servers are free.
func ownImports(f *file) (out []finding) {
	if free(f) {
		return nil
	}
	for _, spec := range f.syntax.Imports {
		pkg, ours := strings.CutPrefix(importPath(spec), "yamabiko/")
		if ours && !mayImport(f.dir(), pkg) {
			out = append(out, f.at(spec, "%s may not import %s", f.dir(), pkg))
		}
	}
	return out
}

func mayImport(dir, pkg string) bool {
	for _, a := range allowed {
		if !within(dir, a.tree) {
			continue
		}
		if pkg == dir || strings.HasPrefix(pkg, dir+"/") || plugin(dir) != "" && plugin(dir) == plugin(pkg) {
			return true
		}
		for _, joiner := range joiners {
			if within(pkg, joiner) {
				return false
			}
		}
		for _, from := range a.from {
			if within(pkg, from) {
				return true
			}
		}
		return false
	}
	return true
}

// plugin is the folder of one source or sink: sources/mysql for all below it.
func plugin(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	if len(parts) < 2 || parts[0] != "sources" && parts[0] != "sinks" {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// within: "a" is that package alone, "a/" all below it.
func within(dir, tree string) bool {
	return dir == tree || strings.HasSuffix(tree, "/") && strings.HasPrefix(dir, tree)
}

// places says where alone a library may be imported, so that leaving it stays a matter of one folder.
var places = []struct{ module, folder *regexp.Regexp }{
	{regexp.MustCompile(`^github\.com/go-mysql-org/`), regexp.MustCompile(`^sources/mysql(/|$)`)},
	{regexp.MustCompile(`^github\.com/jackc/`), regexp.MustCompile(`^(sources|sinks)/postgres(/|$)`)},
	{regexp.MustCompile(`^github\.com/elastic/`), regexp.MustCompile(`^sinks/elasticsearch(/|$)`)},
	{regexp.MustCompile(`^github\.com/urfave/cli`), regexp.MustCompile(`^cmd/`)},
	{regexp.MustCompile(`(^|/)(go-)?yaml(\.v\d)?(/|$)`), regexp.MustCompile(`^config(/|$)`)},
}

// thirdParty keeps libraries in their place; event has none at all.
func thirdParty(f *file) (out []finding) {
	if free(f) {
		return nil
	}
	for _, spec := range f.syntax.Imports {
		module := importPath(spec)
		if !strings.Contains(strings.SplitN(module, "/", 2)[0], ".") {
			continue // the standard library, or ours
		}
		if f.dir() == "event" {
			out = append(out, f.at(spec, "event imports %s: it lives on the standard library", module))
		}
		for _, p := range places {
			if p.module.MatchString(module) && !p.folder.MatchString(f.dir()) {
				out = append(out, f.at(spec, "%s is imported outside of %s", module, p.folder))
			}
		}
	}
	return out
}

func free(f *file) bool { return f.test() || f.in("bench", "internal/testenv") }
