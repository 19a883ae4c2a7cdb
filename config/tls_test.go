package config_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"yamabiko/config"
)

// TestTLSClient talks to a real TLS server, whose certificate is for example.com and 127.0.0.1, in each mode of verification.
func TestTLSClient(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what is tested
	srv.StartTLS()
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		tls  config.TLS
		want string // in the error
	}{
		{"full", config.TLS{CA: ca}, ""},
		{"full, right name", config.TLS{CA: ca, Verify: "full", Name: "example.com"}, ""},
		{"full, wrong name", config.TLS{CA: ca, Verify: "full", Name: "db1"}, "not db1"},
		{"full, unknown authority", config.TLS{Verify: "full"}, "unknown authority"},
		{"ca, wrong name", config.TLS{CA: ca, Verify: "ca", Name: "db1"}, ""},
		{"ca, unknown authority", config.TLS{Verify: "ca"}, "unknown authority"},
		{"none", config.TLS{Verify: "none", Name: "db1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf, err := c.tls.Client()
			if err != nil {
				t.Fatal(err)
			}
			if conf.MinVersion < tls.VersionTLS12 {
				t.Errorf("speaks %x", conf.MinVersion)
			}
			client := http.Client{Transport: &http.Transport{TLSClientConfig: conf}}
			defer client.CloseIdleConnections()
			resp, err := client.Get(srv.URL)
			if err == nil {
				resp.Body.Close()
			}
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestTLSZeroIsNone(t *testing.T) {
	if c, err := (config.TLS{}).Client(); c != nil || err != nil {
		t.Errorf("got %v, %v", c, err)
	}
	for text, want := range map[string]string{"true": "full", "{}": "full", "{verify: none}": "none", "false": ""} {
		f := load(t, strings.Replace(minimal, "{type: sample}", "{type: mysql, address: a, tls: "+text+"}", 1))
		if got := f.Sources[0].Conf.(*reader).TLS.Verify; got != want {
			t.Errorf("tls: %s verifies %q, want %q", text, got, want)
		}
	}
}
