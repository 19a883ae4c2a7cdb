package event

import "iter"

// Fields yields the keys and values of a msgpack map in order: a key as its text, a value whole and encoded. Both alias
// rec. A map that is malformed, or has a key that is not a str, ends the loop and sets *err, which is nil after a whole walk.
//
//	var err error
//	for name, value := range event.Fields(rec, &err) {
//	}
//	if err != nil {
func Fields(rec []byte, err *error) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		var n int
		var name, value, rest []byte
		for n, rest, *err = ReadMapHeader(rec); n > 0; n-- {
			if name, rest, *err = ReadString(rest); *err != nil {
				return
			}
			if value, rest, *err = cut(rest); *err != nil || !yield(name, value) {
				return
			}
		}
	}
}

// Elements yields the values of a msgpack array, whole and encoded, with their places. They alias list. It reports
// errors as Fields does.
func Elements(list []byte, err *error) iter.Seq2[int, []byte] {
	return func(yield func(i int, value []byte) bool) {
		var n int
		var value, rest []byte
		n, rest, *err = ReadArrayHeader(list)
		for i := range n {
			if value, rest, *err = cut(rest); *err != nil || !yield(i, value) {
				return
			}
		}
	}
}

// cut splits b after its first value.
func cut(b []byte) (value, rest []byte, err error) {
	if rest, err = Skip(b); err != nil {
		return nil, nil, err
	}
	n := len(b) - len(rest)
	return b[:n:n], rest, nil
}

// Find returns the value of a top-level field of a msgpack map, whole and encoded. It aliases rec. In a map that has
// the name twice the first stands; ok is false too where rec is malformed before the field.
func Find(rec []byte, name string) (value []byte, ok bool) {
	n, rest, err := ReadMapHeader(rec)
	for ; n > 0 && err == nil; n-- {
		found := false
		if FormOf(rest) == FormString {
			var key []byte
			key, rest, err = ReadString(rest)
			found = string(key) == name
		} else {
			rest, err = Skip(rest)
		}
		if err != nil {
			break
		}
		if found {
			value, _, err = cut(rest)
			return value, err == nil
		}
		rest, err = Skip(rest)
	}
	return nil, false
}
