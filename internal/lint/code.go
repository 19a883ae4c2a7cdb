package lint

import (
	"go/ast"
	"strings"
)

// calls finds the uses of a package's names, such as time.Sleep.
func calls(f *file, pkg string, names ...string) (found []*ast.SelectorExpr) {
	imported := false
	for _, spec := range f.syntax.Imports {
		imported = imported || importPath(spec) == pkg
	}
	if !imported {
		return nil
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		for _, name := range names {
			if ok && x.Name == pkg && sel.Sel.Name == name {
				found = append(found, sel)
			}
		}
		return true
	})
	return found
}

func noSleep(f *file) (out []finding) {
	for _, call := range calls(f, "time", "Sleep") {
		out = append(out, f.at(call, "time.Sleep: wait for a condition, or for a timer and ctx"))
	}
	return out
}

// noBackground keeps work cancellable: a context comes from whoever asked for it. io.Closer's Close is given none.
func noBackground(f *file) (out []finding) {
	if f.test() || f.main() || f.in("cmd", "bench", "internal/testenv") {
		return nil
	}
	for _, call := range calls(f, "context", "Background", "TO"+"DO") {
		if !strings.EqualFold(enclosing(f, call), "close") {
			out = append(out, f.at(call, "context.%s: take ctx as the first argument", call.Sel.Name))
		}
	}
	return out
}

// enclosing is the name of the top-level function around n, or "".
func enclosing(f *file, n ast.Node) string {
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= n.Pos() && n.End() <= fn.End() {
			return fn.Name.Name
		}
	}
	return ""
}

func noInit(f *file) (out []finding) {
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, f.at(fn, "init(): nothing happens by import"))
		}
	}
	return out
}

// contextFirst wants a context as the first argument and never in a struct.
func contextFirst(f *file) (out []finding) {
	isContext := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Context" {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		return ok && x.Name == "context"
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StructType:
			for _, field := range n.Fields.List {
				if isContext(field.Type) {
					out = append(out, f.at(field, "a context in a struct: pass it on"))
				}
			}
		case *ast.FuncType:
			for i, field := range n.Params.List {
				if i > 0 && isContext(field.Type) && !isTesting(n.Params.List[0].Type) {
					out = append(out, f.at(field, "a context comes first"))
				}
			}
		}
		return true
	})
	return out
}

// isTesting is true for *testing.T, *testing.B, testing.TB: a test's helper takes those first.
func isTesting(e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "testing"
}

// documented wants a comment on each exported function, type, constant and variable outside of tests. Methods are left to
// the reader: what an interface demands is said there, once.
func documented(f *file) (out []finding) {
	if f.test() {
		return nil
	}
	missing := func(n ast.Node, name string) {
		out = append(out, f.at(n, "%s is exported and has no comment", name))
	}
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() && d.Doc == nil {
				missing(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range undocumented(f, d) {
				missing(spec, exported(spec))
			}
		}
	}
	return out
}

// undocumented returns the exported declarations of a group that nothing explains: no comment of the group, none above or
// behind them, and none above the declarations that they follow line by line ("Insert, Update and Delete are …").
func undocumented(f *file, d *ast.GenDecl) (out []ast.Spec) {
	if d.Doc != nil {
		return nil
	}
	explained := 0 // the last line that a comment above reaches
	for _, spec := range d.Specs {
		var above, behind *ast.CommentGroup
		switch s := spec.(type) {
		case *ast.TypeSpec:
			above, behind = s.Doc, s.Comment
		case *ast.ValueSpec:
			above, behind = s.Doc, s.Comment
		}
		first, last := f.set.Position(spec.Pos()).Line, f.set.Position(spec.End()).Line
		if above != nil || first == explained+1 {
			explained = last
		} else if behind == nil && exported(spec) != "" {
			out = append(out, spec)
		}
	}
	return out
}

// exported is the first exported name of a declaration, or "".
func exported(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			return s.Name.Name
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() {
				return n.Name
			}
		}
	}
	return ""
}

func importPath(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, `"`) }
