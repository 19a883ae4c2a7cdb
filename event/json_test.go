package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yamabiko/event"
)

func ext(typ int8, s string) []byte { return event.AppendExt(nil, typ, []byte(s)) }
func str(s string) []byte           { return event.AppendString(nil, s) }
func f64(f float64) []byte          { return event.AppendFloat64(nil, f) }
func f32(f float32) []byte          { return event.AppendFloat32(nil, f) }

func TestAppendJSONText(t *testing.T) {
	for _, c := range []struct {
		msg  []byte
		want string
	}{
		{[]byte{0xc0}, "null"},
		{[]byte{0xc2}, "false"},
		{[]byte{0xc3}, "true"},
		{event.AppendInt(nil, 0), "0"},
		{event.AppendInt(nil, -1), "-1"},
		{event.AppendInt(nil, math.MinInt64), "-9223372036854775808"},
		{event.AppendUint(nil, math.MaxUint64), "18446744073709551615"},
		{str(""), `""`},
		{str("plain"), `"plain"`},
		{str("a\"b\\c\x00\x01\b\t\n\v\f\r\x1f\x7f/<&>"), `"a\"b\\c\u0000\u0001\b\t\n\u000b\f\r\u001f` + "\x7f" + `/<&>"`},
		{str("山彦\u2028"), "\"山彦\u2028\""},
		{str("ok\xffok\xe5\xb1"), "\"ok\uFFFDok\uFFFD\uFFFD\""},
		{str("\uFFFD\""), "\"\uFFFD\\\"\""},
		{event.AppendBin(nil, nil), `""`},
		{event.AppendBin(nil, []byte{0xff}), `"/w=="`},
		{event.AppendArrayHeader(nil, 0), "[]"},
		{[]byte{0x92, 1, 0x91, 2}, "[1,[2]]"},
		{event.AppendMapHeader(nil, 0), "{}"},
		{[]byte("\x82\xa1a\x01\xa1b\xc0"), `{"a":1,"b":null}`},
		{[]byte("\x82\xa1a\x01\xa1a\x02"), `{"a":1,"a":2}`},
	} {
		check(t, c.msg, c.want)
	}
}

func TestFloatsAlwaysHaveAPointOrAnExponent(t *testing.T) {
	for _, c := range []struct {
		msg  []byte
		want string
	}{
		{f64(0), "0.0"}, {f64(math.Copysign(0, -1)), "-0.0"}, {f64(1), "1.0"}, {f64(-42), "-42.0"}, {f64(9.9), "9.9"},
		{f64(0.1), "0.1"}, {f64(1e20), "100000000000000000000.0"}, {f64(1e21), "1e+21"}, {f64(1e-6), "0.000001"},
		{f64(1e-7), "1e-7"}, {f64(1.5e-10), "1.5e-10"}, {f64(1e100), "1e+100"}, {f64(1 << 53), "9007199254740992.0"},
		{f64(0.3), "0.3"}, {f64(0.30000000000000004), "0.30000000000000004"}, {f64(5e-324), "5e-324"},
		{f64(123456.789), "123456.789"}, {f64(-0.0625), "-0.0625"}, {f64(139.767125), "139.767125"},
		{f32(0.1), "0.1"}, {f32(1), "1.0"}, {f32(16777216), "16777216.0"}, {f32(3.4028235e38), "3.4028235e+38"}, {f32(1e-7), "1e-7"},
		{f64(math.NaN()), "null"}, {f64(math.Inf(1)), "null"}, {f64(math.Inf(-1)), "null"}, {f32(float32(math.NaN())), "null"},
	} {
		check(t, c.msg, c.want)
	}
}

func TestExtTypesInJSON(t *testing.T) {
	at := func(ns int64) []byte { return event.AppendEventTime(nil, time.Unix(1_700_000_000, ns)) }
	payload := string(at(5)[2:])
	for _, c := range []struct {
		msg  []byte
		want string
	}{
		{at(0), `"2023-11-14T22:13:20Z"`},
		{at(120_000_000), `"2023-11-14T22:13:20.12Z"`},
		{at(1), `"2023-11-14T22:13:20.000000001Z"`},
		{append([]byte{0xc7, 8, 0}, payload...), `"2023-11-14T22:13:20.000000005Z"`},
		{ext(event.ExtEventTime, "abc"), `"YWJj"`},
		{ext(event.ExtNumber, "12.340"), "12.340"},
		{ext(event.ExtNumber, "-0.5e+10"), "-0.5e+10"},
		{ext(event.ExtNumber, "123456789012345678901234567890"), "123456789012345678901234567890"},
		{ext(event.ExtNumber, "NaN"), `"NaN"`},
		{ext(event.ExtNumber, `1,"x":2`), `"1,\"x\":2"`},
		{ext(42, "abc"), `"YWJj"`},
	} {
		check(t, c.msg, c.want)
	}
}

func TestExtNumberTakesWhatJSONTakes(t *testing.T) {
	for _, s := range strings.Fields(`0 -0 7 10 1.0 1.50 -12.5 1e5 1E5 1e+5 1e-05 0.0e0 0e0
		00 01 -01 - + +1 . .5 1. 1.e5 1e 1e+ 1e5.0 1-2 0x1 1a a1 NaN Infinity --1 1..2 1e5e5 १`) {
		got, err := event.AppendJSON(nil, ext(event.ExtNumber, s))
		if err != nil {
			t.Fatal(err)
		}
		if isString := got[0] == '"'; isString == json.Valid([]byte(s)) {
			t.Errorf("%s is written as %s", s, got)
		}
	}
}

func TestKeysThatAreNoStrings(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"\x05", `"5"`}, {"\xff", `"-1"`}, {"\xc0", `"null"`}, {"\xc3", `"true"`}, {string(f64(1)), `"1.0"`},
		{string(f64(math.NaN())), `"null"`}, {"\xc4\x01\xff", `"/w=="`}, {"\x92\x01\xa1\"", `"[1,\"\\\"\"]"`}, {"\x81\xa1a\x02", `"{\"a\":2}"`},
		{"\x81\x81\x01\x02\x03", `"{\"{\\\"1\\\":2}\":3}"`}, {string(ext(event.ExtNumber, "1.50")), `"1.50"`},
	} {
		check(t, []byte("\x81"+c.key+"\x07"), "{"+c.want+":7}")
	}
}

// check writes msg behind what already stands in dst.
func check(t *testing.T, msg []byte, want string) {
	t.Helper()
	got, err := event.AppendJSON([]byte("before "), msg)
	if err != nil || string(got) != "before "+want {
		t.Errorf("%x: %s, %v, want %s", msg, bytes.TrimPrefix(got, []byte("before ")), err, want)
	}
	if !json.Valid([]byte(want)) || !utf8.ValidString(want) {
		t.Errorf("the test itself wants what is no JSON: %s", want)
	}
}

// TestEscapesAtEveryPlace moves one byte through strings of all lengths about the word size.
func TestEscapesAtEveryPlace(t *testing.T) {
	for _, c := range []string{"\"", "\\", "\n", "\x1f", " ", "!", "#", "[", "]", "\x7f", "é", "\x80", "\xff"} {
		for n := range 40 {
			for at := range n + 1 {
				s := strings.Repeat("x", at) + c + strings.Repeat("y", n-at)
				got := event.AppendJSONString(nil, []byte(s))
				var back string
				if err := json.Unmarshal(got, &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") {
					t.Fatalf("%q: %s, %v", s, got, err)
				}
			}
		}
	}
}

func TestAppendJSONErrorLeavesDst(t *testing.T) {
	dst := append(make([]byte, 0, 4096), "kept"...)
	good := benchRecord(1)
	for _, msg := range [][]byte{nil, good[:len(good)-1], append(bytes.Clone(good), 0), {0xc1}, {0x92, 1, 0xc1}} {
		if got, err := event.AppendJSON(dst, msg); err == nil || string(got) != "kept" {
			t.Errorf("%.20x: %q, %v", msg, got, err)
		}
	}
}

func TestAppendJSONDepth(t *testing.T) {
	for _, open := range []string{"\x91", "\x81\xa1k"} {
		deep := func(n int) []byte { return []byte(strings.Repeat(open, n) + "\xc0") }
		if got, err := event.AppendJSON(nil, deep(event.MaxDepth)); err != nil || !json.Valid(got) {
			t.Errorf("depth %d: %v", event.MaxDepth, err)
		}
		if _, _, err := event.Decode(deep(event.MaxDepth)); err != nil {
			t.Errorf("decode, depth %d: %v", event.MaxDepth, err)
		}
		for _, n := range []int{event.MaxDepth + 1, 100_000} {
			if _, err := event.AppendJSON(nil, deep(n)); !errors.Is(err, event.ErrDepth) {
				t.Errorf("depth %d: %v", n, err)
			}
			if _, _, err := event.Decode(deep(n)); !errors.Is(err, event.ErrDepth) {
				t.Errorf("decode, depth %d: %v", n, err)
			}
		}
	}
}

// TestKeysInKeysDoNotExplode: each key in a key doubles the backslashes, so a short message could become a huge text.
func TestKeysInKeysDoNotExplode(t *testing.T) {
	for n := 1; n < event.MaxDepth; n++ {
		msg := []byte(strings.Repeat("\x81", n) + "\xa1\"" + strings.Repeat("\x01", n))
		got, err := event.AppendJSON(nil, msg)
		if len(got) > 64*len(msg) || err != nil && !errors.Is(err, event.ErrDepth) {
			t.Fatalf("%d bytes become %d, %v", len(msg), len(got), err)
		}
		if _, _, err2 := event.Decode(msg); (err == nil) != (err2 == nil) {
			t.Fatalf("%d keys in keys: JSON %v, Decode %v", n, err, err2)
		}
	}
}

func TestAppendJSONAllocatesNothing(t *testing.T) {
	rec := event.AppendMapHeader(nil, 5)
	rec = append(event.AppendString(rec, "row"), benchRecord(1)...)
	rec = event.AppendString(event.AppendString(rec, "text"), "山彦 \"\xff\n")
	rec = event.AppendBin(event.AppendString(rec, "bin"), make([]byte, 100))
	rec = event.AppendEventTime(event.AppendString(rec, "at"), when)
	rec = event.AppendFloat32(event.AppendInt(rec, 5), 0.1)
	dst := make([]byte, 0, 4096)
	n := testing.AllocsPerRun(100, func() {
		if _, err := event.AppendJSON(dst, rec); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestBinariesArePaddedBase64(t *testing.T) {
	for n := range 50 {
		data := bytes.Repeat([]byte{0xfb}, n)
		check(t, event.AppendBin(nil, data), `"`+base64.StdEncoding.EncodeToString(data)+`"`)
	}
}
