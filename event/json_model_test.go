package event_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"yamabiko/event"
)

// anyValue draws a value with at most so many levels of arrays and maps.
func anyValue(depth int) *rapid.Generator[any] {
	finite := func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Uint64().AsAny(),
		rapid.Float64().Filter(finite).AsAny(),
		rapid.Map(rapid.Int64Range(-1_000_000, 1_000_000), func(n int64) float64 { return float64(n) / 100 }).AsAny(),
		rapid.Float32().Filter(func(f float32) bool { return finite(float64(f)) }).AsAny(),
		rapid.String().AsAny(),
		rapid.StringMatching(`[ -~"\\\n]{0,40}`).AsAny(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) string { return string(b) }).AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.SliceOfN(anyValue(depth-1), 0, 20).AsAny(),
			rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 20).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// TestAppendJSONAgainstOracle writes random values with the msgpack library and wants what that library's reader and
// encoding/json make of them together.
func TestAppendJSONAgainstOracle(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		msg := encodeTheirs(t, anyValue(3).Draw(r, "value"))
		got, err := event.AppendJSON(nil, msg)
		if err != nil {
			r.Fatal(err)
		}
		want, err := json.Marshal(decodeTheirs(t, msg))
		if err != nil {
			r.Fatal(err)
		}
		if a, b := parse(r, got), parse(r, want); !reflect.DeepEqual(a, b) {
			r.Fatalf("have %s\nwant %s", got, want)
		}
	})
}

// TestDecodeAgainstOracle wants the same values of Decode as of the msgpack library.
func TestDecodeAgainstOracle(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		msg := encodeTheirs(t, anyValue(3).Draw(r, "value"))
		got, rest, err := event.Decode(msg)
		if err != nil || len(rest) > 0 {
			r.Fatalf("%d left, %v", len(rest), err)
		}
		if want := decodeTheirs(t, msg); fmt.Sprint(got) != fmt.Sprint(want) {
			r.Fatalf("have %v\nwant %v", got, want)
		}
		if rest, err := event.Skip(msg); err != nil || len(rest) > 0 {
			r.Fatalf("skip: %d left, %v", len(rest), err)
		}
	})
}

type fataler interface{ Fatalf(string, ...any) }

// parse reads JSON. A number stays its text, without the ".0" that we write and encoding/json does not.
func parse(t fataler, text []byte) any {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return bareNumbers(v)
}

func bareNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return json.Number(strings.TrimSuffix(v.String(), ".0"))
	case []any:
		for i := range v {
			v[i] = bareNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = bareNumbers(v[k])
		}
	}
	return v
}
