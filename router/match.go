package router

import (
	"fmt"
	"regexp"
	"strings"
)

// A tag pattern has parts split by dots, as tags have. In it `*` is any text without a dot, `**`, as a whole part, is any number of
// parts, none included, and `{a,b}` is a or b, which are patterns themselves. It is fluentd's language, with `*` also
// beside other characters.

// maxAlternatives bounds what the braces of one pattern multiply to.
const maxAlternatives = 1000

// pattern is a compiled tag pattern.
type pattern struct{ alternatives []*regexp.Regexp }

func compile(text string) (pattern, error) {
	plain, err := expand(text)
	if err != nil {
		return pattern{}, fmt.Errorf("tag pattern %q: %w", text, err)
	}
	var p pattern
	for _, alt := range plain {
		re, err := compilePlain(alt)
		if err != nil {
			return pattern{}, fmt.Errorf("tag pattern %q: %w", text, err)
		}
		p.alternatives = append(p.alternatives, re)
	}
	return p, nil
}

// CheckPattern returns what is wrong with the syntax of a tag pattern.
func CheckPattern(text string) error {
	_, err := compile(text)
	return err
}

func (p pattern) match(tag string) bool {
	for _, re := range p.alternatives {
		if re.MatchString("." + tag) {
			return true
		}
	}
	return false
}

// compilePlain compiles a pattern without braces. Each part brings the dot before it, and a tag is
// matched with a dot before it, so that `**` can stand for no part at all.
func compilePlain(text string) (*regexp.Regexp, error) {
	var re strings.Builder
	re.WriteString(`^`)
	for part := range strings.SplitSeq(text, ".") {
		switch {
		case part == "":
			return nil, fmt.Errorf("an empty part")
		case part == "**":
			re.WriteString(`(?:\.[^.]*)*`)
		case strings.Contains(part, "**"):
			return nil, fmt.Errorf("in %q, ** must be a whole part", part)
		default:
			re.WriteString(`\.`)
			re.WriteString(strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, `[^.]*`))
		}
	}
	re.WriteString(`$`)
	return regexp.Compile(re.String())
}

// expand writes the braces of a pattern out.
func expand(text string) ([]string, error) {
	open := strings.IndexByte(text, '{')
	if open < 0 {
		if strings.IndexByte(text, '}') >= 0 {
			return nil, fmt.Errorf("a } without its {")
		}
		return []string{text}, nil
	}
	if strings.IndexByte(text[:open], '}') >= 0 {
		return nil, fmt.Errorf("a } without its {")
	}
	alts, rest, err := alternatives(text[open+1:])
	if err != nil {
		return nil, err
	}
	ends, err := expand(rest)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, alt := range alts {
		middles, err := expand(alt)
		if err != nil {
			return nil, err
		}
		if len(out)+len(middles)*len(ends) > maxAlternatives {
			return nil, fmt.Errorf("more than %d alternatives", maxAlternatives)
		}
		for _, middle := range middles {
			for _, end := range ends {
				out = append(out, text[:open]+middle+end)
			}
		}
	}
	return out, nil
}

// alternatives splits what follows a { at its commas, up to its }, and returns what follows that.
func alternatives(text string) (alts []string, rest string, err error) {
	depth, from := 0, 0
	for i, c := range []byte(text) {
		switch {
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '}':
			return append(alts, text[from:i]), text[i+1:], nil
		case c == ',' && depth == 0:
			alts = append(alts, text[from:i])
			from = i + 1
		}
	}
	return nil, "", fmt.Errorf("a { without its }")
}
