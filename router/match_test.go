package router

import (
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for pattern, tags := range map[string]struct{ yes, no string }{
		"a.b":            {"a.b", "a a.b.c axb b.a"},
		"a.*":            {"a.b a.c", "a a.b.c b.a"},
		"*":              {"a b", "a.b"},
		"*.c":            {"a.c", "c a.b.c"},
		"a.**":           {"a a.b a.b.c", "b ab ab.c"},
		"**":             {"a a.b.c", ""},
		"**.c":           {"c a.c a.b.c", "a.c.d ac"},
		"a.**.c":         {"a.c a.b.c a.b.b.c", "a a.cc ac"},
		"{a,b.c}.d":      {"a.d b.c.d", "b.d c.d a"},
		"cdc.{shop,x*}":  {"cdc.shop cdc.x cdc.xy", "cdc.y cdc"},
		"{a,{b,c}.*}.**": {"a a.z b.q c.q.z", "b"},
		"web*.log":       {"web.log web1.log", "web.1.log"},
		"a+b.(c)":        {"a+b.(c)", "aab.c"},
		"a.{b,c}.{d,e}":  {"a.b.d a.b.e a.c.d a.c.e", "a.b a.d.b"},
	} {
		p, err := compile(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, tag := range strings.Fields(tags.yes) {
			if !p.match(tag) {
				t.Errorf("%s does not match %s", pattern, tag)
			}
		}
		for _, tag := range strings.Fields(tags.no) {
			if p.match(tag) {
				t.Errorf("%s matches %s", pattern, tag)
			}
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                                    "empty part",
		"a..b":                                "empty part",
		"a.":                                  "empty part",
		"{a,}.b":                              "empty part",
		"a**.b":                               "whole part",
		"{a,b":                                "{ without",
		"a}.b":                                "} without",
		"a}{b}":                               "} without",
		strings.Repeat("{a,b,c,d}.", 6) + "x": "alternatives",
	} {
		if _, err := compile(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error about %q", pattern, err, want)
		}
	}
}
