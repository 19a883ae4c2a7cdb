package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
)

// TLS says how to speak TLS with a server. The zero value means: none. In YAML `tls: true` is short for the defaults:
// the system's authorities, everything verified. Relative paths are relative to the file in which they are written.
type TLS struct {
	CA     string `yaml:"ca,path"`                  // PEM file with the authorities to trust; empty: the system's
	Cert   string `yaml:"cert,path"`                // PEM file with our certificate
	Key    string `yaml:"key,path"`                 // PEM file with its key
	Verify string `yaml:"verify,enum=full|ca|none"` // full (default), ca (not the host name) or none
	Name   string `yaml:"name"`                     // server name to expect, instead of the address's
}

// UnmarshalNode reads a mapping, or true or false.
func (t *TLS) UnmarshalNode(n Node) error {
	type plain TLS
	if _, ok := n.Scalar(); ok {
		var on bool
		if err := n.Decode(&on); err != nil {
			return err
		}
		*t = TLS{}
		if on {
			t.Verify = "full"
		}
		return nil
	}
	if err := n.Decode((*plain)(t)); err != nil {
		return err
	}
	if t.Verify == "" {
		t.Verify = "full"
	}
	return nil
}

// Check reads the files, so that a missing one is an error of the configuration.
func (t TLS) Check() error {
	_, err := t.Client()
	return err
}

// Client returns the client's side, at least TLS 1.2, or nil for the zero TLS. ServerName is empty unless t.Name is
// given: the caller sets it to the host it dials where its library does not. The error is made of Field errors.
func (t TLS) Client() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	roots, errCA := t.roots()
	certs, errCert := t.certificates()
	if err := errors.Join(errCA, errCert); err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: certs, ServerName: t.Name}
	switch t.Verify {
	case "", "full":
	case "none":
		c.InsecureSkipVerify = true
	case "ca":
		// The standard library verifies chain and name together or neither: so neither, and the chain by hand.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(cs tls.ConnectionState) error { return verifyChain(cs, roots) }
	default:
		return nil, Field("verify", "%s is not one of full, ca, none", quote(t.Verify))
	}
	return c, nil
}

func verifyChain(cs tls.ConnectionState, roots *x509.CertPool) error {
	if len(cs.PeerCertificates) == 0 {
		return errors.New("tls: the server sent no certificate")
	}
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range cs.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := cs.PeerCertificates[0].Verify(opts)
	return err
}

// roots returns nil, the system's authorities, where no file is given.
func (t TLS) roots() (*x509.CertPool, error) {
	if t.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, Field("ca", "%w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, Field("ca", "%s holds no certificate in PEM form", t.CA)
	}
	return pool, nil
}

func (t TLS) certificates() ([]tls.Certificate, error) {
	switch {
	case t.Cert == "" && t.Key == "":
		return nil, nil
	case t.Key == "":
		return nil, Field("cert", "needs key, the file with its private key")
	case t.Cert == "":
		return nil, Field("key", "needs cert, the file with its certificate")
	}
	c, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, Field("cert", "%w", err)
	}
	return []tls.Certificate{c}, nil
}
