package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

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
