package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"yamabiko/config"
)

// TestReference_EveryKeyHasItsLine holds the page of each source and sink to its Config struct, and that of the whole
// configuration to what loading fills in: a line of a table that names the key and, where there is one, its default.
func TestReference_EveryKeyHasItsLine(t *testing.T) {
	check := func(page, prefix string, conf any) {
		t.Run(page+" "+prefix, func(t *testing.T) {
			text := read(t, "../../docs/"+page)
			for key, value := range keys(prefix, reflect.ValueOf(conf).Elem()) {
				if !documented(text, key, value) {
					t.Errorf("no line of a table has `%s` and its default %q", key, value)
				}
			}
		})
	}
	for _, p := range plugins().Sources {
		check("sources/"+p.Type+".md", "", p.New())
	}
	for _, p := range plugins().Sinks {
		check("sinks/"+p.Type+".md", "", p.New())
	}
	f := mustLoad(t, complete("sinks:\n  out: {type: stdout}\n"))
	check("configuration.md", "", f)
	check("configuration.md", "buffer.", f.Sinks[0].Buffer)
	check("configuration.md", "retry.", f.Sinks[0].Retry)
}

// keys are the YAML keys of a configuration with their defaults as texts: "" for none.
func keys(prefix string, v reflect.Value) map[string]string {
	out := map[string]string{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		name = prefix + name
		switch value := v.Field(i).Interface().(type) {
		case config.TLS, config.Secret:
			out[name] = ""
		case config.Duration:
			out[name] = fmt.Sprintf("%ds", value.Std()/time.Second)
			if value.Std() < time.Second {
				out[name] = value.String()
			}
		default:
			if v.Field(i).Kind() == reflect.Struct {
				for inner, d := range keys(name+".", v.Field(i)) {
					out[inner] = d
				}
				continue
			}
			out[name] = defaultText(v.Field(i))
		}
	}
	return out
}

func defaultText(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return ""
	}
	return fmt.Sprint(v.Interface())
}

func documented(page, key, value string) bool {
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) == 5 && strings.Contains(cells[1], "`"+key+"`") && strings.Contains(cells[2], value) {
			return true
		}
	}
	return false
}
