package rowdec

import (
	"fmt"
	"slices"

	"yamabiko/event"
)

// Plan decodes the rows of one definition of a table. It does not change once it is made, so several goroutines
// may use it at once, each with its own Scratch.
type Plan struct {
	table *event.Table
	cols  []column
	head  []byte // the record's map header
	wire  bool   // made of a TABLE_MAP: row images can be read
}

// Table describes the table. It is shared by all batches of the plan and must not be changed. Plans of one table
// have equal Tables, whether they were made by Compile or by CompileInfo.
func (p *Plan) Table() *event.Table { return p.table }

// Scratch is what decoding needs beside its output. The zero Scratch is ready; it is used by one goroutine at a
// time and kept from row to row, so that a row allocates nothing.
type Scratch struct {
	old, new, img []span // where each column's value stands: in an update's two images, in the image being encoded
	keys          []span // where each key column's value stands in what was encoded
	key, oldKey   []byte
}

// span is a part of a slice; at is -1 for NULL.
type span struct{ at, end int }

func (s span) of(b []byte) (v []byte, some bool) {
	if s.at < 0 {
		return nil, false
	}
	return b[s.at:s.end], true
}

func (s *Scratch) fit(columns, keys int) {
	if cap(s.img) < columns {
		s.old, s.new, s.img = make([]span, columns), make([]span, columns), make([]span, columns)
	}
	if cap(s.keys) < keys {
		s.keys = make([]span, keys)
	}
	s.old, s.new, s.img, s.keys = s.old[:columns], s.new[:columns], s.img[:columns], s.keys[:keys]
}

// newPlan completes a plan whose columns are described.
func newPlan(t *event.Table, cols []column, wire bool) (*Plan, error) {
	for i := range cols {
		c := &cols[i]
		c.label = newLabel(event.AppendString(nil, c.Name))
		c.key = -1
		t.Columns = append(t.Columns, c.Column)
	}
	for place, i := range t.Key {
		if i < 0 || i >= len(cols) || slices.Contains(t.Key[:place], i) {
			return nil, fmt.Errorf("mysql %s: table %s.%s: its primary key names column %d of %d",
				t.Source, t.Schema, t.Name, i, len(cols))
		}
		cols[i].key = place
	}
	return &Plan{table: t, cols: cols, head: event.AppendMapHeader(nil, len(cols)), wire: wire}, nil
}

func (p *Plan) unsupported(why, remedy string) *Unsupported {
	t := p.table
	return &Unsupported{Source: t.Source, Schema: t.Schema, Table: t.Name, Why: why, Remedy: remedy}
}

// damaged is an error for bytes that are not what the definition promises.
func (p *Plan) damaged(c *column, what string) error {
	t := p.table
	if c == nil {
		return fmt.Errorf("mysql %s: table %s.%s: damaged row: %s", t.Source, t.Schema, t.Name, what)
	}
	return fmt.Errorf("mysql %s: table %s.%s: column %s (%s): damaged row: %s",
		t.Source, t.Schema, t.Name, c.Name, c.Type, what)
}
