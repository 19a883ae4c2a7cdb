package elasticsearch

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

func newTransport(conf Config, lanes int) (*http.Transport, error) {
	tr := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: conf.ConnectTimeout.Std(), KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   conf.ConnectTimeout.Std(),
		MaxIdleConnsPerHost:   lanes + 1,
		IdleConnTimeout:       90 * time.Second,
		WriteBufferSize:       128 << 10,
		ReadBufferSize:        32 << 10,
		ExpectContinueTimeout: 500 * time.Millisecond,
		DisableCompression:    true, // replies are small, and inflating them costs more than the network does
	}
	if conf.Proxy != "" {
		u, err := url.Parse(conf.Proxy)
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		tr.Proxy = http.ProxyURL(u)
	}
	tlsConf, err := conf.TLS.Client()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	tr.TLSClientConfig = tlsConf
	return tr, nil
}

func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("is not a URL like http://127.0.0.1:9200")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%q does not begin with http:// or https:// and a host", u.Redacted())
	case u.User != nil:
		return nil, errors.New("holds a user or password: give them as user and password, by reference")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a query", u.Redacted())
	}
	for len(u.Path) > 0 && u.Path[len(u.Path)-1] == '/' { // the transport puts it before paths that begin with one
		u.Path = u.Path[:len(u.Path)-1]
	}
	return u, nil
}

func authHeader(conf Config) http.Header {
	h := http.Header{}
	switch {
	case conf.APIKey.Value() != "":
		h.Set("Authorization", "ApiKey "+conf.APIKey.Value())
	case conf.User != "":
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(conf.User+":"+conf.Password.Value())))
	}
	return h
}
