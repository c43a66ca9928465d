package cosemu

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// adminRig is a rig with an admin address.
func adminRig(t *testing.T, configure ...func(*Config)) (*rig, string) {
	t.Helper()
	r := newRig(t, configure...)
	address, err := r.StartAdmin("127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r, address
}

// change sends a change to an admin address, which has to be accepted.
func change(t *testing.T, address, method, path, body string) {
	t.Helper()
	if status, text := admin(t, address, method, path, body); status != http.StatusNoContent {
		t.Fatalf("%s %s %s = %d %s", method, path, body, status, text)
	}
}

func TestSettingsChangeAtRunTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patch         string
		before, after step
	}{
		"wrong-key-status": {
			`{"wrong_key_status": 400}`,
			step{method: "GET", target: "/c", headers: withKey(keyTwo), status: 403, code: "AccessDenied"},
			step{method: "GET", target: "/c", headers: withKey(keyTwo), status: 400, code: "SsecDecryptHeaderInvalid"},
		},
		"copy-limit": {
			`{"copy_limit": 3}`,
			step{method: "PUT", target: "/b", headers: []string{copyFrom(plainHost + "/a")}, status: 200},
			step{
				method: "PUT", target: "/b", headers: []string{copyFrom(plainHost + "/a")},
				status: 400, code: "EntityTooLarge",
			},
		},
		"restore-delay": {
			`{"restore_delay": "1h"}`,
			step{method: "POST", target: "/archived?restore", body: restoreDocument(1, ""), status: 202},
			step{method: "POST", target: "/archived2?restore", body: restoreDocument(1, ""), status: 202},
		},
		"plain-etags": {
			`{"plain_etags": true}`,
			step{method: "HEAD", target: "/a", status: 200},
			step{
				method: "PUT", target: "/k", body: "four", status: 200,
				headers: []string{"x-cos-server-side-encryption: cos/kms"},
				want:    map[string]string{headerETag: `"` + md5Hex("four") + `"`},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, address := adminRig(t)
			archive := "x-cos-storage-class: ARCHIVE"
			r.must(t, "PUT", "/a", "four")
			r.must(t, "PUT", "/c", "four", withKey(keyOne)...)
			r.must(t, "PUT", "/archived", "four", archive)
			r.must(t, "PUT", "/archived2", "four", archive)
			r.run(t, test.before)
			change(t, address, "PATCH", "/settings", test.patch)
			r.run(t, test.after)
			if name == "restore-delay" {
				r.run(t, step{method: "GET", target: "/archived", status: 200},
					step{method: "GET", target: "/archived2", status: 403, code: "InvalidObjectState"})
			}
		})
	}
}

// TestListLagBeginsAtRunTime shows that what was there before stays listed while listings begin to
// lag, and that nothing of the past is left when they stop.
func TestListLagBeginsAtRunTime(t *testing.T) {
	t.Parallel()
	r, address := adminRig(t)
	listed := func(want string) {
		t.Helper()
		got := ""
		for _, entry := range parse[listXML](t, r.must(t, "GET", "/", "")).Contents {
			got += entry.Key + " "
		}
		if got != want {
			t.Errorf("listed: %q, want %q", got, want)
		}
	}
	r.must(t, "PUT", "/a", "1")
	r.must(t, "PUT", "/b", "1")
	r.clock.advance(time.Hour)
	change(t, address, "PATCH", "/settings", `{"list_lag": "1m"}`)
	r.must(t, "PUT", "/a", "22")
	r.must(t, "DELETE", "/b", "")
	r.must(t, "PUT", "/c", "1")
	listed("a b ")
	r.clock.advance(time.Hour)
	listed("a c ")
	r.must(t, "DELETE", "/a", "")
	listed("a c ")
	change(t, address, "PATCH", "/settings", `{"list_lag": "0s"}`)
	listed("c ")
}

func TestSettingsRefusals(t *testing.T) {
	t.Parallel()
	r, address := adminRig(t)
	before := r.Settings()
	for _, patch := range []string{
		`{"wrong_key_status": 404}`, `{"list_lag": "-1s"}`, `{"copy_limit": -1}`, `{"latency": 5}`,
		`{"copylimit": 5}`, `{"copy_limit": 5, "latency": "soon"}`, `[]`, ``,
	} {
		if status, _ := admin(t, address, "PATCH", "/settings", patch); status != 400 {
			t.Errorf("%s = %d", patch, status)
		}
	}
	if r.Settings() != before {
		t.Errorf("settings = %+v, were %+v", r.Settings(), before)
	}
	_, text := admin(t, address, "GET", "/settings", "")
	var shown Settings
	if err := json.Unmarshal([]byte(text), &shown); err != nil || shown != before {
		t.Errorf("GET = %s, %v", text, err)
	}
}

func TestClockMoves(t *testing.T) {
	t.Parallel()
	r, address := adminRig(t)
	dated := func(target string) string { return r.must(t, "HEAD", target, "").get("Last-Modified") }
	r.must(t, "PUT", "/a", "x")
	change(t, address, "PUT", "/clock", `{"advance": "72h"}`)
	r.must(t, "PUT", "/b", "x")
	change(t, address, "PUT", "/clock", `{"now": "2030-01-02T03:04:05Z", "stopped": true}`)
	r.clock.advance(time.Hour)
	r.must(t, "PUT", "/c", "x")
	change(t, address, "PUT", "/clock", `{"advance": "1m"}`)
	r.must(t, "PUT", "/d", "x")
	change(t, address, "PUT", "/clock", `{"now": "2031-01-01T00:00:00Z"}`)
	r.clock.advance(time.Hour)
	r.must(t, "PUT", "/e", "x")
	for target, want := range map[string]string{
		"/a": "Sun, 01 Mar 2026 12:00:00 GMT", "/b": "Wed, 04 Mar 2026 12:00:00 GMT",
		"/c": "Wed, 02 Jan 2030 03:04:05 GMT", "/d": "Wed, 02 Jan 2030 03:05:05 GMT",
		"/e": "Wed, 01 Jan 2031 01:00:00 GMT",
	} {
		if got := dated(target); got != want {
			t.Errorf("%s is dated %s, want %s", target, got, want)
		}
	}
	if _, text := admin(t, address, "GET", "/clock", ""); !strings.Contains(text, "2031-01-01T01:00:00Z") {
		t.Errorf("clock = %s", text)
	}
	if status, _ := admin(t, address, "PUT", "/clock", `{"advance": "later"}`); status != 400 {
		t.Errorf("nonsense = %d", status)
	}
}

func TestAdminCA(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	address, err := c.StartAdmin("127.0.0.1:0")
	check(t, err)
	if _, text := admin(t, address, "GET", "/ca.pem", ""); text != string(c.CACertificate()) {
		t.Errorf("CA = %q", text)
	}
}

// TestClockLeavesSignaturesAlone shows that a client whose clock did not move is still served.
func TestClockLeavesSignaturesAlone(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	check(t, c.AdvanceClock(1000*time.Hour))
	c.do("PUT", "/key", "x").expect(t, 200, "")
}

func TestTokensExpireByTheClock(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	address, err := c.StartAdmin("127.0.0.1:0")
	check(t, err)
	expires := time.Now().Add(time.Hour).Format(time.RFC3339)
	change(t, address, "PUT", "/credentials/AKIDother",
		`{"secret_key": "secret", "security_token": "token", "expires": "`+expires+`"}`)
	c.signer.id, c.signer.key, c.signer.token = "AKIDother", "secret", "token"
	c.do("PUT", "/key", "x").expect(t, 200, "")
	change(t, address, "PUT", "/clock", `{"advance": "2h"}`)
	c.do("PUT", "/key", "x").expect(t, 400, "ExpiredToken")
	change(t, address, "DELETE", "/credentials/AKIDother", "")
	c.do("PUT", "/key", "x").expect(t, 403, "InvalidAccessKeyId")
	if status, _ := admin(t, address, "PUT", "/credentials/a", `{"secret_key": ""}`); status != 400 {
		t.Errorf("without a key = %d", status)
	}
}

func TestKMSKeyStates(t *testing.T) {
	t.Parallel()
	r, address := adminRig(t, func(c *Config) { c.KMSKeys = []string{"main", "old=pending-deletion"} })
	kms := "x-cos-server-side-encryption: cos/kms"
	r.must(t, "PUT", "/key", "x", kms)
	for state, want := range map[string]step{
		"disabled":         {status: 400, code: "KmsKeyDisabled"},
		"pending-deletion": {status: 400, code: "KmsException"},
		"denied":           {status: 403, code: "AccessDenied"},
		"enabled":          {status: 200},
	} {
		change(t, address, "PUT", "/kms-keys/main", `{"state": "`+state+`"}`)
		for _, method := range []string{"GET", "PUT"} {
			want.method, want.target, want.headers = method, "/key", nil
			if method == "PUT" {
				want.headers = []string{kms}
			}
			r.run(t, want)
		}
		r.run(t, step{method: "HEAD", target: "/key", status: 200})
	}
	r.run(t, step{
		method: "PUT", target: "/old", status: 400, code: "KmsException",
		headers: []string{kms, headerKMSKey + ": old"},
	})
	change(t, address, "PUT", "/kms-keys/new", `{"state": "enabled"}`)
	r.run(t, step{method: "PUT", target: "/new", status: 200, headers: []string{kms, headerKMSKey + ": new"}})
	if status, _ := admin(t, address, "PUT", "/kms-keys/main", `{"state": "lost"}`); status != 400 {
		t.Errorf("no state = %d", status)
	}
	if _, text := admin(t, address, "GET", "/kms-keys", ""); !strings.Contains(text, `"old":"pending-deletion"`) {
		t.Errorf("keys = %s", text)
	}
}

func TestAdminObjects(t *testing.T) {
	t.Parallel()
	r, address := adminRig(t)
	r.must(t, "PUT", "/a%20b", "body", withKey(keyOne)...)
	path := "/objects?bucket=" + plainBucket + "&key=a+b"
	change(t, address, "PATCH", path, `{"storage_class": "archive", "older_by": "24h",
		"crc64_forgotten": true, "locked_until": "2030-01-01T00:00:00Z"}`)
	r.run(t,
		step{
			method: "HEAD", target: "/a%20b", status: 200, headers: withKey(keyOne), want: map[string]string{
				headerClass: "ARCHIVE", headerCRC64: "-", "Last-Modified": "Sat, 28 Feb 2026 12:00:00 GMT",
			},
		},
		step{method: "DELETE", target: "/a%20b", status: 409, code: "ObjectLocked"},
	)
	_, text := admin(t, address, "GET", path, "")
	if !strings.Contains(text, `"SSEMode":"SSE-C"`) || strings.Contains(text, "0123456789ABCDEF") {
		t.Errorf("facts = %s", text)
	}
	for method, path := range map[string]string{
		"GET": "/objects?bucket=" + plainBucket + "&key=c", "PATCH": "/objects?bucket=b&key=c",
	} {
		if status, _ := admin(t, address, method, path, `{"storage_class": "archive"}`); status < 400 {
			t.Errorf("%s of a missing object = %d", method, status)
		}
	}
}

// TestAdminRefusesForeigners sends what a page in a browser could.
func TestAdminRefusesForeigners(t *testing.T) {
	t.Parallel()
	_, address := adminRig(t)
	_, port, _ := strings.Cut(address, ":")
	for name, test := range map[string]struct {
		host   string
		header [2]string
		status int
	}{
		"plain":           {address, [2]string{}, 200},
		"localhost":       {"localhost:" + port, [2]string{}, 200},
		"rebound":         {"attacker.example:" + port, [2]string{}, 403},
		"subdomain":       {"a.localhost:" + port, [2]string{}, 403},
		"origin":          {address, [2]string{"Origin", "https://attacker.example"}, 403},
		"null-origin":     {address, [2]string{"Origin", "null"}, 403},
		"own-origin":      {address, [2]string{"Origin", "http://" + address}, 200},
		"other-port":      {address, [2]string{"Origin", "http://127.0.0.1:1"}, 403},
		"fetch-site":      {address, [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"fetch-same-site": {address, [2]string{"Sec-Fetch-Site", "same-site"}, 403},
	} {
		request, err := http.NewRequest("GET", "http://"+address+"/journal", nil)
		check(t, err)
		request.Host = test.host
		if test.header[0] != "" {
			request.Header.Set(test.header[0], test.header[1])
		}
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s = %d, want %d", name, response.StatusCode, test.status)
		}
	}
}

func TestRemoteNeedsCredentials(t *testing.T) {
	t.Parallel()
	own := Credential{SecretID: "AKIDown", SecretKey: "a key of my own, long enough"}
	for name, credentials := range map[string][]Credential{
		"none": nil, "documented": {DocumentedCredential()}, "both": {own, DocumentedCredential()},
		"documented-key": {{SecretID: "AKIDown", SecretKey: DocumentedCredential().SecretKey}},
		"short":          {{SecretID: "AKIDown", SecretKey: "short"}},
	} {
		if _, err := New(Config{AllowRemote: true, Credentials: credentials}); err == nil {
			t.Errorf("%s: it serves", name)
		}
	}
	s, err := New(Config{AllowRemote: true, Credentials: []Credential{own}})
	check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	check(t, s.checkAddress("0.0.0.0:0"))
	if err := s.SetCredential(DocumentedCredential()); err == nil {
		t.Error("the documented pair is taken later")
	}
	address, err := s.StartAdmin("127.0.0.1:0")
	check(t, err)
	for name, test := range map[string]struct {
		id, key, host string
		status        int
	}{
		"nobody": {"", "", "", 401}, "wrong": {"AKIDown", "x", "", 401},
		"administrator": {own.SecretID, own.SecretKey, "emulator.example", 200},
	} {
		request, err := http.NewRequest("GET", "http://"+address+"/journal", nil)
		check(t, err)
		request.Host = test.host
		if test.id != "" {
			request.SetBasicAuth(test.id, test.key)
		}
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s = %d, want %d", name, response.StatusCode, test.status)
		}
	}
}
