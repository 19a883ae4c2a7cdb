package rowdec

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"yamabiko/event"
)

// synthColumn is a column of a made-up table: its type, its metadata as logged, and what else FULL metadata says.
type synthColumn struct {
	typ       byte
	meta      []byte
	unsigned  bool
	collation uint64
	members   int
	value     func(r *rand.Rand) []byte // an image of a value that MySQL could store
}

const (
	utf8mb4Bin = 46
	latin1Bin  = 47
	binaryID   = 63
)

func randomBytes(n int) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
}

// synthesize makes the column that two bytes choose, of every type that is read.
func synthesize(kind, arg byte) synthColumn {
	n := int(arg)
	unsigned := arg&1 == 1
	digits := n % 7
	switch kind % 21 {
	case 0:
		return synthColumn{typ: mysql.MYSQL_TYPE_TINY, unsigned: unsigned, value: randomBytes(1)}
	case 1:
		return synthColumn{typ: mysql.MYSQL_TYPE_SHORT, unsigned: unsigned, value: randomBytes(2)}
	case 2:
		return synthColumn{typ: mysql.MYSQL_TYPE_INT24, unsigned: unsigned, value: randomBytes(3)}
	case 3:
		return synthColumn{typ: mysql.MYSQL_TYPE_LONG, unsigned: unsigned, value: randomBytes(4)}
	case 4:
		return synthColumn{typ: mysql.MYSQL_TYPE_LONGLONG, unsigned: unsigned, value: randomBytes(8)}
	case 5:
		return synthColumn{typ: mysql.MYSQL_TYPE_FLOAT, meta: []byte{4}, unsigned: unsigned, value: randomBytes(4)}
	case 6:
		return synthColumn{typ: mysql.MYSQL_TYPE_DOUBLE, meta: []byte{8}, unsigned: unsigned, value: randomBytes(8)}
	case 7:
		prec := 1 + n%65
		scale := min(30, n*7%(prec+1))
		return synthColumn{typ: mysql.MYSQL_TYPE_NEWDECIMAL, meta: []byte{byte(prec), byte(scale)}, value: randomDecimal(prec, scale)}
	case 8:
		bits := 1 + n%64
		return synthColumn{typ: mysql.MYSQL_TYPE_BIT, meta: []byte{byte(bits % 8), byte(bits / 8)}, value: randomBytes((bits + 7) / 8)}
	case 9:
		return synthColumn{typ: mysql.MYSQL_TYPE_DATE, value: func(r *rand.Rand) []byte {
			return le(uint64(r.IntN(10000)<<9|r.IntN(13)<<5|r.IntN(32)), 3)
		}}
	case 10:
		return synthColumn{typ: mysql.MYSQL_TYPE_TIME2, meta: []byte{byte(digits)}, value: randomTime(digits)}
	case 11:
		return synthColumn{typ: mysql.MYSQL_TYPE_DATETIME2, meta: []byte{byte(digits)}, value: randomDateTime(digits)}
	case 12:
		return synthColumn{typ: mysql.MYSQL_TYPE_TIMESTAMP2, meta: []byte{byte(digits)}, value: func(r *rand.Rand) []byte {
			return append(binary.BigEndian.AppendUint32(nil, r.Uint32()), fraction(r, digits)...)
		}}
	case 13:
		return synthColumn{typ: mysql.MYSQL_TYPE_YEAR, unsigned: true, value: randomBytes(1)}
	case 14:
		return synthChars(mysql.MYSQL_TYPE_VARCHAR, le(uint64(n*4), 2), n*4, arg)
	case 15: // CHAR: two bits of its length stand inverted in the type
		size := n * 4
		return synthChars(mysql.MYSQL_TYPE_STRING, []byte{mysql.MYSQL_TYPE_STRING ^ byte(size&0x300>>4), byte(size)}, size, arg)
	case 16:
		prefix := 1 + n%4
		c := synthChars(mysql.MYSQL_TYPE_BLOB, []byte{byte(prefix)}, 200, arg>>2)
		text := c.value
		c.value = func(r *rand.Rand) []byte { v := text(r)[1:]; return append(le(uint64(len(v)), prefix), v...) }
		return c
	case 17:
		size := 1 + n%2
		return synthColumn{typ: mysql.MYSQL_TYPE_STRING, meta: []byte{mysql.MYSQL_TYPE_ENUM, byte(size)}, members: 1 + n, collation: charsOf(arg),
			value: func(r *rand.Rand) []byte { return le(uint64(r.IntN(2+n)), size) }}
	case 18:
		members := 1 + n%64
		size := (members + 7) / 8
		return synthColumn{typ: mysql.MYSQL_TYPE_STRING, meta: []byte{mysql.MYSQL_TYPE_SET, byte(size)}, members: members, collation: charsOf(arg),
			value: func(r *rand.Rand) []byte { return le(r.Uint64()>>(64-members), size) }}
	case 19:
		return synthColumn{typ: mysql.MYSQL_TYPE_JSON, meta: []byte{4}, value: func(r *rand.Rand) []byte {
			v := sampleJSON[r.IntN(len(sampleJSON))]
			return append(le(uint64(len(v)), 4), v...)
		}}
	default:
		return synthColumn{typ: [...]byte{mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP}[n%2], value: func(r *rand.Rand) []byte {
			if n%2 == 1 {
				return le(uint64(r.Uint32()), 4)
			}
			return le(uint64(r.IntN(10000))*10000000000+uint64(r.IntN(13)*100000000+r.IntN(32)*1000000+r.IntN(24)*10000+r.IntN(60)*100+r.IntN(60)), 8)
		}}
	}
}

// sampleJSON are binary JSON values: a small array and object with inlined and other values, scalars, and nothing.
var sampleJSON = []string{
	"", "\x04\x00", "\x0c\x05hello", "\x05\xff\xff", "\x0b\x00\x00\x00\x00\x00\x00\xf8\x3f",
	"\x02\x02\x00\x0d\x00\x05\x01\x00\x0c\x0a\x00\x02hi",
	"\x00\x01\x00\x0d\x00\x0b\x00\x01\x00\x04\x01\x00k\x00",
	"\x0f\xf6\x04\x03\x02\x81\x32",
}

func charsOf(arg byte) uint64 { return [...]uint64{utf8mb4Bin, latin1Bin, utf8mb4Bin, binaryID}[arg%4] }

func synthChars(typ byte, meta []byte, size int, arg byte) synthColumn {
	id := charsOf(arg)
	return synthColumn{typ: typ, meta: meta, collation: id, value: func(r *rand.Rand) []byte {
		v := randomBytes(r.IntN(min(size, 40) + 1))(r)
		if id == utf8mb4Bin {
			v = []byte(strings.ToValidUTF8(string(v), ""))
		}
		if size > 255 {
			return append(le(uint64(len(v)), 2), v...)
		}
		return append([]byte{byte(len(v))}, v...)
	}}
}

func le(x uint64, n int) []byte { return binary.LittleEndian.AppendUint64(nil, x)[:n] }

func fraction(r *rand.Rand, digits int) []byte {
	step := [...]uint64{1000000, 100000, 10000, 1000, 100, 10, 1}[digits]
	micro := r.Uint64N(1000000) / step * step
	switch (digits + 1) / 2 {
	case 1:
		return []byte{byte(micro / 10000)}
	case 2:
		return binary.BigEndian.AppendUint16(nil, uint16(micro/100))
	case 3:
		return binary.BigEndian.AppendUint32(nil, uint32(micro))[1:]
	}
	return nil
}

func randomTime(digits int) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		n := 3 + (digits+1)/2
		x := uint64(r.IntN(839)<<12 | r.IntN(60)<<6 | r.IntN(60))
		for _, b := range fraction(r, digits) {
			x = x<<8 | uint64(b)
		}
		if r.IntN(2) == 0 {
			x = -x
		}
		return binary.BigEndian.AppendUint64(nil, x+1<<(8*n-1))[8-n:]
	}
}

func randomDateTime(digits int) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		day := uint64(r.IntN(10000)*13+r.IntN(13))<<5 | uint64(r.IntN(32))
		x := day<<17 | uint64(r.IntN(24)<<12|r.IntN(60)<<6|r.IntN(60))
		if r.IntN(20) == 0 {
			x = 0
		}
		return append(binary.BigEndian.AppendUint64(nil, x+1<<39)[3:], fraction(r, digits)...)
	}
}

func randomDecimal(prec, scale int) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		var out []byte
		group := func(digits int) {
			x := uint32(r.IntN(int(math.Pow10(digits))))
			out = append(out, binary.BigEndian.AppendUint32(nil, x)[4-decimalBytes[digits]:]...)
		}
		whole := prec - scale
		group(whole % 9)
		for range whole/9 + scale/9 {
			group(9)
		}
		group(scale % 9)
		out[0] ^= 0x80
		if r.IntN(2) == 0 {
			for i := range out {
				out[i] ^= 0xff
			}
		}
		return out
	}
}

// synthTable is a table of up to 40 columns, two bytes of def each; its first column is its key.
func synthTable(def []byte) (cols []synthColumn) {
	for ; len(def) >= 2 && len(cols) < 40; def = def[2:] {
		cols = append(cols, synthesize(def[0], def[1]))
	}
	return cols
}

func synthRow(cols []synthColumn, r *rand.Rand) []byte {
	img := make([]byte, (len(cols)+7)/8)
	for i, c := range cols {
		if r.IntN(8) == 0 {
			img[i/8] |= 1 << (i % 8)
			continue
		}
		img = append(img, c.value(r)...)
	}
	return img
}

func counted(b []byte) []byte { return append(mysql.PutLengthEncodedInt(uint64(len(b))), b...) }

func field(typ byte, b []byte) []byte { return append([]byte{typ}, counted(b)...) }

// synthLabel is member i of an ENUM or SET of a character set.
func synthLabel(c synthColumn, i int) string {
	if c.collation == latin1Bin {
		return fmt.Sprintf("\xe9%d", i)
	}
	return fmt.Sprintf("é%d", i)
}

// tableMap is the body of the table's TABLE_MAP event.
func tableMap(cols []synthColumn) []byte {
	var types, meta, signs, charsets, labelCharsets, names, enums, sets []byte
	numbers := 0
	for i, c := range cols {
		types, meta = append(types, c.typ), append(meta, c.meta...)
		name := fmt.Sprintf("c%d", i)
		names = append(append(names, byte(len(name))), name...)
		switch {
		case c.members > 0:
			labelCharsets = append(labelCharsets, byte(c.collation))
			list := mysql.PutLengthEncodedInt(uint64(c.members))
			for m := range c.members {
				list = append(list, counted([]byte(synthLabel(c, m)))...)
			}
			if c.meta[0] == mysql.MYSQL_TYPE_SET {
				sets = append(sets, list...)
			} else {
				enums = append(enums, list...)
			}
		case c.collation > 0:
			charsets = append(charsets, byte(c.collation))
		}
		if new(meta_).numeric(c.typ) {
			if numbers%8 == 0 {
				signs = append(signs, 0)
			}
			if c.unsigned {
				signs[numbers/8] |= 0x80 >> (numbers % 8)
			}
			numbers++
		}
	}
	b := append([]byte{1, 0, 0, 0, 0, 0, 1, 0}, "\x05synth\x00\x01t\x00"...)
	b = append(append(b, mysql.PutLengthEncodedInt(uint64(len(cols)))...), types...)
	b = append(append(b, counted(meta)...), make([]byte, (len(cols)+7)/8)...)
	for _, f := range []struct {
		typ  byte
		data []byte
	}{
		{replication.TABLE_MAP_OPT_META_SIGNEDNESS, signs}, {replication.TABLE_MAP_OPT_META_COLUMN_CHARSET, charsets},
		{replication.TABLE_MAP_OPT_META_COLUMN_NAME, names}, {replication.TABLE_MAP_OPT_META_SET_STR_VALUE, sets},
		{replication.TABLE_MAP_OPT_META_ENUM_STR_VALUE, enums}, {replication.TABLE_MAP_OPT_META_SIMPLE_PRIMARY_KEY, []byte{0}},
		{replication.TABLE_MAP_OPT_META_ENUM_AND_SET_COLUMN_CHARSET, labelCharsets},
	} {
		if len(f.data) > 0 {
			b = append(b, field(f.typ, f.data)...)
		}
	}
	return b
}

// meta_ tells the classes of columns apart without the code under test.
type meta_ struct{}

func (meta_) numeric(typ byte) bool {
	switch typ {
	case mysql.MYSQL_TYPE_TINY, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_INT24, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_LONGLONG,
		mysql.MYSQL_TYPE_NEWDECIMAL, mysql.MYSQL_TYPE_FLOAT, mysql.MYSQL_TYPE_DOUBLE, mysql.MYSQL_TYPE_YEAR:
		return true
	}
	return false
}

// synthEvents wraps table and rows as a binlog file, behind the format description of a golden one.
func synthEvents(t testing.TB, cols []synthColumn, typ replication.EventType, rows []byte) []byte {
	golden := readGolden(t, "orders.binlog")
	head := len(replication.BinLogFileHeader)
	file := golden[: head+int(binary.LittleEndian.Uint32(golden[head+9:])) : head+int(binary.LittleEndian.Uint32(golden[head+9:]))]
	file = append(file, binlogEvent(replication.TABLE_MAP_EVENT, tableMap(cols))...)
	body := []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0}
	body = append(body, mysql.PutLengthEncodedInt(uint64(len(cols)))...)
	bitmap := make([]byte, (len(cols)+7)/8)
	for i := range bitmap {
		bitmap[i] = 0xff
	}
	body = append(body, bitmap...)
	if typ == replication.UPDATE_ROWS_EVENTv2 {
		body = append(body, bitmap...)
	}
	return append(file, binlogEvent(typ, append(body, rows...))...)
}

func binlogEvent(typ replication.EventType, body []byte) []byte {
	b := make([]byte, 19)
	b[4] = byte(typ)
	binary.LittleEndian.PutUint32(b[9:], uint32(19+len(body)+4))
	return append(append(b, body...), 0, 0, 0, 0) // and a checksum that nobody looks at
}

var rowsTypes = map[event.Op]replication.EventType{
	event.Insert: replication.WRITE_ROWS_EVENTv2, event.Update: replication.UPDATE_ROWS_EVENTv2, event.Delete: replication.DELETE_ROWS_EVENTv2,
}
