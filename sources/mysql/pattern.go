package mysql

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pattern selects tables by both parts of their names.
type pattern struct{ schema, table *regexp.Regexp }

// compilePattern reads schema.table: * is any text, ? one character, {a,b} either, and a backslash takes the next character as it is, which
// a dot within a name needs. Everything else stands for itself, case included: names are compared as the binlog spells them.
func compilePattern(text string) (p pattern, err error) {
	schema, table, ok := cutPattern(text)
	if !ok {
		return p, fmt.Errorf("table pattern %q is not schema.table; a dot within a name is written \\.", text)
	}
	if p.schema, err = compilePart(schema); err == nil {
		p.table, err = compilePart(table)
	}
	if err != nil {
		return p, fmt.Errorf("table pattern %q %w", text, err)
	}
	return p, nil
}

// cutPattern cuts at the one dot that is not escaped.
func cutPattern(text string) (schema, table string, ok bool) {
	at := -1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '.':
			if at >= 0 {
				return "", "", false
			}
			at = i
		}
	}
	if at <= 0 || at == len(text)-1 {
		return "", "", false
	}
	return text[:at], text[at+1:], true
}

func compilePart(part string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	depth, escaped := 0, false
	for _, r := range part {
		switch {
		case escaped:
			escaped = false
			b.WriteString(regexp.QuoteMeta(string(r)))
		case r == '\\':
			escaped = true
		case r == '*':
			b.WriteString(`.*`)
		case r == '?':
			b.WriteByte('.')
		case r == '{':
			depth++
			b.WriteString(`(?:`)
		case r == '}':
			depth--
			b.WriteByte(')')
		case r == ',' && depth > 0:
			b.WriteByte('|')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		if depth < 0 || depth > 1 {
			break
		}
	}
	if depth != 0 {
		return nil, errors.New("has unbalanced or nested braces")
	}
	if escaped {
		return nil, errors.New("ends with a backslash that escapes nothing")
	}
	b.WriteByte('$')
	return regexp.Compile(b.String())
}

// selection says which tables a source watches.
type selection struct{ in, out []pattern }

// systemSchemas are never watched, whatever the patterns say.
var systemSchemas = map[string]bool{"mysql": true, "information_schema": true, "performance_schema": true, "sys": true}

func newSelection(tables, exclude []string) (selection, error) {
	var s selection
	for _, p := range tables {
		re, err := compilePattern(p)
		if err != nil {
			return s, err
		}
		s.in = append(s.in, re)
	}
	for _, p := range exclude {
		re, err := compilePattern(p)
		if err != nil {
			return s, err
		}
		s.out = append(s.out, re)
	}
	return s, nil
}

func (s selection) has(schema, table string) bool {
	if systemSchemas[strings.ToLower(schema)] {
		return false
	}
	matches := func(p pattern) bool { return p.schema.MatchString(schema) && p.table.MatchString(table) }
	return slices.ContainsFunc(s.in, matches) && !slices.ContainsFunc(s.out, matches)
}
