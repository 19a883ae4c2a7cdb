package rowdec

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-mysql-org/go-mysql/mysql"

	"yamabiko/event"
)

// oracle turns a value that go-mysql decoded into the msgpack that ours should be. ok is false where go-mysql is known
// to have another opinion than the server.
func oracle(c synthColumn, col event.Column, v any) (want []byte, ok bool) {
	if v == nil {
		return event.AppendNil(nil), true
	}
	r := reflect.ValueOf(v)
	switch col.Kind {
	case event.Int, event.Uint64:
		if r.CanUint() {
			return event.AppendUint(nil, r.Uint()), true
		}
		if c.typ == mysql.MYSQL_TYPE_BIT {
			return event.AppendUint(nil, uint64(r.Int())), true
		}
		return event.AppendInt(nil, r.Int()), true
	case event.Float32:
		return event.AppendFloat32(nil, v.(float32)), true
	case event.Float64:
		return event.AppendFloat64(nil, v.(float64)), true
	case event.Decimal:
		s := v.(string)
		if strings.Trim(s, "-0.") == "" {
			s = strings.TrimPrefix(s, "-") // the server has no negative zero
		}
		return event.AppendString(nil, s), true
	case event.String, event.Binary:
		return oracleText(c, col, v)
	case event.Enum:
		if i := r.Int(); i > 0 {
			return event.AppendString(nil, fmt.Sprintf("é%d", i-1)), true
		}
		return event.AppendString(nil, ""), true
	case event.Set:
		return oracleSet(c, uint64(r.Int())), true
	case event.JSON:
		return oracleJSON(v)
	}
	return oracleTime(col, v.(string))
}

func oracleText(c synthColumn, col event.Column, v any) ([]byte, bool) {
	var b []byte
	switch v := v.(type) {
	case string:
		b = []byte(v)
	case []byte:
		b = v
	}
	switch {
	case col.Kind == event.Binary && c.typ == mysql.MYSQL_TYPE_STRING:
		n := int(c.meta[1]) | int(c.meta[0]&0x30^0x30)<<4
		if len(b) > n {
			return nil, false
		}
		return event.AppendBin(nil, append(bytes.Clone(b), make([]byte, n-len(b))...)), true
	case col.Kind == event.Binary:
		return event.AppendBin(nil, b), true
	case c.collation == latin1Bin:
		var s strings.Builder
		for _, x := range b {
			s.WriteRune(latin1Rune(x)) // checked against the server
		}
		return event.AppendString(nil, s.String()), true
	}
	return event.AppendString(nil, b), true
}

func oracleSet(c synthColumn, bits uint64) []byte {
	var labels []string
	for i := range 64 {
		if bits>>i&1 == 1 {
			labels = append(labels, fmt.Sprintf("é%d", i))
		}
	}
	out := event.AppendArrayHeader(nil, len(labels))
	for _, l := range labels {
		out = event.AppendString(out, l)
	}
	return out
}

func oracleJSON(v any) ([]byte, bool) {
	text := fmt.Sprintf("%s", v)
	if text == "" {
		return event.AppendNil(nil), true
	}
	// go-mysql writes other texts than the server for times of zero, opaque values and doubles in the e notation.
	if !utf8.ValidString(text) || strings.Contains(text, "base64:") || strings.Contains(text, `"00:00:00"`) || strings.Contains(text, `"0000-00-00`) {
		return nil, false
	}
	out, err := AppendJSONText(nil, []byte(text))
	return out, err == nil
}

// oracleTime puts go-mysql's text into our form: T and Z, declared digits, no partial dates.
func oracleTime(col event.Column, s string) ([]byte, bool) {
	if col.Kind == event.Time {
		if col.Digits > 0 && !strings.Contains(s, ".") {
			s += "." + strings.Repeat("0", col.Digits)
		}
		return event.AppendString(nil, s), true
	}
	if s[5:7] == "00" || s[8:10] == "00" {
		return event.AppendNil(nil), true
	}
	s = strings.Replace(s, " ", "T", 1)
	if col.Kind == event.Timestamp {
		s += "Z"
	}
	return event.AppendString(nil, s), true
}

// compareRows decodes a synthetic event both ways. Whatever we accept go-mysql has to accept and to see alike.
func compareRows(t *testing.T, cols []synthColumn, op event.Op, rows []byte) (n int, err error) {
	t.Helper()
	r := parseLog(t, synthEvents(t, cols, rowsTypes[op], rows), "synth")[0]
	p, err := Compile("shop", r.tm, StaticCharsets{})
	if err != nil {
		t.Fatal(err)
	}
	h := r.header()
	h.Olds = true
	b := &event.Batch{}
	if n, err = walkAll(p, h, r.rows(), b, &Scratch{}); err != nil {
		return n, err
	}
	if err := r.e.DecodeData(r.at, r.body); err != nil {
		if strings.Contains(err.Error(), "json") {
			return n, nil
		}
		t.Fatalf("we decoded %x, go-mysql did not: %v", rows, err)
	}
	images := r.e.Rows
	for i, e := range b.Entries {
		if e.Op == event.Insert && op == event.Update {
			continue // its image came with the delete before it
		}
		compareRow(t, cols, p, b.Record(i), wanted(images, op, e.Op))
		if images = images[1:]; op == event.Update {
			if e.Op == event.Delete {
				compareRow(t, cols, p, b.Record(i+1), images[0])
			}
			images = images[1:]
		}
	}
	if len(images) != 0 {
		t.Fatalf("%d rows are missing", len(images))
	}
	return n, nil
}

// wanted is the image that an entry's record comes from.
func wanted(images [][]any, event_, op event.Op) []any {
	if event_ == event.Update && op == event.Update {
		return images[1]
	}
	return images[0]
}

func compareRow(t *testing.T, cols []synthColumn, p *Plan, record []byte, values []any) {
	t.Helper()
	n, rest, err := event.ReadMapHeader(record)
	if err != nil || n != len(cols) {
		t.Fatalf("a record of %d columns, %v", n, err)
	}
	for i, c := range cols {
		col := p.Table().Columns[i]
		name, value, err := event.ReadString(rest)
		if err != nil || string(name) != col.Name {
			t.Fatalf("column %d is %s, %v", i, name, err)
		}
		if rest, err = event.Skip(value); err != nil {
			t.Fatal(err)
		}
		got := value[:len(value)-len(rest)]
		if want, ok := oracle(c, col, values[i]); ok && !bytes.Equal(got, want) {
			t.Errorf("%s: %x, by go-mysql's %v it is %x", col.Type, got, values[i], want)
		}
	}
	if len(rest) != 0 {
		t.Errorf("%d bytes behind the record", len(rest))
	}
}

func TestDifferential_RandomTables(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ops := []event.Op{event.Insert, event.Update, event.Delete}
	for range 2000 {
		def := randomBytes(2 * (1 + r.IntN(24)))(r)
		cols := synthTable(def)
		var rows []byte
		want := 1 + r.IntN(4)
		op := ops[r.IntN(3)]
		for range want {
			rows = append(rows, synthRow(cols, r)...)
			if op == event.Update {
				rows = append(rows, synthRow(cols, r)...)
			}
		}
		if n, err := compareRows(t, cols, op, rows); err != nil || n != want {
			t.Fatalf("table %x: %d rows of %d, %v", def, n, want, err)
		}
	}
}

// FuzzRows: damaged rows are an error, never a panic, and what is not an error is what go-mysql sees.
func FuzzRows(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for kind := range byte(21) {
		def := []byte{3, 0, kind, byte(r.Uint32()), kind, byte(r.Uint32())}
		cols := synthTable(def)
		f.Add(def, byte(r.IntN(3)), append(synthRow(cols, r), synthRow(cols, r)...))
	}
	f.Fuzz(func(t *testing.T, def []byte, op byte, rows []byte) {
		cols := synthTable(def)
		if len(cols) == 0 {
			return
		}
		if _, err := compareRows(t, cols, event.Insert+event.Op(op%3), rows); err != nil && !strings.Contains(err.Error(), "damaged row") {
			t.Error(err)
		}
	})
}

// FuzzJSON: whatever the bytes, binary JSON is an error or a value whose size is bounded by theirs.
func FuzzJSONBinary(f *testing.F) {
	for _, s := range sampleJSON {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := AppendJSONBinary([]byte("x"), b)
		if err != nil {
			if string(out) != "x" || !errors.Is(err, errJSON) {
				t.Errorf("%v left %x", err, out)
			}
			return
		}
		rest, err := event.Skip(out[1:])
		if err != nil || len(rest) != 0 {
			t.Errorf("not one value: %x, %v", out, err)
		}
		if len(out) > 64+60*len(b) {
			t.Errorf("%d bytes became %d", len(b), len(out))
		}
	})
}

// FuzzJSONText: a text that we accept is JSON to encoding/json too, and the other way about, up to the depth.
func FuzzJSONText(f *testing.F) {
	for _, s := range []string{"null", "-0", "1.50", "1e5", `"\ud83e\udd80 \u00e9\n"`, `{"a": [1, 2.5, {}], "b": "x"}`, "[]", `"\ud800"`, "01", "1.", "[1,]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(fuzzJSONText)
}
