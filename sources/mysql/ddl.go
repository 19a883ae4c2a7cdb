package mysql

import (
	"slices"
	"strings"
)

// statement is what the stream needs to know of a statement in the binlog: what it does and which names stand in it.
type statement struct {
	verb  string // first keyword, in capitals
	what  string // second keyword
	names []name // identifiers in order, with the schema where one is written
}

// parseStatement reads as much of sql as is needed to tell what it does and what it may concern. It never fails: what it does not
// understand becomes names, and a name too many only means that a table is looked at in vain.
func parseStatement(sql, schema string) statement {
	var st statement
	lex := lexer{src: sql}
	dotted := false
	for {
		tok, quoted, ok := lex.next()
		if !ok {
			return st
		}
		switch {
		case !quoted && tok == ".":
			dotted = len(st.names) > 0
			continue
		case st.verb == "" && !quoted:
			st.verb = strings.ToUpper(tok)
			continue
		case st.what == "" && !quoted:
			st.what = strings.ToUpper(tok)
		}
		if dotted {
			last := &st.names[len(st.names)-1]
			last.schema, last.table = last.table, tok
		} else {
			st.names = append(st.names, name{schema, tok})
		}
		dotted = false
	}
}

// isDML tells a change of rows that was logged as a statement.
func (s statement) isDML() bool {
	switch s.verb {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "DO":
		return true
	}
	return false
}

// removesRows tells TRUNCATE and DROP TABLE, and RENAME, after which the old name's rows are somewhere else.
func (s statement) removesRows() bool {
	return s.verb == "TRUNCATE" || s.verb == "DROP" && (s.what == "TABLE" || s.what == "DATABASE" || s.what == "SCHEMA") || s.verb == "RENAME"
}

// movesPartitions tells an ALTER TABLE that may truncate, drop or exchange partitions, or import a tablespace.
func (s statement) movesPartitions() bool {
	return s.verb == "ALTER" && slices.ContainsFunc(s.names, func(n name) bool {
		w := strings.ToUpper(n.table)
		return w == "PARTITION" || w == "PARTITIONING" || w == "TABLESPACE"
	})
}

// renamesTable tells an ALTER TABLE … RENAME [TO] of a table, not of a column or an index.
func (s statement) renamesTable() bool {
	for i, n := range s.names {
		if s.verb != "ALTER" || !strings.EqualFold(n.table, "RENAME") || i+1 == len(s.names) {
			continue
		}
		switch strings.ToUpper(s.names[i+1].table) {
		case "COLUMN", "INDEX", "KEY":
		default:
			return true
		}
	}
	return false
}

// fold writes names as a server does that keeps them in lower case; statements are logged as they were typed.
func (s statement) fold() {
	for i, n := range s.names {
		s.names[i] = name{strings.ToLower(n.schema), strings.ToLower(n.table)}
	}
}

// lexer splits SQL into words, quoted identifiers and single other characters, leaving out comments and string literals.
type lexer struct {
	src string
	at  int
}

func (l *lexer) next() (tok string, quoted, ok bool) {
	for l.at < len(l.src) {
		rest := l.src[l.at:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "/*!"):
			// Executable comments are code; the version number after them is no word of interest.
			l.at += 3
			for l.at < len(l.src) && l.src[l.at] >= '0' && l.src[l.at] <= '9' {
				l.at++
			}
		case strings.HasPrefix(rest, "/*"):
			l.skipPast("*/", 2)
		case c == '#', strings.HasPrefix(rest, "-- "):
			l.skipPast("\n", 1)
		case c == '`':
			return l.quoted('`'), true, true
		case c == '"':
			return l.quoted('"'), true, true // a name under ANSI_QUOTES; else a literal, which then names nothing
		case c == '\'':
			l.quoted('\'')
		case c == '.':
			l.at++
			return ".", false, true
		case isWord(c):
			end := l.at
			for end < len(l.src) && isWord(l.src[end]) {
				end++
			}
			tok = l.src[l.at:end]
			l.at = end
			return tok, false, true
		default:
			l.at++
		}
	}
	return "", false, false
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (l *lexer) skipPast(end string, from int) {
	i := strings.Index(l.src[l.at+from:], end)
	if i < 0 {
		l.at = len(l.src)
		return
	}
	l.at += from + i + len(end)
}

// quoted reads what stands between two q, a doubled q being one and a backslash hiding the next character in literals.
func (l *lexer) quoted(q byte) string {
	var b strings.Builder
	for l.at++; l.at < len(l.src); l.at++ {
		c := l.src[l.at]
		switch {
		case c == '\\' && q != '`' && l.at+1 < len(l.src):
			l.at++
			b.WriteByte(l.src[l.at])
		case c == q && l.at+1 < len(l.src) && l.src[l.at+1] == q:
			l.at++
			b.WriteByte(q)
		case c == q:
			l.at++
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
