package sinktest

import (
	"fmt"
	"testing"
)

func TestSameJSONKnowsValuesNotSpellings(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":[2]}`, `{"b":[2.0],"a":1e0}`, true},
		{`18446744073709551615`, `18446744073709551616`, false},
		{`{"a":5}`, `{"a":"5"}`, false},
		{`{"a":null}`, `{}`, false},
		{`"\u00e9"`, `"é"`, true},
		{`{"a":1`, `{"a":1`, false},
	} {
		if got := sameJSON([]byte(c.a), []byte(c.b)); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// Of a key the change with the highest Seq stays, also where it came first; what has no key stays always.
func TestSurvivors(t *testing.T) {
	left := survivors([]want{
		{n: 1, key: "a", seq: 10}, {n: 2, key: "a", seq: 5}, {n: 3, key: "b", seq: 7}, {n: 4, key: "b", seq: 8, remove: true},
		{n: 5}, {n: 6},
	})
	got := map[int]bool{}
	for _, w := range left {
		got[w.n] = true
	}
	if fmt.Sprint(got) != fmt.Sprint(map[int]bool{1: true, 5: true, 6: true}) {
		t.Errorf("left are %v", got)
	}
}
