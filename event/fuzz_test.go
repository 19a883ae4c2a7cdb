package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"

	"yamabiko/event"
)

func seeds(f *testing.F) {
	for _, v := range forms {
		f.Add(v.msg)
	}
	f.Add(benchRecord(1))
	f.Add(append(event.AppendHead(nil, when), benchRecord(1)...))
	f.Add(ext(event.ExtNumber, "-1.50e+3"))
	f.Add([]byte("\x83\xa1a\xcb\x40\x28\x00\x00\x00\x00\x00\x00\x05\xa2\xff\"\x92\x01\x02\xc0"))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xdf, 0xff})
}

// guarded returns msg twice: without a byte of capacity behind it, and with bytes behind it that would change what is
// read if they were. What is made of the two must be the same.
func guarded(msg []byte, guard byte) (tight, loose []byte) {
	tight = make([]byte, len(msg))
	copy(tight, msg)
	behind := append(bytes.Clone(msg), bytes.Repeat([]byte{guard}, 64)...)
	return tight, behind[:len(msg)]
}

var guards = []byte{0x00, 0xa1, 0xff, '"'}

func FuzzSkip(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		tight, _ := guarded(msg, 0)
		rest, err := event.Skip(tight[:len(tight):len(tight)])
		for _, g := range guards {
			_, loose := guarded(msg, g)
			if rest2, err2 := event.Skip(loose); len(rest2) != len(rest) || !errors.Is(err2, err) {
				t.Fatalf("bytes behind the slice matter: %d left, %v, then %d, %v", len(rest), err, len(rest2), err2)
			}
		}
		if err != nil {
			if !errors.Is(err, event.ErrTruncated) && !errors.Is(err, event.ErrInvalid) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		n := len(msg) - len(rest)
		if n <= 0 || !bytes.Equal(rest, msg[n:]) {
			t.Fatalf("rest is not what follows the value: %x of %x", rest, msg)
		}
		for cut := range min(n, 64) {
			if _, err := event.Skip(msg[:n-1-cut]); !errors.Is(err, event.ErrTruncated) {
				t.Fatalf("without its last %d bytes: %v", cut+1, err)
			}
		}
	})
}

func FuzzAppendJSON(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		tight, _ := guarded(msg, 0)
		got, err := event.AppendJSON([]byte("kept"), tight[:len(tight):len(tight)])
		for _, g := range guards {
			_, loose := guarded(msg, g)
			if got2, err2 := event.AppendJSON([]byte("kept"), loose); !bytes.Equal(got, got2) || (err == nil) != (err2 == nil) {
				t.Fatalf("bytes behind the slice matter: %s, %v, then %s, %v", got, err, got2, err2)
			}
		}
		if !bytes.Equal(tight, msg) {
			t.Fatal("the message was written to")
		}
		if err != nil {
			if string(got) != "kept" {
				t.Fatalf("an error leaves %q in dst", got)
			}
			return
		}
		text, ok := bytes.CutPrefix(got, []byte("kept"))
		if !ok || !json.Valid(text) || !utf8.Valid(text) {
			t.Fatalf("no JSON: %q", got)
		}
		if rest, err := event.Skip(msg); err != nil || len(rest) > 0 {
			t.Fatalf("JSON of a value that Skip does not see: %d left, %v", len(rest), err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		v, rest, err := event.Decode(msg)
		for _, g := range guards {
			_, loose := guarded(msg, g)
			_, rest2, err2 := event.Decode(loose)
			if len(rest2) != len(rest) || (err == nil) != (err2 == nil) {
				t.Fatalf("bytes behind the slice matter: %v, then %v", err, err2)
			}
		}
		for name, value := range event.Fields(msg, new(error)) {
			if found, ok := event.Find(msg, string(name)); !ok || len(found) == 0 || len(value) == 0 {
				t.Fatalf("field %q is there and not found", name)
			}
		}
		if _, record, _, err := event.ReadMessage(msg); err == nil && event.FormOf(record) != event.FormMap {
			t.Fatalf("a record that is no map: %x", record)
		}
		if err != nil {
			return
		}
		after, err := event.Skip(msg)
		if err != nil || !bytes.Equal(after, rest) {
			t.Fatalf("Decode leaves %x, Skip %x, %v", rest, after, err)
		}
		sameAsJSON(t, v, msg[:len(msg)-len(rest)])
	})
}

// sameAsJSON wants the same JSON of a decoded value through encoding/json as of its bytes through AppendJSON.
func sameAsJSON(t *testing.T, v any, msg []byte) {
	got, err := event.AppendJSON(nil, msg)
	if err != nil {
		t.Fatalf("decoded, but: %v", err)
	}
	plain, ok := forMarshal(v)
	if !ok {
		return
	}
	want, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := parse(t, got), parse(t, want); !reflect.DeepEqual(a, b) {
		t.Fatalf("AppendJSON %s\nDecode %s", got, want)
	}
}

// forMarshal turns what Decode returns into what encoding/json writes the same; false where it cannot: keys that are
// not UTF-8 may fall together, and it has no NaN.
func forMarshal(v any) (any, bool) {
	switch v := v.(type) {
	case event.Number:
		return json.Number(v), true
	case event.Ext:
		if v.Type == event.ExtNumber {
			return string(v.Data), true
		}
		return v.Data, true
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	case float32:
		return v, v-v == 0
	case float64:
		return v, v-v == 0
	case []any:
		for i := range v {
			var ok bool
			if v[i], ok = forMarshal(v[i]); !ok {
				return nil, false
			}
		}
	case map[string]any:
		for name, e := range v {
			var ok bool
			if v[name], ok = forMarshal(e); !ok || !utf8.ValidString(name) {
				return nil, false
			}
		}
	}
	return v, true
}
