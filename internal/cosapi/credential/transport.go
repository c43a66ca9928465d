package credential

import (
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// TrustedRoots is nil, which means the system's roots, without a bundle.
func TrustedRoots(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, errors.New("the CA bundle has no certificate in PEM form")
	}
	return roots, nil
}

// IsLocalhost reports whether host is localhost or below it. Such names are loopback by definition
// (RFC 6761), whatever a resolver says.
func IsLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// ProxyFor takes the proxy from the environment, but never for this machine.
func ProxyFor(req *http.Request) (*url.URL, error) {
	if IsLocalhost(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}
