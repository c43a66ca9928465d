package cosemu

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
)

// guard refuses requests that a page in a browser makes: one of another origin, or one whose host
// was pointed here by its owner. Where other machines may connect, it asks for a credential.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case foreignOrigin(r):
			http.Error(w, "requests of other origins are refused", http.StatusForbidden)
		case !s.config.AllowRemote && !isLoopback(hostOnly(r.Host)):
			http.Error(w, "the host is not of this machine", http.StatusForbidden)
		case s.config.AllowRemote && !s.knowsAdministrator(r):
			w.Header().Set("WWW-Authenticate", `Basic realm="cosemu"`)
			http.Error(w, "a secret id and key are needed", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// foreignOrigin reports a request that a browser sends for a page of somebody else.
func foreignOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	parsed, err := url.Parse(origin)
	return err != nil || parsed.Host != r.Host
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// isLoopback reports a host that is this machine whatever a resolver says.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// knowsAdministrator reports a request with one of the configured pairs.
func (s *Server) knowsAdministrator(r *http.Request) bool {
	id, key, _ := r.BasicAuth()
	for _, credential := range s.config.Credentials {
		if id == credential.SecretID &&
			subtle.ConstantTimeCompare([]byte(key), []byte(credential.SecretKey)) == 1 {
			return true
		}
	}
	return false
}
