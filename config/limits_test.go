package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"yamabiko/config"
)

// loadText loads one file of this text.
func loadText(t interface{ Fatal(...any) }, dir, text string) (*config.File, error) {
	path := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, registry())
}

// TestHostileFiles: what is built to hurt a parser gets a short error.
func TestHostileFiles(t *testing.T) {
	var doubling strings.Builder
	doubling.WriteString("vars:\n  v0: xxxxxxxxxxxxxxxx\n")
	for i := range 40 {
		fmt.Fprintf(&doubling, "  v%d: \"${v%d}${v%d}\"\n", i+1, i, i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"brackets":     {strings.Repeat("[", 1<<15), "nested deeper than 64"},
		"braces":       {"a: " + strings.Repeat("{a: ", 1000), "nested deeper than 64"},
		"dashes":       {strings.Repeat("- ", 1<<15), "nested deeper than 64"},
		"indentation":  {indented(100), "nested deeper than 64"},
		"too large":    {strings.Repeat("# comment\n", 1<<19), "larger than 4MiB"},
		"not UTF-8":    {"a: b\nc: \xff\n", "c.yaml:2:4: not UTF-8"},
		"aliases":      {"a: &a [x]\nb: &b [*a, *a]\n", "aliases"},
		"variables":    {doubling.String(), "variables expand to more than 16MiB"},
		"many errors":  {strings.Repeat("x: \n", 1<<12), "duplicate key"},
		"many keys":    {strings.Repeat("x: \n", 1<<18), "more than 60000 keys and values"},
		"many items":   {"include: [" + strings.Repeat("a,", 1<<18) + "]", "more than 60000 keys and values"},
		"long lines":   {"sources: {" + strings.Repeat("x", 1<<20) + ": 1}", "at most 64 letters"},
		"control":      {"\x00\x01: \x7f", "unknown key"},
		"only a colon": {":", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadText(t, t.TempDir(), c.text)
			var all config.Errors
			if !errors.As(err, &all) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %.300v, want one with %q", err, c.want)
			}
			if n := len(err.Error()); n > 300_000 {
				t.Errorf("the report has %d bytes", n)
			}
		})
	}
}

// indented nests n mappings by indentation.
func indented(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestDepthThatIsAllowed: 60 levels are deep enough for anybody, and are read.
func TestDepthThatIsAllowed(t *testing.T) {
	_, err := loadText(t, t.TempDir(), indented(60))
	if err == nil || strings.Contains(err.Error(), "nested") {
		t.Errorf("refused for its depth: %v", err)
	}
}

// TestTextSurvives: what is written between quotes is what the plugin gets, in blocks and in brackets.
func TestTextSurvives(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.String().Filter(func(s string) bool { return utf8.ValidString(s) && s != "" }).Draw(r, "s")
		double, err := json.Marshal(s)
		if err != nil {
			r.Fatal(err)
		}
		quoted := strings.ReplaceAll(string(double), "${", "$${")
		forms := []string{quoted}
		if !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '\u0085' || c == '\u2028' || c == '\u2029' || c == 0x7f }) {
			forms = append(forms, "'"+strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "${", "$${")+"'")
		}
		for _, form := range forms {
			for _, layout := range []string{"{type: mysql, address: a, user: %s}", "\n    type: mysql\n    user: %s\n    address: a"} {
				text := fmt.Sprintf("sources:\n  s: "+layout+"\nsinks: {n: {type: null}}\nroutes: [{match: x, to: n}]\n", form)
				f, err := loadText(r, dir, text)
				if err != nil {
					r.Fatalf("%q: %v", text, err)
				}
				if got := f.Sources[0].Conf.(*reader).User; got != s {
					r.Fatalf("%s is read as %q", form, got)
				}
			}
		}
	})
}

// FuzzLoad: whatever stands in a file, Load returns; what it accepts is whole, and what it refuses has a place.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range seeds {
		b, err := os.ReadFile(s)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := strings.Cut(string(b), "-- want --")
		_, text, _ = strings.Cut(text, "-- yamabiko.yaml --\n")
		f.Add(text)
	}
	f.Add(strings.TrimPrefix(minimal, "-- yamabiko.yaml --\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") || strings.Contains(text, "file") {
			t.Skip("reads other files")
		}
		got, err := loadText(t, dir, text)
		if err == nil {
			if len(got.Sources) == 0 || len(got.Sinks) == 0 || len(got.Routes) == 0 || got.Sources[0].Conf == nil {
				t.Errorf("accepted: %+v", got)
			}
			return
		}
		var all config.Errors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("error of another kind: %v", err)
		}
		for _, e := range all {
			if e.File == "" || e.Msg == "" || e.Line > 0 && e.Col < 1 {
				t.Errorf("error without a place: %+v", e)
			}
		}
	})
}
