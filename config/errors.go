package config

import (
	"fmt"
	"strings"
)

// Place is where something stands in a configuration file. Line and Col count from 1, Col in characters; Line is 0 for
// the file as a whole.
type Place struct {
	File      string
	Line, Col int
}

// String writes file:line:col, what editors jump to.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Error is one mistake in a configuration.
type Error struct {
	File      string
	Line, Col int
	Msg       string
	Excerpt   string // the line and a caret below the place, without a final newline; secrets are masked
	Hint      string // how to mend it; may be empty

	at *node // what is wrong, so that one mistake is not reported twice; may be nil
}

func (e *Error) place() Place { return Place{e.File, e.Line, e.Col} }

// Error gives the message with its place, the excerpt and the hint, on a line each.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.place().String() + ": " + e.Msg)
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	return b.String()
}

// Errors are all the mistakes of a configuration, in the order of their places.
type Errors []*Error

// Error gives all errors, one below the other.
func (e Errors) Error() string {
	all := make([]string, len(e))
	for i, one := range e {
		all[i] = one.Error()
	}
	return strings.Join(all, "\n")
}

// FieldError is a mistake in one field of a struct that was decoded. Load gives it the field's place.
type FieldError struct {
	Field string // as in the YAML: "tls.ca", "tables[2]"; empty: the value itself
	Msg   string
	Hint  string
	err   error
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Msg
	}
	return e.Field + ": " + e.Msg
}

// Unwrap returns what Field was given for %w.
func (e *FieldError) Unwrap() error { return e.err }

// Field is what a Check method returns for a field that is wrong; several are joined by errors.Join. The field is named
// as in the YAML: "tls.ca", "tables[2]". format and args are as for fmt.Errorf.
func Field(field, format string, args ...any) error {
	return FieldHint(field, "", format, args...)
}

// FieldHint is Field with a hint at the remedy.
func FieldHint(field, hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &FieldError{Field: field, Msg: err.Error(), Hint: hint, err: err}
}

// hinted is an error of the value at hand, with a hint.
func hinted(hint, format string, args ...any) error { return FieldHint("", hint, format, args...) }

// quote quotes what stands in a file, shortened: a message stays a line.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
