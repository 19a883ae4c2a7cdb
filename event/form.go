package event

import "fmt"

// Form is a family of msgpack formats: what a value is, however it is written (msgpack specification, "Type system").
type Form uint8

// FormNone is what an empty slice and the unused byte 0xc1 have. FormInt is every integer, signed or not; FormFloat
// has 32 or 64 bits.
const (
	FormNone Form = iota
	FormNil
	FormBool
	FormInt
	FormFloat
	FormString
	FormBin
	FormArray
	FormMap
	FormExt
)

var formNames = [...]string{"no value", "nil", "bool", "int", "float", "str", "bin", "array", "map", "ext"}

// String gives the name that the msgpack specification uses.
func (f Form) String() string { return formNames[f] }

// FormOf peeks at the first value in b. It looks at one byte, so the rest of the value may still be missing.
func FormOf(b []byte) Form {
	if len(b) == 0 {
		return FormNone
	}
	switch c := b[0]; {
	case c < 0x80 || c >= 0xe0:
		return FormInt
	case c < 0x90:
		return FormMap
	case c < 0xa0:
		return FormArray
	case c < 0xc0:
		return FormString
	default:
		return shapes[c-0xc0].form
	}
}

// shape is the layout of a format: the bytes before a payload of counted length, or of the whole value if there is
// none, and the width of that count.
type shape struct {
	form         Form
	fixed, width uint8
}

// shapes holds the formats 0xc0 to 0xdf in order (msgpack specification, "Overview").
var shapes = [32]shape{
	{FormNil, 1, 0}, {FormNone, 0, 0}, {FormBool, 1, 0}, {FormBool, 1, 0},
	{FormBin, 2, 1}, {FormBin, 3, 2}, {FormBin, 5, 4},
	{FormExt, 3, 1}, {FormExt, 4, 2}, {FormExt, 6, 4},
	{FormFloat, 5, 0}, {FormFloat, 9, 0},
	{FormInt, 2, 0}, {FormInt, 3, 0}, {FormInt, 5, 0}, {FormInt, 9, 0}, // unsigned
	{FormInt, 2, 0}, {FormInt, 3, 0}, {FormInt, 5, 0}, {FormInt, 9, 0}, // signed
	{FormExt, 3, 0}, {FormExt, 4, 0}, {FormExt, 6, 0}, {FormExt, 10, 0}, {FormExt, 18, 0},
	{FormString, 2, 1}, {FormString, 3, 2}, {FormString, 5, 4},
	{FormArray, 3, 2}, {FormArray, 5, 4},
	{FormMap, 3, 2}, {FormMap, 5, 4},
}

// mismatch is the error for a value that is not of the form that the caller reads.
func mismatch(b []byte, want Form) error {
	switch got := FormOf(b); {
	case len(b) == 0:
		return ErrTruncated
	case got == FormNone:
		return ErrInvalid
	default:
		return fmt.Errorf("%w: want %v, have %v (0x%02x)", ErrForm, want, got, b[0])
	}
}
