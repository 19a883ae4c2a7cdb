package config

import "reflect"

// Node is a value as it stands in a file. A struct field of this type takes whatever is written.
type Node struct {
	n      *node
	report *report
	common []string // keys of n that are read already: known, but not Decode's
}

// Unmarshaler is implemented by types that may be written in more than one form.
type Unmarshaler interface {
	// UnmarshalNode reads n, by n.Scalar and n.Decode; it chooses by Scalar, not by trying Decode twice. Its error may be an Errors that Decode returned, a Field error, several
	// joined, or any other, which is then reported at the place of n.
	UnmarshalNode(n Node) error
}

// Checker is implemented by structs, plugins' and nested ones alike, that check what was decoded.
type Checker interface {
	// Check returns nil, a Field error, or several joined by errors.Join.
	Check() error
}

// Place tells where the value stands.
func (n Node) Place() Place {
	if n.n == nil {
		return Place{}
	}
	return n.n.place
}

// Scalar returns the text of a string, number or bool; ok is false for lists, mappings and no value.
func (n Node) Scalar() (text string, ok bool) {
	if n.n == nil || n.n.kind != scalar {
		return "", false
	}
	return n.n.text, true
}

// Decode fills what into points to, strictly: unknown keys, wrong types and values, missing keys, and what Check methods
// say are all returned, as Errors. What is not written keeps its value, so into holds the defaults. Fields have the tag
// `yaml:"name,options"`, with the options:
//
//	required   the key must be there
//	list       a single value is a list of one
//	enum=a|b   one of these strings
//	path       a relative path is relative to the file in which it is written
//	inline     the keys of an embedded struct are its outer struct's
func (n Node) Decode(into any) error {
	if n.n == nil {
		return nil
	}
	d := decoder{report: n.report.child(), root: n.n, common: n.common}
	d.value(n.n, reflect.ValueOf(into).Elem(), options{})
	return d.err()
}
