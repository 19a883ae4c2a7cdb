package rowdec

import (
	"strings"

	"yamabiko/event"
)

// SelectList gives the expressions of a SELECT that AppendTextRow reads, in column order. The session has to have
// character_set_results utf8mb4 and time_zone '+00:00', and the text protocol.
func (p *Plan) SelectList() []string {
	list := make([]string, len(p.cols))
	for i := range p.cols {
		list[i] = selectExpr(&p.cols[i].Column)
	}
	return list
}

// selectExpr names the column so that its text says all of the value: the text of a FLOAT is rounded to six digits
// and that of DOUBLE(M,D) to D, and BIT comes as bytes of any charset.
func selectExpr(c *event.Column) string {
	name := QuoteName(c.Name)
	switch {
	case c.Kind == event.Float32 || c.Kind == event.Float64:
		return "CAST(" + name + " AS DOUBLE)"
	case strings.HasPrefix(c.Type, "bit("):
		return "CAST(" + name + " AS UNSIGNED)"
	}
	return name
}

// QuoteName makes a name an identifier in SQL, whatever it holds.
func QuoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
