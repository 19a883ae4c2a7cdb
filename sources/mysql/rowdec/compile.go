package rowdec

import (
	"fmt"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
)

// Compile makes the plan of a TABLE_MAP event, which must carry FULL metadata. tm is read, not kept. What cannot be
// read is an *Unsupported.
func Compile(source string, tm *replication.TableMapEvent, charsets Charsets) (*Plan, error) {
	t := &event.Table{Source: source, Schema: string(tm.Schema), Name: string(tm.Table)}
	m, err := newMeta(t, tm, charsets)
	if err != nil {
		return nil, err
	}
	cols := make([]column, len(tm.ColumnType))
	for i := range cols {
		cols[i].Name = string(tm.ColumnName[i])
		if why, remedy := m.column(&cols[i], i); why != "" {
			return nil, &Unsupported{Source: source, Schema: t.Schema, Table: t.Name, Column: cols[i].Name, Why: why, Remedy: remedy}
		}
	}
	for _, i := range tm.PrimaryKey {
		// A prefix of the value is enough to be unique, so the whole value is too.
		t.Key = append(t.Key, int(min(i, uint64(len(cols)))))
	}
	return newPlan(t, cols, true)
}

// column describes column i, or says why it cannot be read. It is called once for each column, in order.
func (m *meta) column(c *column, i int) (why, remedy string) {
	typ, bits := m.tm.ColumnType[i], m.tm.ColumnMeta[i]
	unsigned := m.numeric(typ)
	switch typ {
	case mysql.MYSQL_TYPE_TINY:
		c.integer("tinyint", 1, unsigned)
	case mysql.MYSQL_TYPE_SHORT:
		c.integer("smallint", 2, unsigned)
	case mysql.MYSQL_TYPE_INT24:
		c.integer("mediumint", 3, unsigned)
	case mysql.MYSQL_TYPE_LONG:
		c.integer("int", 4, unsigned)
	case mysql.MYSQL_TYPE_LONGLONG:
		c.integer("bigint", 8, unsigned)
	case mysql.MYSQL_TYPE_FLOAT:
		c.fixed(sign("float", unsigned), event.Float32, codeFloat, 4)
	case mysql.MYSQL_TYPE_DOUBLE:
		c.fixed(sign("double", unsigned), event.Float64, codeDouble, 8)
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return c.decimal(int(bits>>8), int(bits&0xff), unsigned), remedyExclude
	case mysql.MYSQL_TYPE_YEAR:
		c.fixed("year", event.Int, codeYear, 1)
	case mysql.MYSQL_TYPE_BIT:
		return c.bit(int(bits>>8)*8 + int(bits&0xff)), remedyExclude
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_TIME, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP,
		mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_TIMESTAMP2:
		return c.temporal(typ, int(bits)), remedyExclude
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING:
		return m.varchar(c, int(bits))
	case mysql.MYSQL_TYPE_STRING:
		return m.char(c, bits)
	case mysql.MYSQL_TYPE_BLOB:
		return m.blob(c, int(bits))
	case mysql.MYSQL_TYPE_JSON:
		return c.long("json", event.JSON, codeJSON, int(bits)), remedyExclude
	case mysql.MYSQL_TYPE_VECTOR:
		return c.long("vector", event.Vector, codeVector, int(bits)), remedyExclude
	case mysql.MYSQL_TYPE_GEOMETRY:
		return "the geometry types are not read yet", remedyExclude
	default:
		return fmt.Sprintf("the type with number %d is not read yet", typ), remedyExclude
	}
	return "", ""
}

func sign(name string, unsigned bool) string {
	if unsigned {
		return name + " unsigned"
	}
	return name
}

func (c *column) fixed(typ string, k event.Kind, code code, size int) {
	c.Type, c.Kind, c.code, c.size = typ, k, code, size
}

func (c *column) integer(name string, size int, unsigned bool) {
	c.fixed(sign(name, unsigned), event.Int, codeInt, size)
	c.shift = uint8(64 - 8*size)
	if unsigned {
		c.code = codeUint
		if size == 8 {
			c.Kind = event.Uint64
		}
	}
}

func (c *column) decimal(prec, scale int, unsigned bool) (why string) {
	if prec < 1 || prec > 65 || scale > 30 || scale > prec {
		return fmt.Sprintf("decimal(%d,%d) is not within MySQL's limits", prec, scale)
	}
	c.fixed(sign(fmt.Sprintf("decimal(%d,%d)", prec, scale), unsigned), event.Decimal, codeDecimal, decimalSize(prec, scale))
	c.prec, c.Digits = prec, scale
	return ""
}

func (c *column) bit(n int) (why string) {
	if n < 1 || n > 64 {
		return fmt.Sprintf("bit(%d) is not within MySQL's limits", n)
	}
	c.fixed("bit("+strconv.Itoa(n)+")", bitKind(n), codeBit, (n+7)/8)
	return ""
}

func bitKind(n int) event.Kind {
	if n == 64 {
		return event.Uint64
	}
	return event.Int
}

// long is a value of the blob family: a length of up to four bytes stands before it.
func (c *column) long(typ string, k event.Kind, code code, prefix int) (why string) {
	if prefix < 1 || prefix > 4 {
		return fmt.Sprintf("a length of %d bytes is not within MySQL's limits", prefix)
	}
	c.Type, c.Kind, c.code, c.prefix = typ, k, code, uint8(prefix)
	return ""
}

func (c *column) temporal(typ byte, digits int) (why string) {
	if digits > 6 {
		return fmt.Sprintf("%d fraction digits are not within MySQL's limits", digits)
	}
	frac := (digits + 1) / 2
	switch typ {
	case mysql.MYSQL_TYPE_DATE:
		c.fixed("date", event.Date, codeDate, 3)
	case mysql.MYSQL_TYPE_TIME:
		c.fixed("time", event.Time, codeOldTime, 3)
	case mysql.MYSQL_TYPE_DATETIME:
		c.fixed("datetime", event.DateTime, codeOldDateTime, 8)
	case mysql.MYSQL_TYPE_TIMESTAMP:
		c.fixed("timestamp", event.Timestamp, codeOldTimestamp, 4)
	case mysql.MYSQL_TYPE_TIME2:
		c.fixed("time", event.Time, codeTime, 3+frac)
	case mysql.MYSQL_TYPE_DATETIME2:
		c.fixed("datetime", event.DateTime, codeDateTime, 5+frac)
	case mysql.MYSQL_TYPE_TIMESTAMP2:
		c.fixed("timestamp", event.Timestamp, codeTimestamp, 4+frac)
	}
	if c.Digits = digits; digits > 0 {
		c.Type += "(" + strconv.Itoa(digits) + ")"
	}
	return ""
}
