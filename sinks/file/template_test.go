package file

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yamabiko/event"
	"yamabiko/internal/faultfs"
	"yamabiko/sinks/sinktest"
)

func TestPaths(t *testing.T) {
	table := sinktest.Table("shop", "app", "orders", sinktest.Col("id", event.Int))
	row := sinktest.Batch("cdc.app.orders", table).Build()
	log := sinktest.Batch("web/../../etc", nil).Build()
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, c := range []struct {
		path string
		b    *event.Batch
		want string
	}{
		{"out.ndjson", row, "out.ndjson"},
		{"{source}/{schema}.{table}/{tag}", row, "shop/app.orders/cdc.app.orders"},
		{"%Y%m%d/%H-%M-%S.%j.100%%", row, "20260203/04-05-06.034.100%"},
		{"d/{tag}", log, "d/web%2f..%2f..%2fetc"},
		{"d/{table}", log, "d/_"},
		{"d/{tag}", sinktest.Batch("..", nil).Build(), "d/%2e."},
		{"d/{tag}", sinktest.Batch("a%2fb\x00", nil).Build(), "d/a%252fb%00"},
	} {
		tmpl, err := parseTemplate(c.path)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		if got := string(tmpl.appendPath(nil, c.b, at)); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.path, c.b.Tag, got, c.want)
		}
	}
}

func TestCheckRefusesWrongPaths(t *testing.T) {
	for _, path := range []string{"", "dir/", "x%", "x%q", "{host}", "{tag"} {
		c := Defaults()
		c.Path = path
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "path") {
			t.Errorf("%q: %v", path, err)
		}
	}
	c := Config{Path: "ok", Format: "csv"}
	if err := c.Check(); err == nil {
		t.Error("format csv is taken")
	}
}

// An event stands in the file of its own time, whenever it is written.
func TestEventsOfTwoDaysGoToTwoFiles(t *testing.T) {
	o := open(t, faultfs.OS{}, "%Y%m%d")
	day := time.Date(2026, 1, 2, 23, 59, 59, 999_999_999, time.UTC)
	o.mustWrite(t, sinktest.Chunk(0, sinktest.Batch("x", nil).At(day).Log(1, "n", 1, "text", "").At(day.Add(1)).Log(2, "n", 2, "text", "").
		At(day).Log(3, "n", 3, "text", "").Build()))
	first, second := lines(t, filepath.Join(o.dir, "20260102")), lines(t, filepath.Join(o.dir, "20260103"))
	if len(first) != 2 || !has(first, 1) || !has(first, 3) || len(second) != 1 || !has(second, 2) {
		t.Errorf("first day %q, second %q", first, second)
	}
}
