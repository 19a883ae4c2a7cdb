package testenv

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// say sends a byte and waits for it to come back, for as long as limit.
func say(t *testing.T, conn net.Conn, limit time.Duration) error {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte{'a'}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestCutProxy_CutsRefusesAndGoesSilent(t *testing.T) {
	c := CutProxy(t, echo(t))
	a := dial(t, c.Addr)
	if err := say(t, a, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Cut()
	if err := say(t, a, time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after Cut: %v, want a broken connection", err)
	}

	b := dial(t, c.Addr)
	if err := say(t, b, time.Minute); err != nil {
		t.Errorf("a new connection after Cut: %v", err)
	}
	c.Refuse(true)
	if _, err := net.Dial("tcp", c.Addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after Refuse: %v, want a refusal", err)
	}
	if err := say(t, b, time.Minute); err != nil {
		t.Errorf("a connection that stood before Refuse: %v", err)
	}
	c.Refuse(false)
	dial(t, c.Addr)

	c.Blackhole(true)
	if err := say(t, b, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("in a black hole: %v, want silence", err)
	}
	c.Blackhole(false)
	if err := b.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(b, make([]byte, 1)); err != nil {
		t.Errorf("the byte held back: %v", err)
	}
}

func TestTLSProxy_WantsCredentials(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	t.Cleanup(back.Close)
	p := TLSProxy(t, back.URL)
	pem, err := os.ReadFile(p.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	get := func(certs []tls.Certificate, header ...string) int {
		t.Helper()
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certs}}
		defer tr.CloseIdleConnections()
		req, err := http.NewRequest("GET", p.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range header {
			req.Header.Set("Authorization", h)
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	const pass, refused = http.StatusTeapot, http.StatusUnauthorized
	check := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: status %d, want %d", what, got, want)
		}
	}
	check("open", get(nil), pass)
	p.RequireBasic("u", "pw")
	check("no user", get(nil), refused)
	check("the user", get(nil, "Basic dTpwdw=="), pass)
	p.RequireAPIKey("a2V5")
	check("a user where a key is wanted", get(nil, "Basic dTpwdw=="), refused)
	check("the key", get(nil, "ApiKey a2V5"), pass)
	p.RequireClientCert()
	check("no client certificate", get(nil, "ApiKey a2V5"), refused)
	check("a client certificate", get([]tls.Certificate{pair}, "ApiKey a2V5"), pass)
	if _, err := http.Get(p.URL); err == nil {
		t.Error("a client without the authority accepts the certificate")
	}
}
