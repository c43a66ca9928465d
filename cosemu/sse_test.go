package cosemu

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// encryption is a way to ask for encryption and how answers show it.
type encryption struct {
	mode  sseMode
	ask   []string // headers of a write
	open  []string // headers of a read
	from  []string // headers that open it as a copy's source
	shown map[string]string
}

var notShown = map[string]string{
	headerSSE: "-", headerKMSKey: "-", headerKMSContext: "-",
	headerCustomerAlgo: "-", headerCustomerMD5: "-", customerPrefix + "key": "-",
}

func shows(pairs ...string) map[string]string {
	headers := map[string]string{}
	for name := range notShown {
		headers[name] = "-"
	}
	for i := 0; i < len(pairs); i += 2 {
		headers[pairs[i]] = pairs[i+1]
	}
	return headers
}

// encryptions are all that a write can ask for.
var encryptions = map[string]encryption{
	"none": {mode: modeNone, shown: shows()},
	"sse-cos": {
		mode: modeCOS, ask: []string{headerSSE + ": AES256"}, shown: shows(headerSSE, "AES256"),
	},
	"sse-cos-sm4": {
		mode: modeCOS, ask: []string{headerSSE + ": SM4"}, shown: shows(headerSSE, "SM4"),
	},
	"sse-kms": {
		mode: modeKMS, ask: []string{headerSSE + ": cos/kms"},
		shown: shows(headerSSE, "cos/kms", headerKMSKey, DefaultKMSKey),
	},
	"sse-kms-key-context": {
		mode: modeKMS,
		ask: []string{
			headerSSE + ": cos/kms", headerKMSKey + ": " + secondKMSKey,
			headerKMSContext + ": eyJhIjoiYXNkZmEiLCJiIjoiMTIzMzIxIn0=",
		},
		shown: shows(headerSSE, "cos/kms", headerKMSKey, secondKMSKey),
	},
	"sse-c": {
		mode: modeC, ask: withKey(keyOne), open: withKey(keyOne), from: withSourceKey(keyOne),
		shown: shows(headerCustomerAlgo, "AES256", headerCustomerMD5, "U5L61r7jcwdNvT7frmUG8g=="),
	},
	"sse-c-two": {
		mode: modeC, ask: withKey(keyTwo), open: withKey(keyTwo), from: withSourceKey(keyTwo),
		shown: shows(headerCustomerAlgo, "AES256", headerCustomerMD5, "*"),
	},
}

// objectContent is the content of COS's own examples (7753); the CRC64 is theirs.
const (
	objectContent      = "[Object Content]"
	objectContentMD5   = "ee8de918d05640145b18f70f4c3aa602"
	objectContentCRC64 = "16749565679157681890"
)

// TestEncryptionIsShown shows that PUT, HEAD and GET report the encryption asked for, and the
// CRC64 of the plain bytes, in every mode.
func TestEncryptionIsShown(t *testing.T) {
	t.Parallel()
	for name, e := range encryptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			crc := map[string]string{headerCRC64: objectContentCRC64}
			put := r.must(t, "PUT", "/a", objectContent, e.ask...)
			head := r.must(t, "HEAD", "/a", "", e.open...)
			get := r.must(t, "GET", "/a", "", e.open...)
			for method, a := range map[string]answer{"PUT": put, "HEAD": head, "GET": get} {
				a.check(t, method, e.shown)
				a.check(t, method, crc)
				if a.get("ETag") != put.get("ETag") {
					t.Errorf("%s: ETag %s, PUT answered %s", method, a.get("ETag"), put.get("ETag"))
				}
			}
			if get.body != objectContent {
				t.Errorf("the body is %q", get.body)
			}
			for _, entry := range r.Journal() {
				if entry.SSEMode != string(e.mode) {
					t.Errorf("%s is in the journal as %s, want %s", entry.Op, entry.SSEMode, e.mode)
				}
				if hasKey := entry.KeyFingerprint != ""; hasKey != (e.mode == modeC) {
					t.Errorf("%s has the fingerprint %q", entry.Op, entry.KeyFingerprint)
				}
			}
		})
	}
}

// TestETagByMode shows fact sheet 2.2: an MD5 of the bytes for none and SSE-COS only; the same for
// the same SSE-C key and bytes; different each time for SSE-KMS.
func TestETagByMode(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^"[0-9a-f]{32}"$`)
	for name, e := range encryptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first := r.must(t, "PUT", "/a", objectContent, e.ask...).get("ETag")
			again := r.must(t, "PUT", "/b", objectContent, e.ask...).get("ETag")
			if !form.MatchString(first) {
				t.Errorf("ETag is %s", first)
			}
			isMD5 := first == `"`+objectContentMD5+`"`
			if want := e.mode == modeNone || e.mode == modeCOS; isMD5 != want {
				t.Errorf("the ETag is the MD5 of the bytes: %v, want %v", isMD5, want)
			}
			if same, want := first == again, e.mode != modeKMS; same != want {
				t.Errorf("two writes have the same ETag: %v, want %v", same, want)
			}
		})
	}
	t.Run("another customer key", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		one := r.must(t, "PUT", "/a", objectContent, withKey(keyOne)...)
		two := r.must(t, "PUT", "/a", objectContent, withKey(keyTwo)...)
		if one.get("ETag") == two.get("ETag") {
			t.Error("two customer keys give the same ETag")
		}
	})
}

// replace returns headers with one of them set to another value, or left out for "".
func replace(headers []string, suffix, value string) []string {
	var changed []string
	for _, header := range headers {
		name, _, _ := strings.Cut(header, ": ")
		switch {
		case !strings.HasSuffix(name, suffix):
			changed = append(changed, header)
		case value != "":
			changed = append(changed, name+": "+value)
		}
	}
	return changed
}

// presented are the headers that a reader may present, and the answer to each by whether the object
// has a customer key.
var presented = map[string]struct {
	headers      []string
	onC, onOther string // codes; "" is success
}{
	"nothing":     {nil, "SsecDecryptHeaderInvalid", ""},
	"the key":     {withKey(keyOne), "", "InvalidRequest"},
	"another key": {withKey(keyTwo), "AccessDenied", "InvalidRequest"},
	"sse header": {
		[]string{headerSSE + ": AES256"}, "SSEHeaderNotAllowed", "SSEHeaderNotAllowed",
	},
	"kms key header": {
		[]string{headerKMSKey + ": x"}, "SSEHeaderNotAllowed", "SSEHeaderNotAllowed",
	},
	"no algorithm": {
		replace(withKey(keyOne), "algorithm", ""), "InvalidArgument", "InvalidArgument",
	},
	"no key": {
		replace(withKey(keyOne), "customer-key", ""), "InvalidArgument", "InvalidArgument",
	},
	"no md5": {
		replace(withKey(keyOne), "key-MD5", ""), "InvalidArgument", "InvalidArgument",
	},
	"another algorithm": {
		replace(withKey(keyOne), "algorithm", "AES128"), "InvalidArgument", "InvalidArgument",
	},
	"md5 of another key": {
		replace(withKey(keyOne), "key-MD5", md5Of(keyTwo)), "InvalidArgument", "InvalidArgument",
	},
	"key not base64": {
		replace(withKey(keyOne), "customer-key", keyOne[:31]+"!"), "InvalidArgument", "InvalidArgument",
	},
	"key of 31 bytes": {withKey(keyOne[:31]), "InvalidArgument", "InvalidArgument"},
	"key of 33 bytes": {withKey(keyOne + "\n"), "InvalidArgument", "InvalidArgument"},
}

func md5Of(key string) string {
	_, value, _ := strings.Cut(withKey(key)[2], ": ")
	return value
}

// TestReadNeedsTheRightKey shows what GET and HEAD answer to every set of headers in every mode. A
// refused HEAD has a status and no body.
func TestReadNeedsTheRightKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"none", "sse-cos", "sse-kms", "sse-c"} {
		r := newRig(t)
		r.must(t, "PUT", "/a", objectContent, encryptions[name].ask...)
		for what, p := range presented {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				code := p.onOther
				if name == "sse-c" {
					code = p.onC
				}
				status := http.StatusOK
				if code != "" {
					status = statusOf[code]
				}
				get := r.do("GET", "/a", "", p.headers...)
				if get.status != status || get.code != code {
					t.Errorf("GET: %d %s, want %d %s", get.status, get.code, status, code)
				}
				if leaks := code != "" && strings.Contains(get.body, objectContent); leaks {
					t.Error("a refused GET shows the content")
				}
				head := r.do("HEAD", "/a", "", p.headers...)
				if head.status != status || head.body != "" {
					t.Errorf("HEAD: %d %q, want %d and no body", head.status, head.body, status)
				}
				if code != "" && head.get("ETag") != "" {
					t.Error("a refused HEAD shows the ETag")
				}
			})
		}
	}
}

// TestWrongKeyStatus shows the setting for clients that expect a bad request.
func TestWrongKeyStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.WrongKeyStatus = http.StatusBadRequest })
	r.run(t,
		step{method: "PUT", target: "/a", headers: withKey(keyOne), status: 200},
		step{
			method: "GET", target: "/a", headers: withKey(keyTwo),
			status: 400, code: "SsecDecryptHeaderInvalid",
		},
		step{method: "HEAD", target: "/a", headers: withKey(keyTwo), status: 400},
	)
	if _, err := New(Config{WrongKeyStatus: 404}); err == nil {
		t.Error("404 is accepted as the answer to a wrong key")
	}
}

// TestWriteRefusesBadEncryption shows that a write that asks for impossible encryption stores
// nothing.
func TestWriteRefusesBadEncryption(t *testing.T) {
	t.Parallel()
	context := func(text string) []string {
		return []string{
			headerSSE + ": cos/kms",
			headerKMSContext + ": " + base64.StdEncoding.EncodeToString([]byte(text)),
		}
	}
	cases := map[string]struct {
		headers []string
		code    string
	}{
		"unknown value":          {[]string{headerSSE + ": AES789"}, "InvalidArgument"},
		"kms in the bucket form": {[]string{headerSSE + ": KMS"}, "InvalidArgument"},
		"key id without kms":     {[]string{headerKMSKey + ": " + DefaultKMSKey}, "InvalidArgument"},
		"key id with sse-cos": {
			[]string{headerSSE + ": AES256", headerKMSKey + ": " + DefaultKMSKey}, "InvalidArgument",
		},
		"context without kms": {[]string{headerKMSContext + ": e30="}, "InvalidArgument"},
		"unknown kms key": {
			[]string{headerSSE + ": cos/kms", headerKMSKey + ": nobody"}, "KmsKeyNotExist",
		},
		"context not base64": {
			[]string{headerSSE + ": cos/kms", headerKMSContext + `: {"a":"b"}`}, "InvalidArgument",
		},
		"context not json":      {context("a=b"), "InvalidArgument"},
		"context a list":        {context(`["a"]`), "InvalidArgument"},
		"context null":          {context(`null`), "InvalidArgument"},
		"context with a number": {context(`{"a":1}`), "InvalidArgument"},
		"customer key and sse": {
			join(withKey(keyOne), []string{headerSSE + ": AES256"}), "InvalidArgument",
		},
		"customer key and kms": {
			join(withKey(keyOne), []string{headerSSE + ": cos/kms"}), "InvalidArgument",
		},
	}
	for what, p := range presented {
		if p.onC == "InvalidArgument" {
			cases["customer key: "+what] = struct {
				headers []string
				code    string
			}{p.headers, p.onC}
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newRig(t).run(t,
				step{method: "PUT", target: "/source", status: 200},
				step{
					method: "PUT", target: "/a", body: "x", headers: c.headers,
					status: statusOf[c.code], code: c.code,
				},
				step{
					method: "PUT", target: "/a", status: statusOf[c.code], code: c.code,
					headers: append([]string{"x-cos-copy-source: " + plainHost + "/source"}, c.headers...),
				},
				step{method: "HEAD", target: "/a", status: 404},
			)
		})
	}
}

// TestCustomerKeyNeedsHTTPS shows that SSE-C is refused over plain HTTP, before anything is stored
// or read, unless the configuration allows it.
func TestCustomerKeyNeedsHTTPS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", "x", withKey(keyOne)...)
	url := "http://" + plainHost
	copied := join(withSourceKey(keyOne), []string{"x-cos-copy-source: " + plainHost + "/a"})
	for _, c := range []struct {
		method, path string
		headers      []string
	}{
		{"PUT", "/b", withKey(keyOne)},
		{"GET", "/a", withKey(keyOne)},
		{"PUT", "/c", copied},
		{"POST", "/d?uploads", withKey(keyOne)},
	} {
		a := r.send(url+c.path, c.method, "", c.headers...)
		if a.status != 400 || a.code != "InvalidRequest" {
			t.Errorf("%s %s over HTTP: %d %s", c.method, c.path, a.status, a.code)
		}
	}
	if a := r.send(url+"/e", "PUT", "x", headerSSE+": AES256"); a.status != 200 {
		t.Errorf("SSE-COS over HTTP: %d", a.status)
	}
	allowing := newRig(t, func(c *Config) { c.AllowPlainHTTP = true })
	if a := allowing.send(url+"/b", "PUT", "", withKey(keyOne)...); a.status != 200 {
		t.Errorf("SSE-C over allowed HTTP: %d %s", a.status, a.code)
	}
}

// TestKMSKeyDisabled shows that a disabled key stops writes, reads and copies, and not HEAD.
func TestKMSKeyDisabled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kms := encryptions["sse-kms"].ask
	r.must(t, "PUT", "/a", objectContent, kms...)
	r.DisableKMSKey(DefaultKMSKey)
	from := []string{"x-cos-copy-source: " + plainHost + "/a"}
	r.run(t,
		step{method: "PUT", target: "/b", headers: kms, status: 400, code: "KmsKeyDisabled"},
		step{method: "GET", target: "/a", status: 400, code: "KmsKeyDisabled"},
		step{method: "PUT", target: "/c", headers: from, status: 400, code: "KmsKeyDisabled"},
		step{method: "HEAD", target: "/a", status: 200},
		step{
			method: "PUT", target: "/b", status: 200,
			headers: []string{headerSSE + ": cos/kms", headerKMSKey + ": " + secondKMSKey},
		},
	)
	r.EnableKMSKey(DefaultKMSKey)
	r.run(t, step{method: "GET", target: "/a", status: 200, answer: objectContent})
}

// TestCustomerKeyIsNotKept shows that nothing a server holds after writes, reads and copies with a
// key has the key or its Base64 in it, and that the journal's fingerprint is salted.
func TestCustomerKeyIsNotKept(t *testing.T) {
	t.Parallel()
	one, two := newRig(t), newRig(t)
	for _, r := range []*rig{one, two} {
		r.must(t, "PUT", "/a", objectContent, withKey(keyOne)...)
		r.must(t, "GET", "/a", "", withKey(keyOne)...)
		r.must(t, "POST", "/b?uploads", "", withKey(keyOne)...)
		r.must(t, "PUT", "/c", "", append(withSourceKey(keyOne),
			"x-cos-copy-source: "+plainHost+"/a")...)
	}
	if !holds(one.Server, objectContent) || !holds(one.Server, md5Of(keyOne)) {
		t.Error("the search does not find what a server does hold")
	}
	for _, secret := range []string{keyOne, base64.StdEncoding.EncodeToString([]byte(keyOne))} {
		if holds(one.Server, secret) {
			t.Errorf("the server holds %s", secret)
		}
	}
	first, second := one.Journal(), two.Journal()
	if first[0].KeyFingerprint != first[1].KeyFingerprint {
		t.Error("one key has two fingerprints on one server")
	}
	if first[0].KeyFingerprint == second[0].KeyFingerprint {
		t.Error("two servers give a key the same fingerprint: it is not salted")
	}
}

// holds searches everything that can be reached from a server for a text.
func holds(s *Server, text string) bool {
	seen := map[uintptr]bool{}
	var search func(v reflect.Value) bool
	search = func(v reflect.Value) bool {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() || seen[v.Pointer()] {
				return false
			}
			seen[v.Pointer()] = true
			return search(v.Elem())
		case reflect.Interface:
			return !v.IsNil() && search(v.Elem())
		case reflect.String:
			return strings.Contains(v.String(), text)
		case reflect.Struct:
			for i := range v.NumField() {
				if search(v.Field(i)) {
					return true
				}
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				if search(key) || search(v.MapIndex(key)) {
					return true
				}
			}
		case reflect.Slice, reflect.Array:
			if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
				return bytes.Contains(v.Bytes(), []byte(text))
			}
			for i := range v.Len() {
				if search(v.Index(i)) {
					return true
				}
			}
		}
		return false
	}
	return search(reflect.ValueOf(s))
}
