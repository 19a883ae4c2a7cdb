package sinktest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"yamabiko/event"
)

// odd returns values that sinks tend to get wrong: every msgpack format, the limits of numbers, texts that are no
// texts, names that are no names.
func odd() []any {
	values := []any{
		nil, true, false,
		0, 127, 128, 255, 256, 65535, 65536, math.MaxInt32 + 1, int64(math.MaxInt64), uint64(math.MaxUint64),
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32 - 1, int64(math.MinInt64), int64(1<<53 + 1),
		float32(1.5), 0.1, -0.0, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e21, math.NaN(), math.Inf(1), math.Inf(-1),
		json.Number("123456789012345678901234567890.123456789"), json.Number("1e400"),
		"", "a\x00b", "\xff\xfe not UTF-8", "\xed\xa0\x80 half a surrogate", "\"quoted\" \\ </script> \u2028 \x1b \x7f", "\U0001F600",
		strings.Repeat("x", 31), strings.Repeat("x", 32), strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("y", 70000),
		"2026-01-01", "12345", "true",
		[]byte{}, []byte{0, 1, 2, 255}, make([]byte, 300), make([]byte, 70000),
		[]any{}, []any{1, "two", nil, []any{3.5}}, many(15), many(16), many(70000),
		Map{}, Map{"", "empty name", "a.b", "dot", "q\"\n\x00", "odd name", "ключ", 1}, wide(16), wide(70000),
		time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC), deep(100),
	}
	for _, raw := range nonMinimal {
		values = append(values, Raw(raw))
	}
	for _, n := range []int{1, 2, 3, 4, 8, 16, 300, 70000} {
		values = append(values, Raw(event.AppendExt(nil, 42, make([]byte, n))))
	}
	return values
}

// nonMinimal holds forms that our own appenders do not write and other programs do.
var nonMinimal = []string{
	"\xcc\x05", "\xcd\x00\x05", "\xce\x00\x00\x00\x05", "\xcf\x00\x00\x00\x00\x00\x00\x00\x05",
	"\xd0\x05", "\xd1\x00\x05", "\xd2\x00\x00\x00\x05", "\xd3\x00\x00\x00\x00\x00\x00\x00\x05",
	"\xd9\x01a", "\xda\x00\x01a", "\xdb\x00\x00\x00\x01a",
	"\xc4\x01a", "\xc5\x00\x01a", "\xc6\x00\x00\x00\x01a",
	"\xdc\x00\x01\x01", "\xdd\x00\x00\x00\x01\x01",
	"\xde\x00\x01\xa1k\x01", "\xdf\x00\x00\x00\x01\xa1k\x01",
	"\x81\x01\x02", // a name that is a number
	"\xc7\x08\x00\x69\x57\x33\xa5\x00\x00\x00\x01", // EventTime as ext8
}

func many(n int) []any {
	a := make([]any, n)
	for i := range a {
		a[i] = i % 3
	}
	return a
}

func wide(n int) Map {
	var m Map
	for i := range n {
		m = append(m, "f"+strconv.Itoa(i), i)
	}
	return m
}

func deep(n int) any {
	var v any = "bottom"
	for i := range n {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = Map{"in", v}
		}
	}
	return v
}
