package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxFile  = 4 << 20 // bytes
	maxDepth = 64      // mappings and lists within each other
	// maxTokens bounds the keys, values and signs of a file: for a mapping of n keys the library needs n² steps, and so two
	// seconds for what is allowed here.
	maxTokens = 60_000
)

// parse makes a tree of one file's text. What is wrong goes to r; nil is returned where there is no tree to look at.
func (r *report) parse(file, text string) *node {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	r.texts.add(file, text)
	if !utf8.ValidString(text) {
		r.at(nil, invalidUTF8(file, text), "", "not UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(text)
	if tabs := r.noTabs(file, tokens); tabs || !r.plainData(file, tokens) {
		return nil
	}
	doc, err := parseTokens(tokens)
	if err != nil {
		r.syntax(file, err)
		return nil
	}
	top := &node{place: Place{file, 1, 1}}
	for _, d := range doc.Docs {
		if d.Body != nil {
			r.convert(top, d.Body)
		}
	}
	if top.kind == null {
		r.at(nil, Place{File: file}, "", "the file is empty")
		return nil
	}
	if top.kind != mapping {
		r.at(top, top.place, "", "must be a mapping of keys to values, not %s", top.says())
		return nil
	}
	return top
}

// parseTokens turns a panic of the YAML library into an error: what it reads is not ours.
func parseTokens(tokens token.Tokens) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not readable as YAML: %v", p)
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// syntax reports what the YAML library says; it stops at the first error.
func (r *report) syntax(file string, err error) {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil || y.GetToken().Position == nil {
		r.at(nil, Place{File: file}, "", "%v", err)
		return
	}
	p := placeOf(file, y.GetToken())
	hint := ""
	if line, ok := r.line(p); ok && strings.Contains(line, "${") && strings.ContainsAny(line, "[{") {
		hint = `inside { } and [ ] a value with ${…} stands in quotes`
	}
	r.at(nil, p, hint, "%s", y.GetMessage())
}

func placeOf(file string, t *token.Token) Place {
	return Place{file, max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

func invalidUTF8(file, text string) Place {
	p := Place{file, 1, 1}
	for i, c := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); c == utf8.RuneError && n == 1 {
			break
		}
		if p.Col++; c == '\n' {
			p.Line, p.Col = p.Line+1, 1
		}
	}
	return p
}

// noTabs refuses tabs outside of comments, and tells whether there are any: the library drops them from plain scalars, and
// behind one in double quotes loses its place.
func (r *report) noTabs(file string, tokens token.Tokens) (found bool) {
	comments := map[int]int{}
	for _, t := range tokens {
		if t.Type == token.CommentType {
			comments[t.Position.Line] = t.Position.Column
		}
	}
	for i, line := range r.lines[file] {
		tab := strings.IndexByte(line, '\t')
		if tab < 0 {
			continue
		}
		p := Place{file, i + 1, utf8.RuneCountInString(line[:tab]) + 1}
		if at, ok := comments[p.Line]; !ok || p.Col < at {
			r.at(nil, p, `use spaces, or \t in double quotes`, "a tab")
			found = true
		}
	}
	return found
}

// plainData refuses, before the parser recurses, what is not plain data or is nested too deeply.
func (r *report) plainData(file string, tokens token.Tokens) bool {
	ok := true
	refuse := func(t *token.Token, hint, msg string) {
		r.at(nil, placeOf(file, t), hint, "%s", msg)
		ok = false
	}
	depth := nesting{}
	if len(tokens) > maxTokens {
		refuse(tokens[maxTokens], "use include for several files", fmt.Sprintf("more than %d keys and values", maxTokens))
		return false
	}
	content := false
	for _, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refuse(t, "write the value out, or use vars and ${name}", "anchors, aliases and merge keys are not supported")
		case token.TagType:
			refuse(t, "put a value that must be a string in quotes", "tags are not supported")
		case token.DirectiveType, token.DocumentEndType:
			refuse(t, "", "directives and document ends are not supported")
		case token.DocumentHeaderType:
			if content {
				refuse(t, "use include for several files", "a second document is not supported")
			}
		case token.MappingKeyType:
			refuse(t, "write key: value", "keys with ? are not supported")
		}
		content = content || t.Type != token.CommentType
		if depth.add(t); len(depth.open) > maxDepth {
			refuse(t, "", fmt.Sprintf("nested deeper than %d", maxDepth))
			return false
		}
	}
	return ok
}

// nesting follows how deeply tokens are nested: the columns of the block mappings and lists that are open, and a 0 for
// each open bracket.
type nesting struct{ open []int }

func (n *nesting) add(t *token.Token) {
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		n.open = append(n.open, 0)
	case token.MappingEndType, token.SequenceEndType:
		if k := len(n.open); k > 0 && n.open[k-1] == 0 {
			n.open = n.open[:k-1]
		}
	case token.SequenceEntryType:
		n.block(t.Position.Column)
	case token.MappingValueType:
		if t.Prev != nil {
			n.block(t.Prev.Position.Column)
		}
	}
}

func (n *nesting) block(col int) {
	k := len(n.open)
	if k > 0 && n.open[k-1] == 0 {
		return // inside brackets columns mean nothing
	}
	for k > 0 && n.open[k-1] >= col {
		k--
	}
	n.open = append(n.open[:k], col)
}
