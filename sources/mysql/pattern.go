package mysql

import (
	"fmt"
	"regexp"
	"strings"
)

// compilePattern makes a matcher of "schema.table": * any text without a dot, ? one character, {a,b} either. Everything else
// stands for itself, case included: names on disk are compared as the binlog spells them.
func compilePattern(p string) (*regexp.Regexp, error) {
	if n := strings.Count(p, "."); n != 1 || strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".") {
		return nil, fmt.Errorf("table pattern %q is not schema.table", p)
	}
	var b strings.Builder
	b.WriteByte('^')
	depth := 0
	for _, r := range p {
		switch {
		case r == '*':
			b.WriteString(`[^.]*`)
		case r == '?':
			b.WriteString(`[^.]`)
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
		return nil, fmt.Errorf("table pattern %q has unbalanced or nested braces", p)
	}
	b.WriteByte('$')
	return regexp.Compile(b.String())
}

// selection says which tables a source watches.
type selection struct{ in, out []*regexp.Regexp }

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
	name := schema + "." + table
	return anyMatch(s.in, name) && !anyMatch(s.out, name)
}

func anyMatch(res []*regexp.Regexp, name string) bool {
	for _, re := range res {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}
