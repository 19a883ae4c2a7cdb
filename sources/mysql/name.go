package mysql

import "strings"

// name is a table's. Both parts may hold any character, dots included.
type name struct{ schema, table string }

// schemaEscapes keep a dot within a schema's name apart from the one behind it.
var schemaEscapes = [...]string{"%", "%25", ".", "%2e"}

// key is what a position has tables by: schema.table, with dots in the schema escaped.
func (n name) key() string {
	if !strings.ContainsAny(n.schema, "%.") {
		return n.schema + "." + n.table
	}
	return strings.NewReplacer(schemaEscapes[:]...).Replace(n.schema) + "." + n.table
}

// nameOf undoes key.
func nameOf(key string) name {
	schema, table, _ := strings.Cut(key, ".")
	schema = strings.NewReplacer(schemaEscapes[3], schemaEscapes[2], schemaEscapes[1], schemaEscapes[0]).Replace(schema)
	return name{schema, table}
}
