package rowdec

import (
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
)

// varchar describes VARCHAR and VARBINARY; max is the most bytes a value takes.
func (m *meta) varchar(c *column, max int) (why, remedy string) {
	cs, why, remedy := m.charset(&m.text)
	if why != "" {
		return why, remedy
	}
	c.chars(cs, "varchar", "varbinary", max)
	return "", ""
}

// char describes CHAR and BINARY, and ENUM and SET, which are logged as kinds of CHAR: the type in the upper half of
// the metadata, two bits of which hold the upper bits of a CHAR's length, inverted.
func (m *meta) char(c *column, bits uint16) (why, remedy string) {
	hi, lo := byte(bits>>8), int(bits&0xff)
	switch hi {
	case mysql.MYSQL_TYPE_ENUM:
		return m.enum(c, lo)
	case mysql.MYSQL_TYPE_SET:
		return m.set(c, lo)
	}
	cs, why, remedy := m.charset(&m.text)
	if why != "" {
		return why, remedy
	}
	max := lo | int(hi&0x30^0x30)<<4
	c.chars(cs, "char", "binary", max)
	if cs.code == codeBin {
		c.code, c.size = codeBinPad, max
	}
	return "", ""
}

func (c *column) chars(cs charset, text, binary string, max int) {
	c.Kind, c.Type, c.code, c.prefix = event.String, text, cs.code, 1
	if cs.code == codeBin {
		c.Kind, c.Type = event.Binary, binary
	}
	if max > 255 {
		c.prefix = 2
	}
	c.Type += "(" + strconv.Itoa(max/cs.width) + ")"
}

// blob describes the TEXT and BLOB types; prefix is the number of bytes of their length.
func (m *meta) blob(c *column, prefix int) (why, remedy string) {
	cs, why, remedy := m.charset(&m.text)
	if why != "" {
		return why, remedy
	}
	size := ""
	if prefix >= 1 && prefix <= 4 {
		size = [...]string{"tiny", "", "medium", "long"}[prefix-1]
	}
	if cs.code == codeBin {
		return c.long(size+"blob", event.Binary, cs.code, prefix), remedyExclude
	}
	return c.long(size+"text", event.String, cs.code, prefix), remedyExclude
}

func (m *meta) enum(c *column, size int) (why, remedy string) {
	i := m.enums
	m.enums++
	if size != 1 && size != 2 {
		return "an ENUM of " + strconv.Itoa(size) + " bytes is not within MySQL's limits", remedyExclude
	}
	if i >= len(m.tm.EnumStrValue) {
		return "the binlog does not carry its members", remedyMetadata
	}
	c.fixed("enum", event.Enum, codeEnum, size)
	return m.members(c, m.tm.EnumStrValue[i])
}

func (m *meta) set(c *column, size int) (why, remedy string) {
	i := m.sets
	m.sets++
	if size < 1 || size > 8 {
		return "a SET of " + strconv.Itoa(size) + " bytes is not within MySQL's limits", remedyExclude
	}
	if i >= len(m.tm.SetStrValue) {
		return "the binlog does not carry its members", remedyMetadata
	}
	c.fixed("set", event.Set, codeSet, size)
	return m.members(c, m.tm.SetStrValue[i])
}

// members encodes the labels of an ENUM or SET and spells the type as information_schema.COLUMNS.COLUMN_TYPE does.
func (m *meta) members(c *column, members [][]byte) (why, remedy string) {
	cs, why, remedy := m.charset(&m.labels)
	if why != "" {
		return why, remedy
	}
	quoted := make([]string, len(members))
	c.labels = make([][]byte, len(members))
	for i, v := range members {
		if cs.code == codeLatin1 {
			v = latin1ToUTF8(v)
		}
		c.labels[i] = event.AppendString(nil, v)
		quoted[i] = quoteMember(string(v))
	}
	c.Type += "(" + strings.Join(quoted, ",") + ")"
	return "", ""
}

func quoteMember(s string) string {
	return "'" + memberEscapes.Replace(s) + "'"
}

var memberEscapes = strings.NewReplacer("'", "''", "\\", `\\`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)
