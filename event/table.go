package event

// Table describes the table that a batch's rows come from. It is immutable once a batch refers to it;
// a changed definition is a new Table.
type Table struct {
	Source, Schema, Name string
	Columns              []Column
	Key                  []int // indices into Columns, in key order; empty: the table has no primary key
}

// Kind is a column's type as sinks need to know it, whatever the database calls it.
type Kind uint8

// The kinds, with the msgpack form that a value of the kind has (docs/types.md).
const (
	Unknown   Kind = iota // any form
	Int                   // int or uint, at most 64 bits signed
	Uint64                // uint, may pass 2^63
	Decimal               // str: the exact digits
	Float32               // float32
	Float64               // float64
	String                // str
	Binary                // bin
	Date                  // str "2006-01-02", or nil
	DateTime              // str "2006-01-02T15:04:05.000000" with the declared digits, no zone, or nil
	Timestamp             // the same with Z
	Time                  // str "-838:59:59.000000"
	Enum                  // str
	Set                   // array of str
	JSON                  // any form
	Bool                  // bool
	Geometry              // map: GeoJSON
	Vector                // array of float32
)

// Column is one column of a Table.
type Column struct {
	Name   string
	Type   string // as the database spells it, e.g. "bigint unsigned"
	Kind   Kind
	Digits int // fraction digits of the time kinds, scale of Decimal
}
