package mysql

import (
	"encoding/hex"
	"fmt"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
	"yamabiko/sources/mysql/rowdec"
)

// keyset walks a table in the order of its primary key. The server does all comparing, by its own collations (rule N3).
type keyset struct {
	columns []string // SELECT's expressions: the record's, then those of order
	order   []string // what the table is ordered by
	cells   []int    // where in a row each of order stands
	kinds   []event.Kind
}

func newKeyset(p *rowdec.Plan) keyset {
	t := p.Table()
	k := keyset{columns: p.SelectList()}
	for _, i := range t.Key {
		c := t.Columns[i]
		expr := rowdec.QuoteName(c.Name)
		at := i
		if c.Kind == event.Enum || c.Kind == event.Set {
			// They are ordered by number and compared with a string by label; asked for as a number, they are both by number.
			expr += "+0"
			at = len(k.columns)
			k.columns = append(k.columns, expr)
			c.Kind = event.Int
		}
		k.order, k.cells, k.kinds = append(k.order, expr), append(k.cells, at), append(k.kinds, c.Kind)
	}
	return k
}

// query is a SELECT of the rows after the key whose literals are given, in order; nil is from the beginning.
func (k keyset) query(t *event.Table, after []string, limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s FROM %s.%s", strings.Join(k.columns, ", "), rowdec.QuoteName(t.Schema), rowdec.QuoteName(t.Name))
	if after != nil {
		b.WriteString(" WHERE ")
		k.past(&b, after)
	}
	fmt.Fprintf(&b, " ORDER BY %s LIMIT %d", strings.Join(k.order, ", "), limit)
	return b.String()
}

// past writes (a, b) > (x, y) as a >= x AND (a > x OR a = x AND b > y), whose first part the server can use as a range.
func (k keyset) past(b *strings.Builder, after []string) {
	if len(k.order) > 1 {
		fmt.Fprintf(b, "%s >= %s AND (", k.order[0], after[0])
	}
	for i := range k.order {
		if i > 0 {
			b.WriteString(" OR ")
		}
		for j := range i {
			fmt.Fprintf(b, "%s = %s AND ", k.order[j], after[j])
		}
		fmt.Fprintf(b, "%s > %s", k.order[i], after[i])
	}
	if len(k.order) > 1 {
		b.WriteByte(')')
	}
}

// literals writes a row's key as SQL.
func (k keyset) literals(cells [][]byte) []string {
	out := make([]string, len(k.cells))
	for i, at := range k.cells {
		out[i] = sqlValue(k.kinds[i], cells[at])
	}
	return out
}

// sqlValue writes a cell of a SELECT as a literal that compares with its column as the column's own values do.
func sqlValue(kind event.Kind, cell []byte) string {
	switch kind {
	case event.Int, event.Uint64, event.Decimal, event.Float32, event.Float64:
		return string(cell)
	case event.Binary:
		if len(cell) == 0 {
			return "''"
		}
		return "x'" + hex.EncodeToString(cell) + "'"
	}
	return literal(string(cell))
}

// literal quotes a string for SQL; the session's sql_mode is empty, so a backslash escapes.
func literal(s string) string { return "'" + gomysql.Escape(s) + "'" }
