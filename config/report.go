package config

import (
	"fmt"
	"sort"
	"strings"
)

// maxErrors bounds a report: who names a wrong file gets its first errors, not a million.
const maxErrors = 500

// texts are the lines of all files that were read, for excerpts, and what must not be shown of them.
type texts struct {
	order []string // file names in the order of reading, which is the order of the report
	lines map[string][]string
	masks map[Place]bool // where literal secrets begin
}

func newTexts() *texts {
	return &texts{lines: map[string][]string{}, masks: map[Place]bool{}}
}

func (t *texts) add(file, text string) {
	t.order = append(t.order, file)
	t.lines[file] = strings.Split(text, "\n")
}

// mask keeps what n says out of all excerpts.
func (t *texts) mask(n *node) { t.masks[n.place] = true }

func (t *texts) line(p Place) (string, bool) {
	lines := t.lines[p.File]
	if p.Line < 1 || p.Line > len(lines) {
		return "", false
	}
	return lines[p.Line-1], true
}

func (t *texts) excerpt(p Place) string {
	line, ok := t.line(p)
	if !ok {
		return ""
	}
	var masked []span
	for m := range t.masks {
		if m.File == p.File && m.Line == p.Line {
			masked = append(masked, span{m.Col - 1, scalarEnd([]rune(line), m.Col-1)})
		}
	}
	masked = append(masked, suspects(line)...)
	return excerpt(line, p.Line, p.Col, masked)
}

// missing is a required key that was reported as not there.
type missing struct {
	in   *node
	name string
}

// report collects the errors of one load, or of one Node.Decode.
type report struct {
	*texts
	errs    []*Error
	bad     map[*node]bool // nodes that are wrong, or hold one that is
	missing map[missing]bool
	partial bool // a file could not be read: what it defines is not known
}

func newReport(t *texts) *report {
	return &report{texts: t, bad: map[*node]bool{}, missing: map[missing]bool{}}
}

// child is a report of its own that knows what is reported already.
func (r *report) child() *report {
	return &report{texts: r.texts, bad: r.bad, missing: r.missing}
}

// at adds an error about n at place p.
func (r *report) at(n *node, p Place, hint, format string, args ...any) {
	r.add(&Error{File: p.File, Line: p.Line, Col: p.Col, Msg: fmt.Sprintf(format, args...), Hint: hint, at: n})
}

// wrong adds an error about n at its own place, with its path.
func (r *report) wrong(n *node, hint, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if path := n.path(); path != "" {
		msg = path + ": " + msg
	}
	r.at(n, n.place, hint, "%s", msg)
}

func (r *report) add(e *Error) {
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, e)
	}
	r.spoil(e.at)
}

// spoil notes that n is wrong, and so what holds it.
func (r *report) spoil(n *node) {
	for ; n != nil && !r.bad[n]; n = n.parent {
		r.bad[n] = true
	}
}

// err returns the errors sorted by place and with their excerpts, or nil.
func (r *report) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	rank := map[string]int{}
	for i, f := range r.order {
		rank[f] = i
	}
	sort.SliceStable(r.errs, func(i, j int) bool {
		a, b := r.errs[i], r.errs[j]
		if a.File != b.File {
			return rank[a.File] < rank[b.File]
		}
		return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
	})
	for _, e := range r.errs {
		e.Excerpt = r.excerpt(e.place())
	}
	return Errors(r.errs)
}
