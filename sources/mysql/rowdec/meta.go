package rowdec

import (
	"fmt"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
)

// meta walks the optional metadata of a TABLE_MAP event. Each of its lists counts only the columns of one class
// (numeric, character, enum and set, …), so the columns are asked for once each and in order.
type meta struct {
	tm       *replication.TableMapEvent
	charsets Charsets
	number   int // numeric columns so far
	text     collations
	labels   collations
	enums    int
	sets     int
}

func newMeta(t *event.Table, tm *replication.TableMapEvent, charsets Charsets) (*meta, error) {
	n := len(tm.ColumnType)
	if n == 0 || len(tm.ColumnMeta) != n || uint64(n) != tm.ColumnCount {
		return nil, fmt.Errorf("mysql %s: table %s.%s: its TABLE_MAP event has no columns, or says two counts", t.Source, t.Schema, t.Name)
	}
	if len(tm.ColumnName) != n {
		return nil, &Unsupported{Source: t.Source, Schema: t.Schema, Table: t.Name,
			Why: "the binlog does not carry its column names: binlog_row_metadata was not FULL when this was written", Remedy: remedyMetadata}
	}
	return &meta{
		tm: tm, charsets: charsets,
		text:   collations{def: tm.DefaultCharset, each: tm.ColumnCharset},
		labels: collations{def: tm.EnumSetDefaultCharset, each: tm.EnumSetColumnCharset},
	}, nil
}

// numeric counts the column if it is numeric and tells whether it is unsigned.
func (m *meta) numeric(typ byte) (unsigned bool) {
	switch typ {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG,
		mysql.MYSQL_TYPE_DECIMAL, mysql.MYSQL_TYPE_NEWDECIMAL, mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_DOUBLE, mysql.MYSQL_TYPE_YEAR:
	default:
		return false
	}
	i := m.number
	m.number++
	return i>>3 < len(m.tm.SignednessBitmap) && m.tm.SignednessBitmap[i>>3]&(0x80>>(i&7)) != 0
}

// collations is a list of the collations of one class of columns: either a default and (place, collation) pairs for
// those that differ, or one for each.
type collations struct {
	def, each []uint64
	n         int
}

func (c *collations) next() (id uint64, ok bool) {
	i := c.n
	c.n++
	if len(c.def) == 0 {
		if i >= len(c.each) {
			return 0, false
		}
		return c.each[i], true
	}
	for j := 1; j+1 < len(c.def); j += 2 {
		if c.def[j] == uint64(i) {
			return c.def[j+1], true
		}
	}
	return c.def[0], true
}

func (m *meta) charset(list *collations) (cs charset, why, remedy string) {
	id, ok := list.next()
	if !ok {
		return cs, "the binlog does not carry its character set", remedyMetadata
	}
	name, ok := m.charsets.Name(id)
	if !ok {
		return cs, fmt.Sprintf("collation %d is not known to this server", id), remedyCharset
	}
	if cs, ok = charsetOf(name); !ok {
		return cs, "the character set " + name + " is not read yet", remedyCharset
	}
	return cs, "", ""
}
