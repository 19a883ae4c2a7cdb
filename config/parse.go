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
