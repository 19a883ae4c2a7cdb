package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"yamabiko/config"
)

// TestSecretIsNeverPrinted tries each way in which a value gets into a log by accident.
func TestSecretIsNeverPrinted(t *testing.T) {
	type conf struct {
		Password config.Secret
		hidden   config.Secret
		m        map[string]config.Secret
	}
	s := config.NewSecret("hunter2")
	c := conf{s, s, map[string]config.Secret{"a": s}}
	var out bytes.Buffer
	for _, v := range []any{s, &s, c, &c, []conf{c}, map[string]conf{"x": c}, fmt.Errorf("wrapped: %v", s)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	for _, form := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%v", []byte("hunter2"))} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%s was printed in:\n%s", form, out.String())
		}
	}
	if s.Value() != "hunter2" || s.IsZero() || !(config.Secret{}).IsZero() || (config.Secret{}).Value() != "" {
		t.Error("the secret itself is lost")
	}
}

func TestSizesAndDurations(t *testing.T) {
	for text, want := range map[string]config.Size{
		"0": 0, "00": 0, "1B": 1, "10kB": 10_000, "3MB": 3_000_000, "2GB": 2e9, "1TB": 1e12,
		"1KiB": 1 << 10, "64MiB": 64 << 20, "1GiB": 1 << 30, "1TiB": 1 << 40, "64 MiB": 64 << 20, "9223372036854775807B": 1<<63 - 1,
	} {
		var s config.Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s: %d, %v; want %d", text, s, err, want)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%s is written %s, which is %d, %v", text, s, again, err)
		}
	}
	for _, text := range []string{"", "1", "-1MiB", "MiB", "1mib", "1K", "9223372036854775808B", "9007199254740993TiB", "1e3", "0x10", "٣MiB"} {
		var s config.Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for %d", text, s)
		}
	}
	for _, text := range []string{"", "5", "1.5", "-5s", "5 s", "1d", "inf"} {
		var d config.Duration
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for %s", text, d)
		}
	}
}
