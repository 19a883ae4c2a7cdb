package event_test

import (
	"bytes"
	"strings"
	"testing"

	"yamabiko/event"
)

func TestKeysOfAllLengths(t *testing.T) {
	b := &event.Batch{}
	var want [][]byte
	for _, n := range lengths {
		array := event.AppendString(event.AppendArrayHeader(nil, 1), strings.Repeat("k", n))
		want = append(want, array)
		b.Entries = append(b.Entries, event.Entry{Key: uint32(len(b.Keys))})
		b.Keys = event.AppendKey(b.Keys, array)
	}
	for i := range want {
		if got := b.KeyOf(i); !bytes.Equal(got, want[i]) {
			t.Errorf("key of %d bytes: read back as %.20x of %d bytes", len(want[i]), got, len(got))
		}
	}
}

func TestKeyCutShortIsNone(t *testing.T) {
	whole := event.AppendKey(nil, key("eu", 1))
	for n := range whole {
		b := &event.Batch{Keys: whole[:n], Entries: make([]event.Entry, 1)}
		if got := b.KeyOf(0); got != nil {
			t.Errorf("%d bytes of %d give the key %x", n, len(whole), got)
		}
	}
}

// TestLaneIsForEver: disk buffers on users' machines are split by these very values.
func TestLaneIsForEver(t *testing.T) {
	for _, c := range []struct {
		key         []byte
		of4, of1000 int
	}{
		{nil, 1, 945},
		{event.AppendInt(event.AppendArrayHeader(nil, 1), 1), 0, 536},
		{event.AppendInt(event.AppendArrayHeader(nil, 1), 1_000_000), 3, 891},
		{key("eu", 1), 0, 148},
		{event.AppendString(event.AppendArrayHeader(nil, 1), "山彦"), 1, 261},
	} {
		if a, b := event.Lane(c.key, 4), event.Lane(c.key, 1000); a != c.of4 || b != c.of1000 {
			t.Errorf("key %x: lanes %d and %d, want %d and %d", c.key, a, b, c.of4, c.of1000)
		}
	}
}

func TestLaneSpreads(t *testing.T) {
	for _, lanes := range []int{2, 3, 4, 7, 8, 16, 64} {
		const keys = 64_000
		count := make([]int, lanes)
		for i := range int64(keys) {
			count[event.Lane(event.AppendInt(event.AppendArrayHeader(nil, 1), i), lanes)]++
		}
		for lane, n := range count {
			if even := keys / lanes; n < even*8/10 || n > even*12/10 {
				t.Errorf("lane %d of %d has %d of %d keys", lane, lanes, n, keys)
			}
		}
	}
}

func TestOneLaneTakesAll(t *testing.T) {
	for _, n := range []int{-1, 0, 1} {
		if got := event.Lane(key("eu", 1), n); got != 0 {
			t.Errorf("of %d lanes: %d", n, got)
		}
	}
}
