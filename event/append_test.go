package event_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"yamabiko/event"
)

// lengths stand on both sides of every limit between msgpack's formats.
var lengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 255, 256, 65535, 65536, 70000}

// decodeTheirs is the oracle: what the msgpack library makes of b, which it must use up.
func decodeTheirs(t *testing.T, b []byte) any {
	t.Helper()
	r := bytes.NewReader(b)
	v, err := msgpack.NewDecoder(r).DecodeInterface()
	if err != nil {
		t.Fatalf("oracle refuses %.40x: %v", b, err)
	}
	if r.Len() > 0 {
		t.Fatalf("oracle leaves %d bytes of %.40x", r.Len(), b)
	}
	return v
}

func encodeTheirs(t *testing.T, v any) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseCompactInts(true)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func decodeOurs(t *testing.T, b []byte) any {
	t.Helper()
	v, rest, err := event.Decode(b)
	if err != nil || len(rest) > 0 {
		t.Fatalf("decode %.40x: %d bytes left, %v", b, len(rest), err)
	}
	return v
}

// both checks that ours and theirs write v in the same bytes and read each other's.
func both(t *testing.T, v any, ours []byte) {
	t.Helper()
	if theirs := encodeTheirs(t, v); !bytes.Equal(ours, theirs) {
		t.Errorf("%.40v: wrote %.40x, the oracle %.40x", v, ours, theirs)
	}
	want := v
	if u, ok := v.(uint64); ok && u <= math.MaxInt64 {
		want = int64(u) // which integers are unsigned is the reader's choice
	}
	if got := decodeOurs(t, ours); !reflect.DeepEqual(got, want) {
		t.Errorf("%.40v: read back as %.40v (%T)", v, got, got)
	}
	if got := decodeTheirs(t, ours); fmt.Sprint(got) != fmt.Sprint(v) {
		t.Errorf("%.40v: the oracle reads %.40v", v, got)
	}
}

func TestAppendIntegers(t *testing.T) {
	for shift := range 64 {
		for _, d := range []int64{-2, -1, 0, 1, 2} {
			v := int64(1)<<shift + d
			both(t, v, event.AppendInt(nil, v))
			both(t, -v, event.AppendInt(nil, -v))
			both(t, uint64(v), event.AppendUint(nil, uint64(v)))
		}
	}
}

func TestAppendScalars(t *testing.T) {
	both(t, nil, event.AppendNil(nil))
	both(t, true, event.AppendBool(nil, true))
	both(t, false, event.AppendBool(nil, false))
	for _, f := range []float64{0, 1.5, -1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(-1)} {
		both(t, f, event.AppendFloat64(nil, f))
		both(t, float32(f), event.AppendFloat32(nil, float32(f)))
	}
}

func TestAppendStringsAndBins(t *testing.T) {
	for _, n := range lengths {
		s := strings.Repeat("x", n)
		both(t, s, event.AppendString(nil, s))
		both(t, []byte(s), event.AppendBin(nil, []byte(s)))
	}
}

func TestAppendContainers(t *testing.T) {
	for _, n := range lengths {
		array, list := event.AppendArrayHeader(nil, n), make([]any, n)
		record, m := event.AppendMapHeader(nil, n), make(map[string]any, n)
		for i := range n {
			array, list[i] = event.AppendInt(array, int64(i)), int64(i)
			name := fmt.Sprint(i)
			record, m[name] = event.AppendInt(event.AppendString(record, name), int64(i)), int64(i)
		}
		both(t, list, array)
		if got := decodeOurs(t, record); !reflect.DeepEqual(got, m) {
			t.Errorf("map of %d: read back otherwise", n)
		}
		if got := decodeTheirs(t, record); len(got.(map[string]any)) != n {
			t.Errorf("map of %d: the oracle reads %d", n, len(got.(map[string]any)))
		}
		if got := decodeOurs(t, encodeTheirs(t, m)); !reflect.DeepEqual(got, m) {
			t.Errorf("the oracle's map of %d: read otherwise", n)
		}
	}
}

func TestAppendExt(t *testing.T) {
	for _, n := range append([]int{10, 20}, lengths...) {
		data := bytes.Repeat([]byte{0xab}, n)
		ours := event.AppendExt(nil, -7, data)
		if got := decodeOurs(t, ours); !reflect.DeepEqual(got, event.Ext{Type: -7, Data: data}) {
			t.Errorf("ext of %d bytes: read back as %.40v", n, got)
		}
		r := bytes.NewReader(ours)
		typ, size, err := msgpack.NewDecoder(r).DecodeExtHeader()
		if err != nil || typ != -7 || size != n || r.Len() != n {
			t.Errorf("ext of %d bytes: the oracle reads type %d of %d bytes, %v", n, typ, size, err)
		}
		var theirs bytes.Buffer
		if err := msgpack.NewEncoder(&theirs).EncodeExtHeader(-7, n); err != nil {
			t.Fatal(err)
		}
		theirs.Write(data)
		if got := decodeOurs(t, theirs.Bytes()); !reflect.DeepEqual(got, event.Ext{Type: -7, Data: data}) {
			t.Errorf("the oracle's ext of %d bytes: read as %.40v", n, got)
		}
	}
}

func TestAppendEventTimeIsFixext8(t *testing.T) {
	got := event.AppendEventTime(nil, time.Unix(0x01020304, 0x05060708))
	want := []byte{0xd7, 0x00, 1, 2, 3, 4, 5, 6, 7, 8} // Forward Protocol Specification v1, EventTime Ext Format
	if !bytes.Equal(got, want) {
		t.Errorf("have %x, want %x", got, want)
	}
	if v := decodeOurs(t, got); !v.(time.Time).Equal(time.Unix(0x01020304, 0x05060708)) {
		t.Errorf("read back as %v", v)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 256)
	s, data := "a string", []byte{1, 2, 3}
	n := testing.AllocsPerRun(100, func() {
		b := event.AppendHead(dst, when)
		b = event.AppendMapHeader(b, 5)
		b = event.AppendInt(event.AppendString(b, s), -70000)
		b = event.AppendFloat64(event.AppendString(b, s), 1.5)
		b = event.AppendBin(event.AppendString(b, data), data)
		b = event.AppendExt(event.AppendString(b, s), event.ExtNumber, data)
		event.AppendNil(event.AppendString(b, s))
	})
	if n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}
