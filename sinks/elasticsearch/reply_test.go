package elasticsearch

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"yamabiko/config"
)

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		result result
		want   verdict
	}{
		{result{Status: 200}, accepted}, {result{Status: 201}, accepted},
		{result{Status: 404}, accepted}, // a delete that found nothing
		{result{Status: 404, Error: &cause{Type: indexMissing}}, postponed},
		{result{Status: 409, Error: &cause{Type: "version_conflict_engine_exception"}}, refused},
		{result{Status: 400, Error: &cause{Type: "document_parsing_exception"}}, rejected},
		{result{Status: 400, Error: &cause{Type: "mapper_parsing_exception"}}, rejected},
		{result{Status: 400, Error: &cause{Type: "illegal_argument_exception"}}, rejected},
		{result{Status: 400}, rejected},
		{result{Status: 400, Error: &cause{Type: "index_closed_exception"}}, postponed},
		{result{Status: 400, Error: &cause{Type: "illegal_argument_exception", Reason: "no write index is defined for alias [x]."}}, postponed},
		{result{Status: 400, Error: &cause{Type: "illegal_argument_exception", Reason: "only write ops with an op_type of create are allowed in data streams"}}, postponed},
		{result{Status: 401}, postponed}, {result{Status: 403, Error: &cause{Type: "cluster_block_exception"}}, postponed},
		{result{Status: 403, Error: &cause{Type: "security_exception"}}, postponed},
		{result{Status: 413}, rejected}, {result{Status: 429}, postponed}, {result{Status: 500}, postponed}, {result{Status: 503}, postponed},
	} {
		if got := c.result.verdict(); got != c.want {
			t.Errorf("%d %v is %d, want %d", c.result.Status, c.result.Error, got, c.want)
		}
	}
}

func TestStoredVersion(t *testing.T) {
	for reason, want := range map[string]uint64{
		"[1]: version conflict, current version [20] is higher than the one provided [10]":                                 20,
		"[1]: version conflict, current version [20] is higher or equal to the one provided [20]":                          20,
		"[a [b]]: version conflict, current version [9223372036854775807] is higher than the one provided [1]":             9223372036854775807,
		"[1]: version conflict, document already exists (current version [5])":                                             0,
		"[1]: version conflict, required seqNo [1], primary term [1]. current document has seqNo [2] and primary term [1]": 0,
		"": 0,
	} {
		if got, ok := storedVersion(&cause{Reason: reason}); got != want || ok != (want > 0) {
			t.Errorf("%q holds %d, %v; want %d", reason, got, ok, want)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte(`{"errors":true,"items":[{"index":{"status":409,"error":{"type":"t","reason":"r"}}},{"delete":{"status":404}}]}`))
	f.Add([]byte(`{"errors":false,"items":[]}`))
	f.Add([]byte(`{"errors":true,"items":[{},null]}`))
	f.Fuzz(func(t *testing.T, reply []byte) {
		heard := 0
		err := readReply(reply, 3, 5, func(i int, r *result) {
			if i != 3+heard {
				t.Errorf("answer %d comes at %d", i, 3+heard)
			}
			heard++
			r.verdict()
			storedVersion(r.Error)
			actionError("x", r)
		})
		if err == nil && heard != 0 && heard != 2 {
			t.Errorf("%d answers for 2 actions and no error", heard)
		}
	})
}

// The YAML of the reference page must be what the configuration takes.
func TestConfigFromYAML(t *testing.T) {
	t.Setenv("ES_PW", "secret")
	path := filepath.Join(t.TempDir(), "c.yaml")
	text := `version: 1
sources: {shop: {type: generate}}
routes: [{match: "**", to: rows}]
sinks:
  rows:
    type: elasticsearch
    urls: ["https://es1:9200", "https://es2:9200"]
    index: "{schema}.{table}"
    user: writer
    password: {env: ES_PW}
    tls: {verify: none}
    gzip: true
    workers: 4
    timeout: 30s
    json: {orders.doc: flattened}
    settings: {number_of_replicas: "0"}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := config.Load(path, config.Registry{
		Sources: map[string]func() any{"generate": func() any { return &struct{}{} }},
		Sinks:   map[string]func() any{"elasticsearch": Plugin().New},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := file.Sinks[0].Conf.(*Config)
	if c.Password.Value() != "secret" || !c.Gzip || c.Workers != 4 || c.Timeout.Std() != 30*time.Second || c.JSON["orders.doc"] != jsonFlattened ||
		c.Settings["number_of_replicas"] != "0" || c.TLS.Verify != "none" || c.ConnectTimeout != Defaults().ConnectTimeout {
		t.Errorf("decoded %+v", c)
	}
}
