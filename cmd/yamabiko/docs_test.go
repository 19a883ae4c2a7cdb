package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"yamabiko/config"
	"yamabiko/internal/testenv"
)

// TestDocs_EveryConfigurationLoads loads each YAML block of README.md and docs/ as a stranger would who copies it.
func TestDocs_EveryConfigurationLoads(t *testing.T) {
	blocks := map[string]string{}
	for _, page := range pages(t) {
		text := read(t, page)
		for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatchIndex(text, -1) {
			line := 1 + strings.Count(text[:m[2]], "\n")
			blocks[filepath.Base(page)+":"+strconv.Itoa(line)] = text[m[2]:m[3]]
		}
	}
	if len(blocks) < 10 {
		t.Errorf("%d blocks found: %v", len(blocks), slices.Sorted(maps.Keys(blocks)))
	}
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) { mustLoad(t, complete(block)) })
	}
}

// TestDocs_ReadmeHasFiveWholeConfigurations holds the README to its promise.
func TestDocs_ReadmeHasFiveWholeConfigurations(t *testing.T) {
	if n := strings.Count(read(t, "../../README.md"), "```yaml\nversion: 1\n"); n != 5 {
		t.Errorf("%d configurations begin with `version: 1`, want 5", n)
	}
}

// TestCompose_ConfigurationLoads loads what docker-compose.yml mounts.
func TestCompose_ConfigurationLoads(t *testing.T) {
	text := read(t, "../../docker-compose.yml")
	_, inline, found := strings.Cut(text, "\n  yamabiko.yaml:\n    content: |\n")
	if !found {
		t.Fatal("no configs.yamabiko.yaml.content")
	}
	var b strings.Builder
	for line := range strings.Lines(inline) {
		inner, indented := strings.CutPrefix(line, "      ")
		if !indented {
			break
		}
		b.WriteString(inner)
	}
	if strings.Contains(b.String(), "$") {
		t.Error("compose would put variables in place of $")
	}
	f := mustLoad(t, b.String())
	if f.Admin.Listen != "0.0.0.0:2020" {
		t.Errorf("admin listens on %s: the published port would lead nowhere", f.Admin.Listen)
	}
}

func pages(t *testing.T) []string {
	all := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// complete makes a whole configuration of one that shows a source, a sink or routes alone.
func complete(block string) string {
	if strings.HasPrefix(block, "version:") {
		return block
	}
	has := func(key string) bool {
		return strings.HasPrefix(block, key+":") || strings.Contains(block, "\n"+key+":")
	}
	out := "version: 1\n" + block
	if !has("sources") {
		out += "\nsources: {made: {type: generate}}"
	}
	sinks := []string{"out"}
	if has("sinks") {
		_, after, _ := strings.Cut(block, "sinks:\n")
		sinks = nil
		for _, m := range regexp.MustCompile(`(?m)^  (\w+):`).FindAllStringSubmatch(after, -1) {
			sinks = append(sinks, m[1])
		}
	} else {
		out += "\nsinks: {out: {type: stdout}}"
	}
	if !has("routes") {
		out += "\nroutes: [{match: \"**\", to: [" + strings.Join(sinks, ", ") + "]}]"
	}
	return out
}

// mustLoad loads a configuration from a folder with the files, and an environment with the variables, that it refers to.
func mustLoad(t *testing.T, text string) *config.File {
	t.Helper()
	dir := t.TempDir()
	certs := testenv.NewCerts(t)
	for name, from := range map[string]string{"ca.pem": certs.CA, "cert.pem": certs.ClientCert, "key.pem": certs.ClientKey} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\{env: (\w+)\}`).FindAllStringSubmatch(text, -1) {
		t.Setenv(m[1], "secret")
	}
	path := filepath.Join(dir, "yamabiko.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(path, plugins().Config())
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return f
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
