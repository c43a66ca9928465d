package cosemu

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// vector is a signed request whose every step is documented.
type vector struct {
	method, target, host string
	header               map[string]string
	id, key, keyTime     string
	headers, parameters  string
	digest, signature    string
	token                string
}

const officialHost = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"

// vectors are the two of document 7778 and one with SSE-C, a version and a token, which two
// official SDKs reproduce.
var vectors = map[string]vector{
	"7778-put": {
		method: "PUT", target: "/exampleobject(%E8%85%BE%E8%AE%AF%E4%BA%91)", host: officialHost,
		header: map[string]string{
			"Date": "Thu, 16 May 2019 06:45:51 GMT", "Content-Type": "text/plain",
			"Content-Length": "13", "Content-MD5": "mQ/fVh815F3k6TAUm8m0eg==",
			"x-cos-acl": "private", "x-cos-grant-read": `uin="100000000011"`,
		},
		id: "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q", key: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
		keyTime:   "1557989151;1557996351",
		headers:   "content-length;content-md5;content-type;date;host;x-cos-acl;x-cos-grant-read",
		digest:    "8b2751e77f43a0995d6e9eb9477f4b685cca4172",
		signature: "3b8851a11a569213c17ba8fa7dcf2abec6935172",
	},
	"7778-get": {
		method: "GET", host: officialHost,
		target: "/exampleobject(%E8%85%BE%E8%AE%AF%E4%BA%91)?" +
			"response-content-type=application%2Foctet-stream&response-cache-control=max-age%3D600",
		header: map[string]string{"Date": "Thu, 16 May 2019 06:55:53 GMT"},
		id:     "AKIDQjz3ltompVjBni5LitkWHFlFpwkn9U5q", key: "BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz",
		keyTime: "1557989753;1557996953", headers: "date;host",
		parameters: "response-cache-control;response-content-type",
		digest:     "54ecfe22f59d3514fdc764b87a32d8133ea611e6",
		signature:  "01681b8c9d798a678e43b685a9f1bba0f6c0e012",
	},
	"sse-c-head-with-version-and-token": {
		method: "HEAD", host: "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com",
		target: "/dir/a%20b%2Bc%281%29.txt?versionId=MTg0NDUxNTc1MzA5NzU4ODg1Mjg",
		header: map[string]string{
			"x-cos-security-token":       "ExampleToken123",
			customerPrefix + "algorithm": "AES256",
			customerPrefix + "key":       "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY=",
			customerPrefix + "key-MD5":   "U5L61r7jcwdNvT7frmUG8g==",
		},
		id: "AKIDEXAMPLE0000000000000000000000000", key: "ExampleSecretKey0123456789ABCDEF",
		token: "ExampleToken123", keyTime: "1700000000;1700003600",
		headers: "host;x-cos-security-token;x-cos-server-side-encryption-customer-algorithm;" +
			"x-cos-server-side-encryption-customer-key;" +
			"x-cos-server-side-encryption-customer-key-md5",
		parameters: "versionid",
		digest:     "6a0c236d66e36d1b91da40f55c9a70782632554b",
		signature:  "ea45457a5febdb8f0ca9cb2f51476fb8b460d73e",
	},
}

func (v vector) request() *http.Request {
	r := httptest.NewRequest(v.method, v.target, nil)
	r.Host = v.host
	for name, value := range v.header {
		r.Header.Set(name, value)
	}
	return r
}

func (v vector) fields() url.Values {
	return url.Values{
		"q-sign-algorithm": {"sha1"}, "q-ak": {v.id}, "q-sign-time": {v.keyTime},
		"q-key-time": {v.keyTime}, "q-header-list": {v.headers},
		"q-url-param-list": {v.parameters}, "q-signature": {v.signature},
	}
}

func (v vector) authorization() string {
	var fields []string
	for name, values := range v.fields() {
		fields = append(fields, name+"="+values[0])
	}
	return strings.Join(fields, "&")
}

func (v vector) server(t *testing.T) *Server {
	from, _, _ := parseWindow(v.keyTime)
	return newServer(t, func(c *Config) {
		c.Credentials = []Credential{{
			SecretID: v.id, SecretKey: v.key, SecurityToken: v.token,
		}}
		c.Now = func() time.Time { return from.Add(time.Minute) }
	})
}

// newServer is a server that demands signatures.
func newServer(t *testing.T, configure func(*Config)) *Server {
	t.Helper()
	server := newRig(t, func(c *Config) {
		c.Now = time.Now
		configure(c)
	}).Server
	server.trusting = false
	return server
}

func plain(*Config) {}

// get is an unsigned request to the plain bucket.
func get(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = plainHost
	return r
}

// verify runs the emulator's check on a request as it is.
func verify(s *Server, r *http.Request) string {
	auth, signed := authorizationOf(r)
	if !signed {
		return "unsigned"
	}
	if err := s.verifySignature(r, auth, s.config.Now()); err != nil {
		return err.code
	}
	return ""
}

func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := v.request()
			r.Header.Set("Authorization", v.authorization())
			auth, _ := authorizationOf(r)
			text := httpString(r, auth, v.host)
			if sum := sha1.Sum([]byte(text)); hex.EncodeToString(sum[:]) != v.digest {
				t.Errorf("SHA1 of the HttpString = %x, want %s\n%s", sum, v.digest, text)
			}
			if got := auth.compute(v.key, text); got != v.signature {
				t.Errorf("signature = %s, want %s", got, v.signature)
			}
			if code := verify(v.server(t), r); code != "" {
				t.Errorf("the vector is refused: %s", code)
			}
		})
	}
}

func TestSignatureMayStandInTheQuery(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for form, query := range map[string]string{
				"presigned":            v.fields().Encode(),
				"presigned-semicolons": strings.ReplaceAll(v.fields().Encode(), "%3B", ";"),
				"merged":               url.Values{"sign": {v.authorization()}}.Encode(),
			} {
				r := v.request()
				r.URL.RawQuery += "&" + query
				if code := verify(v.server(t), r); code != "" {
					t.Errorf("%s: refused: %s", form, code)
				}
			}
		})
	}
}

func TestTokenMayStandInTheQuery(t *testing.T) {
	t.Parallel()
	v := vectors["sse-c-head-with-version-and-token"]
	r := v.request()
	r.URL.RawQuery += "&" + v.fields().Encode() + "&x-cos-security-token=ExampleToken123"
	r.Header.Del("x-cos-security-token")
	// The vector signs the token's header, so only the token itself can pass here.
	if code := verify(v.server(t), r); code != "SignatureDoesNotMatch" {
		t.Errorf("code = %q, want the token accepted and the signature refused", code)
	}
}

func TestHostIsSignedWithOrWithoutPort(t *testing.T) {
	t.Parallel()
	for name, bare := range map[string]bool{"with-port": false, "without-port": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := documentedSigner()
			s.bareHost = bare
			r := get("/?prefix=a")
			r.Host += ":9443"
			s.sign(r)
			if code := verify(newServer(t, plain), r); code != "" {
				t.Errorf("refused: %s", code)
			}
		})
	}
}

func TestWhatIsNotListedIsNotSigned(t *testing.T) {
	t.Parallel()
	r := get("/?prefix=a")
	documentedSigner().sign(r)
	r.Header.Set("x-cos-extra", "added by a proxy")
	r.URL.RawQuery += "&max-keys=3"
	if code := verify(newServer(t, plain), r); code != "" {
		t.Errorf("refused: %s", code)
	}
}

func TestSignaturesAreRefused(t *testing.T) {
	t.Parallel()
	temporary := Credential{SecretID: "AKIDtemporary", SecretKey: "secret", SecurityToken: "tok"}
	expired := Credential{
		SecretID: "AKIDexpired", SecretKey: "secret", SecurityToken: "tok", Expired: true,
	}
	token := func(id, token string) func(*signer) {
		return func(s *signer) { s.id, s.key, s.token = id, "secret", token }
	}
	tests := map[string]struct {
		signer func(*signer)
		after  func(*http.Request)
		status int
		code   string
	}{
		"good":     {nil, nil, 200, ""},
		"unsigned": {nil, onHeader("Authorization", ""), 403, "AccessDenied"},

		"no-signature":    {nil, cutFrom("&q-signature"), 400, "InvalidArgument"},
		"other-algorithm": {nil, replaceInAuth("=sha1&", "=md5&"), 400, "InvalidArgument"},
		"no-window":       {nil, replaceInAuth("sign-time=", "sign-time=x"), 400, "InvalidArgument"},

		"unknown-id":   {func(s *signer) { s.id = "AKIDunknown" }, nil, 403, "InvalidAccessKeyId"},
		"wrong-key":    {func(s *signer) { s.key = "wrong" }, nil, 403, "SignatureDoesNotMatch"},
		"other-path":   {nil, toURL("/other", ""), 403, "SignatureDoesNotMatch"},
		"other-query":  {nil, toURL("/", "prefix=b"), 403, "SignatureDoesNotMatch"},
		"other-header": {nil, onHeader("x-cos-signed", "b"), 403, "SignatureDoesNotMatch"},
		"other-host": {
			nil, func(r *http.Request) { r.Host = versionedHost }, 403, "SignatureDoesNotMatch",
		},

		"window-over":   {shifted(-2 * time.Hour), nil, 403, "AccessDenied"},
		"clock-ahead":   {shifted(16 * time.Minute), nil, 403, "RequestTimeTooSkewed"},
		"a-bit-ahead":   {shifted(14 * time.Minute), nil, 200, ""},
		"date-differs":  {nil, setDate(-16 * time.Minute), 403, "RequestTimeTooSkewed"},
		"date-is-close": {nil, setDate(-14 * time.Minute), 200, ""},

		"token":         {token(temporary.SecretID, "tok"), nil, 200, ""},
		"no-token":      {token(temporary.SecretID, ""), nil, 403, "InvalidAccessKeyId"},
		"wrong-token":   {token(temporary.SecretID, "other"), nil, 403, "InvalidAccessKeyId"},
		"foreign-token": {func(s *signer) { s.token = "tok" }, nil, 403, "InvalidAccessKeyId"},
		"expired-token": {token(expired.SecretID, "tok"), nil, 400, "ExpiredToken"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, func(c *Config) {
				c.Credentials = []Credential{DocumentedCredential(), temporary, expired}
			})
			r := get("/?prefix=a")
			r.Header.Set("x-cos-signed", "a")
			s := documentedSigner()
			if test.signer != nil {
				test.signer(&s)
			}
			s.sign(r)
			if test.after != nil {
				test.after(r)
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code != test.status || server.Journal()[0].Code != test.code {
				t.Errorf("got %d %s, want %d %q", w.Code, w.Body, test.status, test.code)
			}
		})
	}
}

func onHeader(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func toURL(path, query string) func(*http.Request) {
	return func(r *http.Request) { r.URL.Path, r.URL.RawQuery = path, query }
}

// shifted is a client whose clock is off.
func shifted(by time.Duration) func(*signer) {
	return func(s *signer) { s.start = s.start.Add(by) }
}

func cutFrom(text string) func(*http.Request) {
	return func(r *http.Request) {
		before, _, _ := strings.Cut(r.Header.Get("Authorization"), text)
		r.Header.Set("Authorization", before)
	}
}

func replaceInAuth(from, to string) func(*http.Request) {
	return func(r *http.Request) {
		value := r.Header.Get("Authorization")
		r.Header.Set("Authorization", strings.Replace(value, from, to, 1))
	}
}

// setDate adds an unsigned Date header that is off.
func setDate(off time.Duration) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
	}
}

func TestRepeatedParametersAreSignedTogether(t *testing.T) {
	t.Parallel()
	r := get("/?prefix=b&prefix=a")
	documentedSigner().sign(r)
	if code := verify(newServer(t, plain), r); code != "" {
		t.Errorf("refused: %s", code)
	}
}
