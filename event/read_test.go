package event_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"yamabiko/event"
)

// forms holds one value of every format, with what must come of it.
var forms = map[string]struct {
	msg  []byte
	form event.Form
}{
	"nil":      {[]byte{0xc0}, event.FormNil},
	"false":    {[]byte{0xc2}, event.FormBool},
	"true":     {[]byte{0xc3}, event.FormBool},
	"fixint":   {[]byte{0x7f}, event.FormInt},
	"negative": {[]byte{0xe0}, event.FormInt},
	"uint8":    {[]byte{0xcc, 1}, event.FormInt},
	"uint16":   {[]byte{0xcd, 1, 2}, event.FormInt},
	"uint32":   {[]byte{0xce, 1, 2, 3, 4}, event.FormInt},
	"uint64":   {[]byte{0xcf, 1, 2, 3, 4, 5, 6, 7, 8}, event.FormInt},
	"int8":     {[]byte{0xd0, 1}, event.FormInt},
	"int16":    {[]byte{0xd1, 1, 2}, event.FormInt},
	"int32":    {[]byte{0xd2, 1, 2, 3, 4}, event.FormInt},
	"int64":    {[]byte{0xd3, 1, 2, 3, 4, 5, 6, 7, 8}, event.FormInt},
	"float32":  {[]byte{0xca, 1, 2, 3, 4}, event.FormFloat},
	"float64":  {[]byte{0xcb, 1, 2, 3, 4, 5, 6, 7, 8}, event.FormFloat},
	"fixstr":   {[]byte("\xa3abc"), event.FormString},
	"str8":     {[]byte("\xd9\x03abc"), event.FormString},
	"str16":    {[]byte("\xda\x00\x03abc"), event.FormString},
	"str32":    {[]byte("\xdb\x00\x00\x00\x03abc"), event.FormString},
	"bin8":     {[]byte("\xc4\x03abc"), event.FormBin},
	"bin16":    {[]byte("\xc5\x00\x03abc"), event.FormBin},
	"bin32":    {[]byte("\xc6\x00\x00\x00\x03abc"), event.FormBin},
	"fixext1":  {[]byte("\xd4\x05a"), event.FormExt},
	"fixext2":  {[]byte("\xd5\x05ab"), event.FormExt},
	"fixext4":  {[]byte("\xd6\x05abcd"), event.FormExt},
	"fixext8":  {[]byte("\xd7\x05abcdefgh"), event.FormExt},
	"fixext16": {[]byte("\xd8\x05abcdefghijklmnop"), event.FormExt},
	"ext8":     {[]byte("\xc7\x03\x05abc"), event.FormExt},
	"ext16":    {[]byte("\xc8\x00\x03\x05abc"), event.FormExt},
	"ext32":    {[]byte("\xc9\x00\x00\x00\x03\x05abc"), event.FormExt},
	"fixarray": {[]byte{0x92, 1, 2}, event.FormArray},
	"array16":  {[]byte{0xdc, 0, 2, 1, 2}, event.FormArray},
	"array32":  {[]byte{0xdd, 0, 0, 0, 2, 1, 2}, event.FormArray},
	"fixmap":   {[]byte{0x81, 0xa1, 'k', 2}, event.FormMap},
	"map16":    {[]byte{0xde, 0, 1, 0xa1, 'k', 2}, event.FormMap},
	"map32":    {[]byte{0xdf, 0, 0, 0, 1, 0xa1, 'k', 2}, event.FormMap},
}

func TestSkipEveryFormat(t *testing.T) {
	for name, f := range forms {
		if got := event.FormOf(f.msg); got != f.form {
			t.Errorf("%s: form %v, want %v", name, got, f.form)
		}
		tail := []byte{0xc1, 0xff}
		if rest, err := event.Skip(append(bytes.Clone(f.msg), tail...)); err != nil || !bytes.Equal(rest, tail) {
			t.Errorf("%s: skip leaves %x, %v", name, rest, err)
		}
		for n := range f.msg {
			// The bytes behind the cut are there, within the capacity: they must not be read.
			if _, err := event.Skip(f.msg[:n]); !errors.Is(err, event.ErrTruncated) {
				t.Errorf("%s cut at %d: %v", name, n, err)
			}
			if v, _, err := event.Decode(f.msg[:n]); !errors.Is(err, event.ErrTruncated) {
				t.Errorf("%s cut at %d: decoded as %v, %v", name, n, v, err)
			}
			if got, err := event.AppendJSON(nil, f.msg[:n]); !errors.Is(err, event.ErrTruncated) {
				t.Errorf("%s cut at %d: JSON %s, %v", name, n, got, err)
			}
		}
	}
}

func TestSkipTakesAnyDepth(t *testing.T) {
	deep := append(bytes.Repeat([]byte{0x91}, 1_000_000), 0xc0, 7)
	if rest, err := event.Skip(deep); err != nil || len(rest) != 1 {
		t.Errorf("%d bytes left, %v", len(rest), err)
	}
}

func TestFalseCountsCostNothing(t *testing.T) {
	msgs := [][]byte{
		{0xdd, 0xff, 0xff, 0xff, 0xff}, {0xdf, 0xff, 0xff, 0xff, 0xff}, {0xdb, 0xff, 0xff, 0xff, 0xff},
		{0xc6, 0xff, 0xff, 0xff, 0xff}, {0xc9, 0xff, 0xff, 0xff, 0xff, 0}, {0x9f, 1}, {0x8f, 1, 2},
		// Heads that each promise as much as there is must not be believed one inside the other.
		append(bytes.Repeat([]byte{0xdd, 0, 0, 0x40, 0}, 400), make([]byte, 0x4000)...),
	}
	for _, msg := range msgs {
		if _, err := event.Skip(msg); !errors.Is(err, event.ErrTruncated) {
			t.Errorf("skip %.20x: %v", msg, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := event.Decode(msg)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, event.ErrTruncated) || n > 4<<20 {
			t.Errorf("decode %.20x: %d bytes allocated, %v", msg, n, err)
		}
	}
}

func TestUnusedByteIsInvalid(t *testing.T) {
	for _, msg := range [][]byte{{0xc1}, {0x91, 0xc1}, {0x81, 0xa1, 'k', 0xc1}} {
		_, err := event.Skip(msg)
		_, _, err2 := event.Decode(msg)
		_, err3 := event.AppendJSON(nil, msg)
		for _, e := range []error{err, err2, err3} {
			if !errors.Is(e, event.ErrInvalid) {
				t.Errorf("%x: %v", msg, e)
			}
		}
	}
}

func TestReadIntegers(t *testing.T) {
	for _, v := range []int64{0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxInt64,
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt64} {
		msg := append(event.AppendInt(nil, v), 9)
		if got, rest, err := event.ReadInt(msg); got != v || len(rest) != 1 || err != nil {
			t.Errorf("%d: read as %d, %d left, %v", v, got, len(rest), err)
		}
		// The widest format holds it too, and other writers use it.
		wide := binary.BigEndian.AppendUint64([]byte{0xd3}, uint64(v))
		if got, _, err := event.ReadInt(wide); got != v || err != nil {
			t.Errorf("%d as int64: read as %d, %v", v, got, err)
		}
		u, _, err := event.ReadUint(wide)
		if v >= 0 && (u != uint64(v) || err != nil) || v < 0 && err == nil {
			t.Errorf("%d: unsigned %d, %v", v, u, err)
		}
	}
	if u, _, err := event.ReadUint(event.AppendUint(nil, math.MaxUint64)); u != math.MaxUint64 || err != nil {
		t.Errorf("2^64-1: %d, %v", u, err)
	}
	if v, _, err := event.ReadInt(event.AppendUint(nil, math.MaxUint64)); err == nil {
		t.Errorf("2^64-1 read as %d", v)
	}
}

func TestReadersRefuseOtherForms(t *testing.T) {
	readers := map[string]struct {
		form event.Form
		read func(b []byte) ([]byte, error)
	}{
		"int":    {event.FormInt, func(b []byte) ([]byte, error) { _, r, err := event.ReadInt(b); return r, err }},
		"uint":   {event.FormInt, func(b []byte) ([]byte, error) { _, r, err := event.ReadUint(b); return r, err }},
		"float":  {event.FormFloat, func(b []byte) ([]byte, error) { _, r, err := event.ReadFloat(b); return r, err }},
		"bool":   {event.FormBool, func(b []byte) ([]byte, error) { _, r, err := event.ReadBool(b); return r, err }},
		"string": {event.FormString, func(b []byte) ([]byte, error) { _, r, err := event.ReadString(b); return r, err }},
		"bin":    {event.FormBin, func(b []byte) ([]byte, error) { _, r, err := event.ReadBin(b); return r, err }},
		"ext":    {event.FormExt, func(b []byte) ([]byte, error) { _, _, r, err := event.ReadExt(b); return r, err }},
		"array":  {event.FormArray, func(b []byte) ([]byte, error) { _, r, err := event.ReadArrayHeader(b); return r, err }},
		"map":    {event.FormMap, func(b []byte) ([]byte, error) { _, r, err := event.ReadMapHeader(b); return r, err }},
	}
	for reader, r := range readers {
		for name, f := range forms {
			rest, err := r.read(f.msg)
			switch {
			case f.form != r.form && (!errors.Is(err, event.ErrForm) || rest != nil):
				t.Errorf("%s of %s: %x left, %v", reader, name, rest, err)
			case f.form == r.form && name != "negative" && err != nil:
				t.Errorf("%s of %s: %v", reader, name, err)
			}
		}
		if _, err := r.read(nil); !errors.Is(err, event.ErrTruncated) {
			t.Errorf("%s of nothing: %v", reader, err)
		}
	}
}

func TestReadPayloads(t *testing.T) {
	for name, f := range forms {
		var data, rest []byte
		var err error
		typ := int8(5)
		switch msg := append(bytes.Clone(f.msg), 9); f.form {
		case event.FormString:
			data, rest, err = event.ReadString(msg)
		case event.FormBin:
			data, rest, err = event.ReadBin(msg)
		case event.FormExt:
			typ, data, rest, err = event.ReadExt(msg)
		default:
			continue
		}
		if !strings.HasPrefix("abcdefghijklmnop", string(data)) || len(data) == 0 || typ != 5 || len(rest) != 1 || err != nil {
			t.Errorf("%s: type %d, %q, %x left, %v", name, typ, data, rest, err)
		}
		if cap(data) != len(data) {
			t.Errorf("%s: an append to what was read would write over what follows", name)
		}
	}
}

func TestReadEventTimeForms(t *testing.T) {
	want := time.Unix(1_700_000_000, 5).UTC()
	payload := string(event.AppendEventTime(nil, want)[2:])
	for name, msg := range map[string]string{
		"fixext8": "\xd7\x00" + payload,
		"ext8":    "\xc7\x08\x00" + payload,
	} {
		if got, rest, err := event.ReadEventTime([]byte(msg + "x")); got != want || string(rest) != "x" || err != nil {
			t.Errorf("%s: %v, %q left, %v", name, got, rest, err)
		}
		if _, _, err := event.ReadEventTime([]byte(msg[:len(msg)-1])); !errors.Is(err, event.ErrTruncated) {
			t.Errorf("%s cut short: %v", name, err)
		}
	}
	if got, _, err := event.ReadEventTime(event.AppendInt(nil, 1_700_000_000)); got != want.Truncate(time.Second) || err != nil {
		t.Errorf("seconds: %v, %v", got, err)
	}
	for _, msg := range []string{"\xd7\x01" + payload, "\xd6\x00abcd", "\xc7\x04\x00abcd", "\xa3now", "\xc0"} {
		if got, _, err := event.ReadEventTime([]byte(msg)); !errors.Is(err, event.ErrForm) {
			t.Errorf("%q: read as %v, %v", msg, got, err)
		}
	}
}

func TestReadMessage(t *testing.T) {
	rec := event.AppendString(event.AppendString(event.AppendMapHeader(nil, 1), "k"), "v")
	stream := append(event.AppendHead(nil, when), rec...)
	stream = append(event.AppendInt(append(stream, 0x92), when.Unix()), 0x80)
	at, got, rest, err := event.ReadMessage(stream)
	if err != nil || !at.Equal(when) || !bytes.Equal(got, rec) {
		t.Fatalf("first: %v %x, %v", at, got, err)
	}
	at, got, rest, err = event.ReadMessage(rest)
	if err != nil || !at.Equal(when.Truncate(time.Second)) || !bytes.Equal(got, []byte{0x80}) || len(rest) != 0 {
		t.Fatalf("second: %v %x, %d left, %v", at, got, len(rest), err)
	}
	for _, bad := range []string{"", "\x92", "\x93\x01\x80\x80", "\x91\x01", "\x92\x01\xa0", "\x92\x01\x81\xa1k", "\x92\xa0\x80", "\x80"} {
		if _, _, _, err := event.ReadMessage([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a message", bad)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	rec := benchRecord(1)
	n := testing.AllocsPerRun(100, func() {
		var err error
		for name, value := range event.Fields(rec, &err) {
			if len(name) == 0 || len(value) == 0 {
				t.Error("empty field")
			}
		}
		if _, ok := event.Find(rec, "note"); !ok || err != nil {
			t.Error("no note")
		}
		if _, err := event.Skip(rec); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
