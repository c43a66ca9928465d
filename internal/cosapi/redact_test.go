package cosapi

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// The canaries are random, so that finding them anywhere is no coincidence.
const (
	canarySecretKey = "mZ4kQ9xTr7Lw2Vb8Nc5Yh3Jd6Pf1Gs0A"
	canaryToken     = "tok-8fUe2KqX5vRzB1nM7jHwC4yLpD9sGaT6iOxV3mEb"
)

// canarySpellings are the twelve spellings in which a server may echo a secret. They are written
// here once more, apart from the code that cuts them out.
func canarySpellings(secret string) map[string]string {
	digits := hex.EncodeToString([]byte(secret))
	standard := base64.StdEncoding.EncodeToString([]byte(secret))
	quoted, _ := json.Marshal(secret)
	var numbers []string
	for i := range len(secret) {
		numbers = append(numbers, strconv.Itoa(int(secret[i])))
	}
	var wide strings.Builder
	for _, unit := range utf16.Encode([]rune(secret)) {
		wide.WriteByte(byte(unit))
		wide.WriteByte(byte(unit >> 8))
	}
	return map[string]string{
		"raw":           secret,
		"base64":        standard,
		"unpadded":      strings.TrimRight(standard, "="),
		"url-safe":      base64.URLEncoding.EncodeToString([]byte(secret)),
		"hex":           digits,
		"HEX":           strings.ToUpper(digits),
		"url-encoded":   url.QueryEscape(secret),
		"json":          string(quoted[1 : len(quoted)-1]),
		"decimal":       strings.Join(numbers, " "),
		"base64-twice":  base64.StdEncoding.EncodeToString([]byte(standard)),
		"utf-16":        wide.String(),
		"base64-of-hex": base64.StdEncoding.EncodeToString([]byte(digits)),
	}
}

// echoes are the places of an answer where a server's words get in.
var echoes = map[string]func(http.ResponseWriter, string){
	"message": func(rw http.ResponseWriter, text string) {
		rw.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(rw, "<Error><Code>AccessDenied</Code><Message>you sent "+
			xmlText(text)+"</Message><RequestId>r</RequestId></Error>")
	},
	"code-and-id": func(rw http.ResponseWriter, text string) {
		rw.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(rw, "<Error><Code>"+xmlText(text)+"</Code><Message/><Resource>"+
			xmlText(text)+"</Resource><RequestId>"+xmlText(text)+"</RequestId></Error>")
	},
	"error-in-200": func(rw http.ResponseWriter, text string) {
		_, _ = io.WriteString(rw, "<Error><Code>AccessDenied</Code><Message>"+xmlText(text)+
			"</Message></Error>")
	},
	"page": func(rw http.ResponseWriter, text string) {
		rw.Header().Del(headerRequestID)
		rw.Header().Set("Server", headerText(text))
		rw.Header().Set("Content-Type", "text/html "+headerText(text))
		rw.WriteHeader(http.StatusBadGateway)
	},
	"headers": func(rw http.ResponseWriter, text string) {
		for _, name := range []string{
			headerRequestID, "ETag", "Content-Type", "x-cos-meta-echo", headerVersionID, headerCRC64,
		} {
			rw.Header().Set(name, headerText(text))
		}
		rw.Header().Set("Last-Modified", "Fri, 10 Apr 2020 18:18:53 GMT")
		rw.Header().Set("Content-Length", "0")
	},
	"status-line": func(rw http.ResponseWriter, text string) {
		conn, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = buffered.WriteString("HTTP/1.1 " + headerText(text) + "\r\n\r\n")
		_ = buffered.Flush()
		_ = conn.Close()
	},
}

// headerText is text without what ends a header's value.
func headerText(text string) string {
	return strings.NewReplacer("\n", "", "\r", "", "\x00", "").Replace(text)
}

// xmlText is text as the content of an element, without what XML cannot carry.
func xmlText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "").Replace(text)
}

func TestServersThatEchoSecretsAreNotQuoted(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	secrets := map[string]string{
		"key": canaryKey, "key-on-the-wire": key.base64(),
		"secret-key": canarySecretKey, "token": canaryToken,
	}
	for what, secret := range secrets {
		for spelling, text := range canarySpellings(secret) {
			for where, echo := range echoes {
				t.Run(what+"/"+spelling+"/"+where, func(t *testing.T) {
					t.Parallel()
					assertNoEcho(t, headerText(text), func(rw http.ResponseWriter, _ *http.Request) {
						echo(rw, "<< "+text+" >>")
					})
				})
			}
		}
	}
}

func TestServersThatEchoTheSignatureAreNotQuoted(t *testing.T) {
	t.Parallel()
	for spelling := range canarySpellings("x") {
		for where, echo := range echoes {
			t.Run(spelling+"/"+where, func(t *testing.T) {
				t.Parallel()
				var sent string
				w := echoWire(t, func(rw http.ResponseWriter, req *http.Request) {
					sent = headerText(canarySpellings(req.Header.Get("Authorization"))[spelling])
					echo(rw, "<< "+sent+" >>")
				})
				key := mustKey(t, canaryKey)
				info, err := w.HeadOnly(t.Context(), testRef("k"), &key)
				_, listErr := w.Tags(t.Context(), testRef("k"))
				assertNowhere(t, sent, w, info, err, listErr)
			})
		}
	}
}

func echoWire(t *testing.T, handler http.HandlerFunc) *wire {
	t.Helper()
	return newWire(t, handler, func(c *Config) {
		c.MaxRetries = -1
		c.Credentials = credential.Static("id", canarySecretKey, canaryToken)
	})
}

// assertNoEcho makes requests with all secrets and fails if text occurs in anything they lead to.
func assertNoEcho(t *testing.T, text string, handler http.HandlerFunc) {
	t.Helper()
	w := echoWire(t, handler)
	key := mustKey(t, canaryKey)
	info, err := w.HeadOnly(t.Context(), testRef("k"), &key)
	_, got, getErr := w.Content(t.Context(), testRef("k"), &key, 100)
	_, tagErr := w.Tags(t.Context(), testRef("k"))
	_, copyErr := w.Copy(t.Context(), CopySource{Ref: testRef("s"), Key: &key}, testRef("k"),
		CopyOptions{WriteOptions: plainPut.WriteOptions})
	assertNowhere(t, text, w, info, got, err, getErr, tagErr, copyErr)
}

func assertNowhere(t *testing.T, text string, w *wire, values ...any) {
	t.Helper()
	for _, event := range w.events {
		values = append(values, event, event.Err)
	}
	for _, value := range values {
		chain := []any{value}
		if err, ok := value.(error); ok {
			for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
				chain = append(chain, cause)
			}
		}
		for _, one := range chain {
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				if printed := fmt.Sprintf(verb, one); strings.Contains(printed, text) ||
					strings.Contains(headerText(printed), text) {
					t.Errorf("%T with %s quotes a secret: %.300q", one, verb, printed)
				}
			}
		}
	}
}

func TestShortTextsAreNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(refusal(403, "AccessDenied")), func(c *Config) {
		c.Credentials = credential.Static("id", "why", "AccessDenied")
	})
	_, err := w.Tags(t.Context(), testRef("k"))
	if err == nil || !strings.Contains(err.Error(), "why AccessDenied") {
		t.Errorf("%v", err)
	}
}
