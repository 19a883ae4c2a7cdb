package logging_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"yamabiko/config"
	"yamabiko/internal/logging"
)

// TestLevelOfAComponent: a component's own level, its family's, or that of all.
func TestLevelOfAComponent(t *testing.T) {
	var out bytes.Buffer
	logs, err := logging.New(config.Log{Level: "warn", Format: "text", Levels: map[string]string{
		"sources": "error", "sources/mysql": "debug",
	}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sources/mysql":      "debug info warn error",
		"sources/mysql/shop": "debug info warn error",
		"sources/mysqlx":     "error",
		"sources/tail":       "error",
		"sourcesx":           "warn error",
		"router":             "warn error",
	} {
		out.Reset()
		log := logs.Component(name).With("source", "shop").WithGroup("g")
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn")
		log.Error("error")
		var got []string
		for line := range strings.Lines(out.String()) {
			if !strings.Contains(line, "component="+name+" source=shop") {
				t.Errorf("line does not name component and source: %s", line)
			}
			_, msg, _ := strings.Cut(line, "msg=")
			got = append(got, strings.Fields(msg)[0])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s logs %v, want %s", name, got, want)
		}
	}
}

func TestJSONHidesSecrets(t *testing.T) {
	var out bytes.Buffer
	logs, err := logging.New(config.Log{Level: "info", Format: "json"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	conf := struct{ User, Password any }{"u", config.NewSecret("hunter2")}
	logs.Component("x").Info("connecting", "conf", conf, "password", config.NewSecret("hunter2"))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["component"] != "x" || line["msg"] != "connecting" || strings.Contains(out.String(), "hunter2") {
		t.Errorf("logged %s", out.String())
	}
}

func TestUnknownWords(t *testing.T) {
	for _, c := range []config.Log{
		{Level: "loud", Format: "text"},
		{Level: "info", Format: "xml"},
		{Level: "info", Format: "text", Levels: map[string]string{"a": "loud"}},
	} {
		if _, err := logging.New(c, &bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "log.") {
			t.Errorf("%v: %v", c, err)
		}
	}
}
