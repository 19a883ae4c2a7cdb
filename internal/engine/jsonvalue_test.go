package engine

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"yamabiko/event"
	"yamabiko/router"
)

// TestLetterKeepsItsBytes: a row goes into a dead letter and comes back as the very msgpack that it was: rows without a key are named after it.
func TestLetterKeepsItsBytes(t *testing.T) {
	table := &event.Table{Source: "shop", Schema: "s", Name: "t"}
	var record []byte
	add := func(name string, k event.Kind, value []byte) {
		table.Columns = append(table.Columns, event.Column{Name: name, Kind: k})
		record = append(event.AppendString(record, name), value...)
	}
	add("small", event.Int, event.AppendInt(nil, -7))
	add("big", event.Int, event.AppendInt(nil, math.MinInt64))
	add("huge", event.Uint64, event.AppendUint(nil, math.MaxUint64))
	add("nothing", event.Int, event.AppendNil(nil))
	add("yes", event.Bool, event.AppendBool(nil, true))
	add("price", event.Decimal, event.AppendString(nil, "1.10"))
	add("f", event.Float32, event.AppendFloat32(nil, 1.1))
	add("tiny", event.Float32, event.AppendFloat32(nil, math.SmallestNonzeroFloat32))
	add("d", event.Float64, event.AppendFloat64(nil, 2))
	add("far", event.Float64, event.AppendFloat64(nil, -math.MaxFloat64))
	add("raw", event.Binary, event.AppendBin(nil, []byte{0, 255, 16}))
	add("empty", event.Binary, event.AppendBin(nil, nil))
	add("text", event.String, event.AppendString(nil, "a \"b\"\n\u2028 \U0001F5FB é\x00"))
	add("set", event.Set, event.AppendString(event.AppendString(event.AppendArrayHeader(nil, 2), "x"), "y"))
	add("doc", event.JSON, event.AppendInt(event.AppendString(event.AppendMapHeader(nil, 1), "k"), 1))
	add("exact", event.JSON, event.AppendExt(nil, event.ExtNumber, []byte("12345678901234567890.10")))
	row := append(event.AppendMapHeader(nil, len(table.Columns)), record...)

	text, err := event.AppendJSON(nil, row)
	if err != nil {
		t.Fatal(err)
	}
	l := router.StoredLetter{Tag: "cdc.s.t", Op: "read", Source: "shop", Schema: "s", Table: "t", Seq: 5, Time: "2026-01-02T03:04:05.000006Z", Row: text}
	b, err := batchOf(l, table)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Record(0), row) {
		t.Errorf("the record is\n%x and was\n%x", b.Record(0), row)
	}
	if e := b.Entries[0]; e.Op != event.Read || e.Seq != 5 || b.KeyOf(0) != nil || b.Time(0).Format("05.000000") != "05.000006" || b.Stream != "shop" {
		t.Errorf("entry %+v of %s at %s", e, b.Stream, b.Time(0))
	}
}

// TestLettersThatAreRefused: each with its reason.
func TestLettersThatAreRefused(t *testing.T) {
	good := router.StoredLetter{Tag: "t", Op: "insert", Table: "t", Time: "2026-01-02T03:04:05Z", Row: json.RawMessage(`{"a":1}`)}
	for want, change := range map[string]func(l *router.StoredLetter, t *event.Table){
		`op "upsert" is unknown`:          func(l *router.StoredLetter, _ *event.Table) { l.Op = "upsert" },
		`its time "noon" is not RFC 3339`: func(l *router.StoredLetter, _ *event.Table) { l.Time = "noon" },
		"its row is not an object":        func(l *router.StoredLetter, _ *event.Table) { l.Row = json.RawMessage(`[1]`) },
		"neither a key nor a record":      func(l *router.StoredLetter, _ *event.Table) { l.Row = json.RawMessage(`null`) },
		"has a primary key by now":        func(_ *router.StoredLetter, t *event.Table) { t.Key = []int{0} },
		"illegal base64": func(l *router.StoredLetter, t *event.Table) {
			l.Row = json.RawMessage(`{"a":"?"}`)
			t.Columns[0].Kind = event.Binary
		},
		"cannot unmarshal string": func(l *router.StoredLetter, t *event.Table) {
			l.Row = json.RawMessage(`{"a":"x"}`)
			t.Columns[0].Kind = event.Float64
		},
	} {
		l, table := good, event.Table{Schema: "s", Name: "t", Columns: []event.Column{{Name: "a", Kind: event.Int}}}
		change(&l, &table)
		if _, err := batchOf(l, &table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	l := good
	l.Raw = []byte{0x92, 0xc1}
	if _, err := batchOf(l, nil); err == nil {
		t.Error("bytes that are no event are sent")
	}
}

// FuzzJSONValue: whatever JSON stands in a letter comes out of its msgpack as the same JSON.
func FuzzJSONValue(f *testing.F) {
	for _, seed := range []string{`null`, `[1,-2,3.0,1e400,18446744073709551616]`, `{"a":{"b":[true,false,null]},"":"é\u0000\ud83d"}`, `0.1`, `-0`, `1E2`, `"x`, `[`, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		msg, err := appendJSONValue(nil, json.RawMessage(text))
		if !json.Valid([]byte(text)) || err != nil {
			return // what json.Decoder takes of it, letters have been through json.Unmarshal
		}
		out, err := event.AppendJSON(nil, msg)
		if err != nil {
			if depth(text) > 90 {
				return // deeper than AppendJSON goes
			}
			t.Fatalf("%q: %v", text, err)
		}
		if a, b := tokens(t, text), tokens(t, string(out)); a != b {
			t.Errorf("%q came back as %q", a, b)
		}
	})
}

func depth(text string) int { return strings.Count(text, "[") + strings.Count(text, "{") }

// tokens are a text's JSON tokens, numbers by their digits.
func tokens(t *testing.T, text string) string {
	var all bytes.Buffer
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	e := json.NewEncoder(&all)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
