package config

// finding is an error that a method returned, and the node that it is about.
type finding struct {
	n    *node
	rest string // of the field's path, below n: what is not written
	err  *FieldError
}

// explain reports what an UnmarshalNode, UnmarshalText or Check method says about n at the places that it names. It says
// nothing twice: where decoding failed already, a check has looked at a value that nobody wrote.
func (d *decoder) explain(n *node, err error) {
	var found []finding
	for _, f := range d.flatten(n, err) {
		absent := f.rest != "" && f.n.kind == mapping // the field is not written: no error can stand there yet
		if !d.missing[missing{f.n, f.rest}] && (absent || !d.bad[f.n]) {
			found = append(found, f)
		}
	}
	for _, f := range found {
		place, path := f.n.place, f.n.path()
		if f.rest != "" {
			place = f.n.owner()
			if path != "" {
				path += "."
			}
			path += f.rest
		}
		msg := f.err.Msg
		if path != "" {
			msg = path + ": " + msg
		}
		d.at(f.n, place, f.err.Hint, "%s", msg)
	}
}

// flatten takes joined errors apart. Errors of Node.Decode have their places and go to the report at once.
func (d *decoder) flatten(n *node, err error) []finding {
	switch e := err.(type) {
	case nil:
		return nil
	case Errors:
		for _, one := range e {
			d.add(one)
		}
		return nil
	case *FieldError:
		at, rest := n.find(e.Field)
		return []finding{{at, rest, e}}
	case interface{ Unwrap() []error }:
		var all []finding
		for _, one := range e.Unwrap() {
			all = append(all, d.flatten(n, one)...)
		}
		return all
	}
	return []finding{{n, "", &FieldError{Msg: err.Error()}}}
}
