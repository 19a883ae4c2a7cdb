package elasticsearch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yamabiko/config"
	"yamabiko/event"
)

// maxIndexName is Elasticsearch's limit in bytes (MetadataCreateIndexService.MAX_INDEX_NAME_BYTES).
const maxIndexName = 255

// template is a parsed index template: literals and placeholders by turns.
type template struct {
	parts   []part
	perRow  bool // holds {source}, {schema} or {table}: names no index for a log
	perTime bool // holds % directives: names no index for a row, which must keep its place (rule E5)
}

type part struct {
	text string // a literal, or the placeholder's name
	kind partKind
}

type partKind uint8

const (
	literal partKind = iota
	placeholder
	directive
)

func checkTemplate(s string) error {
	if _, err := parseTemplate(s); err != nil {
		return config.Field("index", "%v", err)
	}
	return nil
}

func parseTemplate(s string) (template, error) {
	var t template
	if s == "" {
		return t, errors.New("is empty")
	}
	for s != "" {
		p, rest, err := nextPart(s)
		if err != nil {
			return t, err
		}
		t.perTime = t.perTime || p.kind == directive
		t.perRow = t.perRow || p.kind == placeholder && p.text != "tag"
		t.parts = append(t.parts, p)
		s = rest
	}
	if t.perTime && t.perRow {
		return t, errors.New("has both a time, which only logs may have, and {source}, {schema} or {table}, which only rows have")
	}
	return t, nil
}

func nextPart(s string) (p part, rest string, err error) {
	switch s[0] {
	case '{':
		name, rest, ok := strings.Cut(s[1:], "}")
		switch {
		case !ok:
			return part{}, "", fmt.Errorf("%q has no closing brace", s)
		case name == "source" || name == "schema" || name == "table" || name == "tag":
			return part{name, placeholder}, rest, nil
		}
		return part{}, "", fmt.Errorf("{%s} is none of {source}, {schema}, {table}, {tag}", name)
	case '%':
		if len(s) < 2 || !strings.ContainsRune("YmdH", rune(s[1])) {
			return part{}, "", fmt.Errorf("%.2q is none of %%Y, %%m, %%d, %%H", s)
		}
		return part{s[1:2], directive}, s[2:], nil
	}
	if i := strings.IndexAny(s, "{%"); i >= 0 {
		return part{s[:i], literal}, s[i:], nil
	}
	return part{s, literal}, "", nil
}

// forTable renders the index of a table's rows.
func (t template) forTable(table *event.Table, tag string) (string, error) {
	if t.perTime {
		return "", errors.New("a row's index may not depend on the time: an update would leave the old document behind")
	}
	return t.render(table, tag, time.Time{})
}

// forLog renders the index of a log event.
func (t template) forLog(tag string, at time.Time) (string, error) {
	if t.perRow {
		return "", errors.New("a log has no source, schema or table")
	}
	return t.render(&event.Table{}, tag, at.UTC())
}

func (t template) render(table *event.Table, tag string, at time.Time) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.kind == literal:
			b.WriteString(p.text)
		case p.kind == directive:
			b.WriteString(at.Format(layouts(p.text[0])))
		case p.text == "source":
			b.WriteString(table.Source)
		case p.text == "schema":
			b.WriteString(table.Schema)
		case p.text == "table":
			b.WriteString(table.Name)
		default:
			b.WriteString(tag)
		}
	}
	if b.Len() == 0 {
		return "", errors.New("the name comes out empty")
	}
	return indexName(b.String()), nil
}

func layouts(directive byte) string {
	switch directive {
	case 'Y':
		return "2006"
	case 'm':
		return "01"
	case 'd':
		return "02"
	}
	return "15"
}

// indexName makes a name that Elasticsearch takes (create index API, "Path parameters"): lower case, what is forbidden
// as %xx, at most 255 bytes. Names that differ stay different, but for case.
func indexName(s string) string {
	b := make([]byte, 0, len(s)+8)
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b = appendPercent(b, s[i])
		case r < ' ' || r == 0x7f || strings.ContainsRune("\\/*?\"<>| ,#:%", r), i == 0 && strings.ContainsRune("-_+.", r):
			b = appendPercent(b, byte(r))
		default:
			b = utf8.AppendRune(b, unicode.ToLower(r))
		}
	}
	if len(b) <= maxIndexName {
		return string(b)
	}
	sum := sha256.Sum256(b)
	cut := maxIndexName - 1 - 32
	for !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "~" + hex.EncodeToString(sum[:16])
}

const lowerHex = "0123456789abcdef"

func appendPercent(dst []byte, c byte) []byte {
	return append(dst, '%', lowerHex[c>>4], lowerHex[c&15])
}
