package testenv

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"
)

// Proxy is an HTTPS front of an HTTP server, with a certificate from an authority made for the test. It answers 401 to
// requests without the credentials that it was told to require, and lets all pass until then.
type Proxy struct {
	URL      string // https://127.0.0.1:port
	CAFile   string // PEM, the authority of its certificate
	CertFile string // PEM, a client certificate of the same authority, for RequireClientCert
	KeyFile  string // its key

	mu         sync.Mutex
	auth       func(*http.Request) bool
	clientCert bool
}

// TLSProxy starts a proxy to the server at target ("http://127.0.0.1:9200"); it ends with the test.
func TLSProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	certs := NewCerts(t)
	p := &Proxy{CAFile: certs.CA, CertFile: certs.ClientCert, KeyFile: certs.ClientKey}
	pair, err := tls.LoadX509KeyPair(certs.ServerCert, certs.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(certs.CA)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authority)

	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	front := httptest.NewUnstartedServer(p.guard(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
	}))
	front.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.VerifyClientCertIfGiven,
		ClientCAs:    clients,
	}
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that refuses the certificate is what some tests want
	front.StartTLS()
	t.Cleanup(front.Close)
	p.URL = front.URL
	return p
}

// RequireBasic lets only this user pass, in place of what was required before.
func (p *Proxy) RequireBasic(user, pass string) {
	p.require(func(r *http.Request) bool {
		u, pw, ok := r.BasicAuth()
		return ok && u == user && pw == pass
	})
}

// RequireAPIKey lets only this key pass ("Authorization: ApiKey key"), in place of what was required before.
func (p *Proxy) RequireAPIKey(key string) {
	p.require(func(r *http.Request) bool { return r.Header.Get("Authorization") == "ApiKey "+key })
}

// RequireClientCert wants a certificate of the proxy's authority (CertFile) besides.
func (p *Proxy) RequireClientCert() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clientCert = true
}

func (p *Proxy) require(auth func(*http.Request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.auth = auth
}

func (p *Proxy) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		refused := p.auth != nil && !p.auth(r) || p.clientCert && len(r.TLS.PeerCertificates) == 0
		p.mu.Unlock()
		if !refused {
			r.Header.Del("Authorization") // the server behind has no security
			next.ServeHTTP(w, r)
			return
		}
		// The answer of an Elasticsearch with security, product header included: clients look for it even here.
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.Header().Set("WWW-Authenticate", `Basic realm="security", charset="UTF-8"`)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":{"type":"security_exception","reason":"missing or wrong credentials"},"status":401}`))
	})
}
