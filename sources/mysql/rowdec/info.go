package rowdec

import (
	"slices"
	"strconv"
	"strings"

	"yamabiko/event"
)

// InfoColumn is a row of information_schema.COLUMNS.
type InfoColumn struct {
	Name    string // COLUMN_NAME
	Type    string // COLUMN_TYPE
	Charset string // CHARACTER_SET_NAME, empty for NULL
}

// CompileInfo makes the plan of a table as information_schema describes it: cols by ORDINAL_POSITION, key the columns
// of the primary key in their order, empty where there is none. Such a plan reads the rows of a SELECT, but no row
// images. What cannot be read is an *Unsupported, as in Compile.
func CompileInfo(source, schema, table string, cols []InfoColumn, key []string) (*Plan, error) {
	t := &event.Table{Source: source, Schema: schema, Name: table}
	out := make([]column, len(cols))
	for i, c := range cols {
		out[i].Name = c.Name
		if why, remedy := out[i].info(c); why != "" {
			return nil, &Unsupported{Source: source, Schema: schema, Table: table, Column: c.Name, Why: why, Remedy: remedy}
		}
	}
	for _, name := range key {
		t.Key = append(t.Key, slices.IndexFunc(cols, func(c InfoColumn) bool { return c.Name == name }))
	}
	return newPlan(t, out, false)
}

// info describes the column from its type as MySQL spells it: a name, arguments in parentheses, attributes.
func (c *column) info(from InfoColumn) (why, remedy string) {
	name, args, attributes := splitType(from.Type)
	unsigned := strings.Contains(attributes, "unsigned")
	c.Type = name
	switch name {
	case "tinyint", "smallint", "mediumint", "int":
		c.Kind, c.Type = event.Int, sign(name, unsigned)
	case "bigint":
		if c.Kind, c.Type = event.Int, sign(name, unsigned); unsigned {
			c.Kind = event.Uint64
		}
	case "float":
		c.Kind, c.Type = event.Float32, sign(name, unsigned)
	case "double":
		c.Kind, c.Type = event.Float64, sign(name, unsigned)
	case "decimal":
		c.Kind, c.Type = event.Decimal, sign("decimal("+args+")", unsigned)
		_, scale, _ := strings.Cut(args, ",")
		c.Digits, _ = strconv.Atoi(scale)
	case "year":
		c.Kind = event.Int
	case "bit":
		n, _ := strconv.Atoi(args)
		c.Kind, c.Type = bitKind(n), from.Type
	case "date":
		c.Kind = event.Date
	case "time", "datetime", "timestamp":
		c.Kind, c.Type = temporalKind(name), from.Type
		c.Digits, _ = strconv.Atoi(args)
	case "json":
		c.Kind = event.JSON
	case "vector":
		c.Kind = event.Vector
	default:
		return c.infoChars(name, from)
	}
	return "", ""
}

// infoChars is info for the types of a character set, and for what is not read.
func (c *column) infoChars(name string, from InfoColumn) (why, remedy string) {
	c.Type = from.Type
	switch name {
	case "enum":
		c.Kind = event.Enum
	case "set":
		c.Kind = event.Set
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		c.Kind = event.String
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		c.Kind = event.Binary
		return "", ""
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geomcollection":
		return "the geometry types are not read yet", remedyExclude
	default:
		return "the type " + from.Type + " is not read yet", remedyExclude
	}
	return readable(from.Charset)
}

func readable(charset string) (why, remedy string) {
	if _, ok := charsetOf(charset); !ok {
		return "the character set " + charset + " is not read yet", remedyCharset
	}
	return "", ""
}

func temporalKind(name string) event.Kind {
	switch name {
	case "time":
		return event.Time
	case "datetime":
		return event.DateTime
	}
	return event.Timestamp
}

// splitType cuts "decimal(10,2) unsigned" in three. The arguments of ENUM and SET may hold anything, and are not used.
func splitType(s string) (name, args, attributes string) {
	name, rest, _ := strings.Cut(s, " ")
	if open := strings.IndexByte(s, '('); open >= 0 && open < len(name) {
		closed := strings.LastIndexByte(s, ')')
		return s[:open], s[open+1 : max(closed, open+1)], s[max(closed, open)+1:]
	}
	return name, "", rest
}
