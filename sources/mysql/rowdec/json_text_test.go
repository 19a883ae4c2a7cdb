package rowdec

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"yamabiko/event"
)

func fuzzJSONText(t *testing.T, text []byte) {
	out, err := AppendJSONText([]byte("x"), text)
	if err != nil && string(out) != "x" {
		t.Errorf("the error left %x", out)
	}
	var want any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	valid := json.Valid(text) && d.Decode(&want) == nil
	switch {
	case err == nil && !valid:
		t.Errorf("%q was accepted", text)
	case err != nil && valid && !hasSurrogate(text) && depthOf(text) <= maxJSONDepth && !bytes.ContainsAny(text, "eE"):
		t.Errorf("%q: %v", text, err)
	}
	if err != nil || !utf8.Valid(text) || hasSurrogate(text) {
		return
	}
	back, err := event.AppendJSON(nil, out[1:])
	if err != nil {
		t.Fatal(err)
	}
	var got any
	d = json.NewDecoder(bytes.NewReader(back))
	d.UseNumber()
	if err := d.Decode(&got); err != nil || !sameJSON(got, want) {
		t.Errorf("%q became %s, %v", text, back, err)
	}
}

// sameJSON compares decoded values, numbers by their digits where they have no exponent, and as doubles otherwise.
func sameJSON(a, b any) bool {
	switch b := b.(type) {
	case json.Number:
		x, y := string(a.(json.Number)), string(b)
		if y == "-0" {
			y = "0"
		}
		if x == y {
			return true
		}
		f, _ := strconv.ParseFloat(x, 64)
		g, _ := strconv.ParseFloat(y, 64)
		return f == g && strings.ContainsAny(x+y, "eE.") && !math.IsInf(f, 0)
	case []any:
		list, ok := a.([]any)
		for i := range list {
			ok = ok && i < len(b) && sameJSON(list[i], b[i])
		}
		return ok && len(list) == len(b)
	case map[string]any:
		object, ok := a.(map[string]any)
		for k := range object {
			ok = ok && sameJSON(object[k], b[k])
		}
		return ok && len(object) == len(b)
	}
	return a == b
}

func hasSurrogate(text []byte) bool {
	lower := bytes.ToLower(text)
	return bytes.Contains(lower, []byte(`\ud8`)) || bytes.Contains(lower, []byte(`\ud9`)) || bytes.Contains(lower, []byte(`\uda`)) ||
		bytes.Contains(lower, []byte(`\udb`)) || bytes.Contains(lower, []byte(`\udc`)) || bytes.Contains(lower, []byte(`\udd`)) ||
		bytes.Contains(lower, []byte(`\ude`)) || bytes.Contains(lower, []byte(`\udf`))
}

func depthOf(text []byte) int { return bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")) }

func TestJSONText_NumbersAndStrings(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "-9223372036854775808": "-9223372036854775808", "18446744073709551615": "18446744073709551615",
		"18446744073709551616": "18446744073709551616", "-9223372036854775809": "-9223372036854775809",
		"1.0": "1.0", "1.50": "1.50", "0.10000000000000000001": "0.10000000000000000001", "1e3": "1000.0", "-0.0": "-0.0",
		`"\ud83e\udd80\u00e9\/\b"`: `"🦀é/\b"`, ` [ 1 , { "a" : null } ] `: `[1,{"a":null}]`,
		`"` + strings.Repeat("x", 40) + `\n"`: `"` + strings.Repeat("x", 40) + `\n"`,
	} {
		out, err := AppendJSONText(nil, []byte(text))
		if err != nil || asJSON(t, out) != want {
			t.Errorf("%s: %s, %v", text, asJSON(t, out), err)
		}
	}
	for _, text := range []string{"", "nul", "01", "-", "1.", ".5", "1e", "+1", "[1,]", "[1 2]", `{"a"}`, `{a:1}`, `{"a":1,}`, "[", `"`, `"\x"`, `"\u12"`,
		`"\ud800"`, `"\ud800\u0041"`, "\"\n\"", "1 2", "1e400", strings.Repeat("[", 101) + strings.Repeat("]", 101)} {
		if out, err := AppendJSONText(nil, []byte(text)); err == nil {
			t.Errorf("%s was accepted as %s", text, asJSON(t, out))
		}
	}
}

// Nested arrays that all point at one another would make a value of 16^20 bytes: it is refused at once.
func TestJSONBinary_SharedPartsAreRefused(t *testing.T) {
	b := []byte{jsonSmallArray}
	for range 20 {
		// 16 elements, each an array that begins behind this one's entries.
		const head = 4 + 16*3
		part := []byte{16, 0, 0xff, 0x7f}
		for range 16 {
			part = append(part, jsonSmallArray, head, 0)
		}
		b = append(b, part...)
	}
	b = append(b, make([]byte, 1<<16)...)
	if out, err := AppendJSONBinary(nil, b); err == nil {
		t.Errorf("%d bytes were made of %d", len(out), len(b))
	}
}
