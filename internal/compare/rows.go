package compare

import (
	"context"
	"fmt"
	"strings"
)

// table is what has to be known of a table to write its rows as yamabiko does.
type table struct {
	schema, name string
	columns      []column
	key          []column // of the primary key, in its order; empty without one
}

type column struct{ name, kind string } // kind: DATA_TYPE of information_schema

func describe(ctx context.Context, db Query, schema, name string) (*table, error) {
	where := " WHERE TABLE_SCHEMA = " + literal(schema) + " AND TABLE_NAME = " + literal(name)
	cols, err := db(ctx, "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS"+where+" ORDER BY ORDINAL_POSITION")
	if err != nil {
		return nil, err
	}
	keys, err := db(ctx, "SELECT COLUMN_NAME FROM information_schema.STATISTICS"+where+" AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX")
	if err != nil {
		return nil, err
	}
	t := &table{schema: schema, name: name}
	kinds := map[string]string{}
	for _, c := range cols {
		t.columns = append(t.columns, column{c[0], c[1]})
		kinds[c[0]] = c[1]
	}
	for _, k := range keys {
		t.key = append(t.key, column{k[0], kinds[k[0]]})
	}
	return t, nil
}

// rows returns what the documents should be, as canonical JSON by id.
func (t *table) rows(ctx context.Context, db Query) (map[string]string, error) {
	var pairs []string
	for _, c := range t.columns {
		expr, err := c.json()
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, literal(c.name)+", "+expr)
	}
	// The hints make the text independent of the session's own settings, and let zero dates pass.
	sql := fmt.Sprintf("SELECT /*+ SET_VAR(time_zone='+00:00') SET_VAR(sql_mode='') */ JSON_OBJECT(%s) FROM %s.%s",
		strings.Join(pairs, ", "), quote(t.schema), quote(t.name))
	rows, err := db(ctx, sql)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r[0]
	}
	return t.byID(texts)
}

// byID makes rows, as JSON texts, canonical and finds their ids.
func (t *table) byID(texts []string) (map[string]string, error) {
	out := make(map[string]string, len(texts))
	var keyless []string
	for _, text := range texts {
		row, err := parse([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("%.200s: %w", text, err)
		}
		if len(t.key) == 0 {
			keyless = append(keyless, t.canonical(row))
			continue
		}
		id, err := t.id(row)
		if err != nil {
			return nil, err
		}
		out[id] = t.canonical(row)
	}
	if len(t.key) == 0 {
		return numbered(keyless), nil
	}
	return out, nil
}

// json is the expression for a column's value in the form of docs/types.md, as far as SQL can give it; canonical does the rest.
func (c column) json() (string, error) {
	q := quote(c.name)
	text := "CAST(" + q + " AS CHAR CHARACTER SET utf8mb4)"
	switch c.kind {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "float", "double", "json", "enum",
		"char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return q, nil
	case "decimal", "time":
		return text, nil
	case "bit", "year":
		return q + " + 0", nil
	case "date", "datetime":
		return calendar(q, "REPLACE("+text+", ' ', 'T')"), nil
	case "timestamp":
		return calendar(q, "CONCAT(REPLACE("+text+", ' ', 'T'), 'Z')"), nil
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return "REPLACE(TO_BASE64(" + q + `), '\n', '')`, nil
	case "set": // a label has no comma
		return "IF(" + q + " = '', JSON_ARRAY(), CAST(CONCAT('[', REPLACE(JSON_QUOTE(" + text + `), ',', '","'), ']') AS JSON))`, nil
	}
	return "", fmt.Errorf("column %s: compare does not know type %s", c.name, c.kind)
}

// calendar is null for what no calendar has.
func calendar(q, expr string) string {
	return "IF(DAY(" + q + ") = 0 OR MONTH(" + q + ") = 0, NULL, " + expr + ")"
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}
