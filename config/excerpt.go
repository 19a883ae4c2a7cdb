package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// excerptWidth is how many characters of a line are shown at most.
const excerptWidth = 140

// span is a part of a line, in characters from 0.
type span struct{ from, to int }

// excerpt shows a line and a caret below column col, with the masked spans as ***.
func excerpt(line string, number, col int, masked []span) string {
	runes, at := maskLine([]rune(line), max(col-1, 0), masked)
	at = min(at, len(runes))
	lead := ""
	if from := at - excerptWidth/2; from > 0 && len(runes) > excerptWidth {
		runes, at, lead = runes[from:], at-from, "…"
	}
	tail := ""
	if len(runes) > excerptWidth {
		runes, tail = runes[:excerptWidth], "…"
	}
	margin := fmt.Sprintf("%5d | ", number)
	return margin + lead + string(runes) + tail + "\n" +
		strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", len([]rune(lead))) + blank(runes[:at]) + "^"
}

// blank is as wide as r on a terminal: tabs stay, and East Asian characters are two cells wide.
func blank(r []rune) string {
	var b strings.Builder
	for _, c := range r {
		switch {
		case c == '\t':
			b.WriteByte('\t')
		case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul), c >= 0xff01 && c <= 0xff60:
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// maskLine replaces the masked spans and tells where the character at went.
func maskLine(line []rune, at int, masked []span) ([]rune, int) {
	slices.SortFunc(masked, func(a, b span) int { return b.from - a.from }) // from the right: what is left keeps its place
	masked = slices.Compact(masked)
	for _, m := range masked {
		if m.from >= len(line) {
			continue
		}
		to := min(m.to, len(line))
		line = append(append(append([]rune{}, line[:m.from]...), '*', '*', '*'), line[to:]...)
		switch {
		case at >= to:
			at += 3 - (to - m.from)
		case at > m.from:
			at = m.from
		}
	}
	return line, at
}

// suspects are the values on a line whose keys sound secret. They are masked even where no type says so: in a file that does
// not parse, behind an unknown or a duplicate key. References are shown.
func suspects(line string) (found []span) {
	key := regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|shared_key)["']?[ \t]*:[ \t]*`)
	for _, m := range key.FindAllStringIndex(line, -1) {
		rest := line[m[1]:]
		if from := utf8.RuneCountInString(line[:m[1]]); rest != "" && !strings.ContainsRune("{},]#", rune(rest[0])) {
			found = append(found, span{from, scalarEnd([]rune(line), from)})
		}
	}
	return found
}

// scalarEnd finds where the scalar that starts at from ends: at its closing quote, or for a plain one, to be safe, at the
// end of the line.
func scalarEnd(line []rune, from int) int {
	if from >= len(line) {
		return len(line)
	}
	q := line[from]
	if q != '"' && q != '\'' {
		return len(line)
	}
	for i := from + 1; i < len(line); i++ {
		if line[i] == '\\' && q == '"' {
			i++
		} else if line[i] == q {
			return i + 1
		}
	}
	return len(line)
}
