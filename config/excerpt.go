package config

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
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
	sort.Slice(masked, func(i, j int) bool { return masked[i].from > masked[j].from })
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
