package rowdec

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"yamabiko/event"
)

type docLine struct{ typ, msgpack, example string }

// documented reads the table of docs/types.md.
func documented(t *testing.T) (lines []docLine) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "types.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if cell := strings.Split(line, "|"); strings.HasPrefix(line, "| `") {
			lines = append(lines, docLine{strings.Trim(cell[1], " `"), strings.TrimSpace(cell[2]), strings.Trim(cell[3], " `")})
		}
	}
	return lines
}

// TestTypes_DocumentedLinesAreProved holds docs/types.md and the matrix together: each has what the other has, the
// matrix proves the documented example, and the golden binlog's values have the documented form.
func TestTypes_DocumentedLinesAreProved(t *testing.T) {
	lines := documented(t)
	forms := goldenForms(t)
	for _, l := range lines {
		proved, example := false, false
		for i, m := range matrix {
			if m.doc != l.typ {
				continue
			}
			proved = true
			example = example || slices.ContainsFunc(m.values, func(v matrixValue) bool { return v.json == l.example })
			for _, form := range forms[i] {
				if l.msgpack != "any" && form != l.msgpack && form != "nil" {
					t.Errorf("%s (%s) has a value that is %s", l.typ, l.msgpack, form)
				}
			}
		}
		if !proved || !example {
			t.Errorf("docs/types.md: %s: in the matrix: %t, its example %s too: %t", l.typ, proved, l.example, example)
		}
	}
	for _, m := range matrix {
		if !slices.ContainsFunc(lines, func(l docLine) bool { return l.typ == m.doc }) {
			t.Errorf("docs/types.md lacks %s", m.doc)
		}
	}
}

// goldenForms are the msgpack forms of the values of each line of the matrix, as the golden binlog has them.
func goldenForms(t *testing.T) map[int][]string {
	t.Helper()
	out := map[int][]string{}
	for _, r := range parseLog(t, readGolden(t, "types.binlog"), goldenDB) {
		line, err := strconv.Atoi(string(r.tm.Table[1:])) // the tables are t0, t1, …
		if err != nil {
			t.Fatal(err)
		}
		b := r.decode(t, r.plan(t), false)
		for i := range b.Entries {
			out[line] = append(out[line], formOf(t, b.Record(i)))
		}
	}
	return out
}

// formOf names the form of a record's second value.
func formOf(t *testing.T, record []byte) string {
	t.Helper()
	_, rest, err := event.ReadMapHeader(record)
	for range 3 {
		if err == nil {
			rest, err = event.Skip(rest)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	switch event.FormOf(rest) {
	case event.FormInt:
		return "int"
	case event.FormString:
		return "str"
	case event.FormBin:
		return "bin"
	case event.FormArray:
		return "array"
	case event.FormNil:
		return "nil"
	}
	return map[byte]string{0xca: "float32", 0xcb: "float64"}[rest[0]]
}
