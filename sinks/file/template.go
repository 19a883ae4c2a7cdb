package file

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yamabiko/event"
)

// template is a path with placeholders.
type template struct {
	parts []part
	timed bool // the path depends on an event's time
}

// part is a literal, a placeholder's name or a strftime letter; one of the three.
type part struct {
	literal, name string
	verb          byte
}

func parseTemplate(s string) (template, error) {
	var t template
	if s == "" || strings.HasSuffix(s, "/") {
		return t, fmt.Errorf("%q names no file", s)
	}
	for s != "" {
		p, rest, err := nextPart(s)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, p)
		t.timed = t.timed || p.verb != 0
		s = rest
	}
	return t, nil
}

func nextPart(s string) (p part, rest string, err error) {
	switch s[0] {
	case '%':
		if len(s) == 1 {
			return p, "", errors.New("% at the end: write %% for a per cent sign")
		}
		if s[1] == '%' {
			return part{literal: "%"}, s[2:], nil
		}
		if !strings.ContainsRune("YmdHMSj", rune(s[1])) {
			return p, "", fmt.Errorf("%%%c is not known: %%Y %%m %%d %%H %%M %%S %%j and %%%% are", s[1])
		}
		return part{verb: s[1]}, s[2:], nil
	case '{':
		name, rest, ok := strings.Cut(s[1:], "}")
		if !ok || !(name == "tag" || name == "source" || name == "schema" || name == "table") {
			return p, "", fmt.Errorf("{%s is not known: {tag}, {source}, {schema} and {table} are", s[1:len(s)-len(rest)])
		}
		return part{name: name}, rest, nil
	}
	n := strings.IndexAny(s, "%{")
	if n < 0 {
		n = len(s)
	}
	return part{literal: s[:n]}, s[n:], nil
}

// appendPath appends the path of an event of b that happened at that time.
func (t *template) appendPath(dst []byte, b *event.Batch, at time.Time) []byte {
	for _, p := range t.parts {
		switch {
		case p.verb != 0:
			dst = appendVerb(dst, p.verb, at)
		case p.name != "":
			dst = appendName(dst, value(p.name, b))
		default:
			dst = append(dst, p.literal...)
		}
	}
	return dst
}

func value(name string, b *event.Batch) string {
	switch {
	case name == "tag":
		return b.Tag
	case b.Table == nil && name == "source":
		return b.Stream
	case b.Table == nil:
		return ""
	case name == "source":
		return b.Table.Source
	case name == "schema":
		return b.Table.Schema
	}
	return b.Table.Name
}

// appendName appends a name so that it stays within its folder and differs from every other name.
func appendName(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '_')
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '/' || c == '%' || c == 0x7f || (c == '.' && i == 0) {
			dst = fmt.Appendf(dst, "%%%02x", c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

func appendVerb(dst []byte, verb byte, at time.Time) []byte {
	n, width := 0, 2
	switch verb {
	case 'Y':
		n, width = at.Year(), 4
	case 'm':
		n = int(at.Month())
	case 'd':
		n = at.Day()
	case 'H':
		n = at.Hour()
	case 'M':
		n = at.Minute()
	case 'S':
		n = at.Second()
	case 'j':
		n, width = at.YearDay(), 3
	}
	s := strconv.Itoa(n)
	for range width - len(s) {
		dst = append(dst, '0')
	}
	return append(dst, s...)
}
