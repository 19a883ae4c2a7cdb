package elasticsearch

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"yamabiko/event"
	"yamabiko/internal/testenv"
	"yamabiko/sinks/sinktest"
)

func idOf(t testing.TB, key ...any) string {
	t.Helper()
	id, err := appendID(nil, sinktest.AppendValue(nil, key))
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		key  []any
		want string
	}{
		{[]any{42}, "42"}, {[]any{-7}, "-7"}, {[]any{uint64(math.MaxUint64)}, "18446744073709551615"}, {[]any{int64(math.MinInt64)}, "-9223372036854775808"},
		{[]any{"abc"}, "abc"}, {[]any{"größe, 50%"}, "größe, 50%"}, {[]any{""}, "~t"}, {[]any{"~x"}, "~t~x"}, {[]any{"\xff"}, "~t%ff"},
		{[]any{[]byte{0, 255}}, "~x00ff"}, {[]any{1.5}, "~f1.5"}, {[]any{nil}, "~n"}, {[]any{true}, "~btrue"},
		{[]any{1, "a b,c%"}, "~i1,ta%20b%2cc%25"}, {[]any{"1", 1}, "~t1,i1"}, {[]any{"注", -1}, "~t注,i-1"},
	} {
		if got := idOf(t, c.key...); got != c.want {
			t.Errorf("key %#v has id %q, want %q", c.key, got, c.want)
		}
	}
	long := idOf(t, strings.Repeat("x", 513))
	if !strings.HasPrefix(long, "~h") || len(long) != 2+64 || long == idOf(t, strings.Repeat("x", 514)) {
		t.Errorf("a long key has id %q", long)
	}
	if got := idOf(t, strings.Repeat("x", 512)); len(got) != 512 {
		t.Errorf("a key of 512 bytes has id %q", got)
	}
}

// key draws a key whose columns have the forms given.
func drawKey(t *rapid.T, forms []int, name string) []any {
	key := make([]any, len(forms))
	for i, form := range forms {
		switch form {
		case 0:
			key[i] = rapid.Int64().Draw(t, name)
		case 1:
			key[i] = rapid.Uint64().Draw(t, name)
		case 2:
			key[i] = rapid.OneOf(rapid.String(), rapid.StringMatching(`[~,%ti0-9]{0,4}`), rapid.StringN(500, 600, -1)).Draw(t, name)
		case 3:
			key[i] = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, name)
		case 4:
			key[i] = string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, name)) // seldom UTF-8
		default:
			key[i] = rapid.Float64().Draw(t, name)
		}
	}
	return key
}

func TestKeysThatDifferHaveIDsThatDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		forms := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 3).Draw(t, "forms")
		a := sinktest.AppendValue(nil, drawKey(t, forms, "a"))
		b := sinktest.AppendValue(nil, drawKey(t, forms, "b"))
		ida, erra := appendID(nil, a)
		idb, errb := appendID(nil, b)
		if erra != nil || errb != nil {
			t.Fatal(erra, errb)
		}
		if bytes.Equal(a, b) != bytes.Equal(ida, idb) {
			t.Fatalf("keys %x and %x have ids %q and %q", a, b, ida, idb)
		}
		if len(ida) == 0 || len(ida) > maxID || !utf8.Valid(ida) {
			t.Fatalf("key %x has the id %q, which no server takes", a, ida)
		}
	})
}

func FuzzAppendID(f *testing.F) {
	f.Add(sinktest.AppendValue(nil, []any{1, "a", []byte{1}, 1.5, nil, true}))
	f.Add([]byte{0x91})
	f.Fuzz(func(t *testing.T, key []byte) {
		id, err := appendID([]byte("kept"), key)
		if !bytes.HasPrefix(id, []byte("kept")) || err == nil && (len(id) == len("kept") || len(id)-len("kept") > maxID) {
			t.Errorf("key %x: id %q, %v", key, id, err)
		}
	})
}

// The server must give every odd id back as it was, and find it for the delete.
func TestOddIDsComeBack(t *testing.T) {
	f := setup(t, testenv.Elasticsearch(t))
	table := orders()
	table.Columns[0].Kind = event.String
	ids := []string{"1", "", "a b", "a/b?c#d", "\"quoted\\", "line\nbreak\t\x00\x1b", "größe 注文 🎉", "~", "_id", ".", "\u2028", strings.Repeat("x", 512), strings.Repeat("x", 513), strings.Repeat("注", 200), "%", "\u007f", "\ufffd", "\xff"}
	b := rows(table)
	for i, id := range ids {
		b.Insert(uint64(i+1), id, "n", i)
	}
	f.write(b.Build())
	docs := f.docs("orders")
	for i, id := range ids {
		if doc := docs[idOf(t, id)]; doc == nil || doc["n"] != float64(i) {
			t.Errorf("key %q is %v under the id %q", id, doc, idOf(t, id))
		}
	}
	if len(docs) != len(ids) {
		t.Errorf("%d documents for %d keys", len(docs), len(ids))
	}
	gone := rows(table)
	for i, id := range ids {
		gone.Delete(uint64(100+i), id)
	}
	f.write(gone.Build())
	if docs := f.docs("orders"); len(docs) != 0 {
		t.Errorf("documents %v outlive their deletes", docs)
	}
}
