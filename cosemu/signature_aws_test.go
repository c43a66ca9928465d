package cosemu

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// awsSigner signs requests by AWS's version 4, written apart from the emulator's own code.
type awsSigner struct {
	id, key string
	now     time.Time
}

func (r *rig) awsSigner() awsSigner {
	documented := DocumentedCredential()
	return awsSigner{id: documented.SecretID, key: documented.SecretKey, now: r.clock.read()}
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// sign adds the headers that the AWS SDK adds, and its signature of all headers.
func (s awsSigner) sign(r *http.Request, body string) {
	stamp := s.now.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", stamp)
	if r.Header.Get("X-Amz-Content-Sha256") == "" {
		r.Header.Set("X-Amz-Content-Sha256", hexSHA256(body))
	}
	names, lines := []string{"host"}, map[string]string{"host": r.Host}
	for name, values := range r.Header {
		lower := strings.ToLower(name)
		names, lines[lower] = append(names, lower), values[0]
	}
	slices.Sort(names)
	var headers strings.Builder
	for _, name := range names {
		headers.WriteString(name + ":" + lines[name] + "\n")
	}
	var query []string
	for name, values := range r.URL.Query() {
		query = append(query, strings.ReplaceAll(name, "/", "%2F")+"="+values[0])
	}
	slices.Sort(query)
	list := strings.Join(names, ";")
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.Join(query, "&"), headers.String(), list,
		r.Header.Get("X-Amz-Content-Sha256"),
	}, "\n")
	scope := stamp[:8] + "/ap-guangzhou/s3/aws4_request"
	key := []byte("AWS4" + s.key)
	for _, part := range append(strings.Split(scope, "/"), strings.Join([]string{
		"AWS4-HMAC-SHA256", stamp, scope, hexSHA256(canonical),
	}, "\n")) {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, part)
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, "+
		"SignedHeaders=%s, Signature=%x", s.id, scope, list, key))
}

// signed sends a request that sign has signed.
func (r *rig) signed(
	sign func(*http.Request, string), method, target, body string, headers ...string,
) answer {
	if strings.HasPrefix(target, "/") {
		target = plainHost + target
	}
	request := httptest.NewRequest(method, "https://"+target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	sign(request, body)
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	a := answer{
		status: recorder.Code, header: recorder.Result().Header, body: recorder.Body.String(),
	}
	if _, rest, found := strings.Cut(a.body, "<Code>"); found && a.status >= 300 {
		a.code, _, _ = strings.Cut(rest, "<")
	}
	return a
}

// newStrictRig is a rig that verifies signatures.
func newStrictRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.trusting = false
	return r
}

// TestAWSVector is the first example of AWS's document on signatures in the Authorization header,
// with its published key pair.
func TestAWSVector(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	for name, value := range map[string]string{
		"Range": "bytes=0-9", "X-Amz-Date": "20130524T000000Z",
		"X-Amz-Content-Sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/" +
			"aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=" +
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	} {
		r.Header.Set(name, value)
	}
	s, err := New(Config{Credentials: []Credential{{
		SecretID: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	auth, ok := awsAuthorizationOf(r)
	if !ok {
		t.Fatal("the signature is not recognised")
	}
	if err := s.verifyAWS(r, auth, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("%s %s", err.code, err.message)
	}
	r.Header.Set("Range", "bytes=0-8")
	if err := s.verifyAWS(r, auth, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)); err == nil ||
		err.code != "SignatureDoesNotMatch" {
		t.Errorf("another range is admitted: %v", err)
	}
}

func TestAWSSignatures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*awsSigner)
		headers []string
		status  int
		code    string
	}{
		"good":         {status: 200},
		"another body": {headers: []string{"X-Amz-Content-Sha256: " + hexSHA256("other")}, status: 400, code: "XAmzContentSHA256Mismatch"},
		"body not signed": {
			headers: []string{"X-Amz-Content-Sha256: UNSIGNED-PAYLOAD"}, status: 200,
		},
		"body in chunks": {
			headers: []string{"X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, status: 501,
			code: "NotImplemented",
		},
		"wrong key": {
			change: func(s *awsSigner) { s.key = "x" }, status: 403, code: "SignatureDoesNotMatch",
		},
		"unknown id": {
			change: func(s *awsSigner) { s.id = "x" }, status: 403, code: "InvalidAccessKeyId",
		},
		"late": {
			change: func(s *awsSigner) { s.now = s.now.Add(-16 * time.Minute) }, status: 403,
			code: "RequestTimeTooSkewed",
		},
		"early": {
			change: func(s *awsSigner) { s.now = s.now.Add(16 * time.Minute) }, status: 403,
			code: "RequestTimeTooSkewed",
		},
		"token of nobody": {
			headers: []string{"X-Amz-Security-Token: x"}, status: 403, code: "InvalidAccessKeyId",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newStrictRig(t)
			signer := r.awsSigner()
			if c.change != nil {
				c.change(&signer)
			}
			r.signed(signer.sign, "PUT", "/dir/a%20b%281%29.txt", "body", c.headers...).
				expect(t, c.status, c.code)
			if stored := r.store.find(plainBucket, "ap-guangzhou").current("dir/a b(1).txt"); (stored != nil) !=
				(c.status == 200) {
				t.Errorf("the object is %v", stored)
			}
		})
	}
}

func TestAWSPresignedURL(t *testing.T) {
	t.Parallel()
	r := newStrictRig(t)
	signer := r.awsSigner()
	r.signed(signer.sign, "PUT", "/a", objectContent)
	url := "/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + signer.id +
		"%2F20260301%2Fap-guangzhou%2Fs3%2Faws4_request&X-Amz-Date=20260301T120000Z&X-Amz-Expires=60" +
		"&X-Amz-SignedHeaders=host"
	key := []byte("AWS4" + signer.key)
	for _, part := range []string{
		"20260301", "ap-guangzhou", "s3", "aws4_request",
		"AWS4-HMAC-SHA256\n20260301T120000Z\n20260301/ap-guangzhou/s3/aws4_request\n" + hexSHA256(
			"GET\n/a\n"+url[len("/a?"):]+"\nhost:"+plainHost+"\n\nhost\nUNSIGNED-PAYLOAD"),
	} {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, part)
		key = mac.Sum(nil)
	}
	url += "&X-Amz-Signature=" + hex.EncodeToString(key)
	unsigned := func(*http.Request, string) {}
	if a := r.signed(unsigned, "GET", url, ""); a.status != 200 || a.body != objectContent {
		t.Errorf("got %d %s", a.status, a.body)
	}
	r.clock.advance(61 * time.Second)
	r.signed(unsigned, "GET", url, "").expect(t, 403, "AccessDenied")
}

// TestAWSDialect shows that requests which are signed by version 4 speak S3 in both directions.
func TestAWSDialect(t *testing.T) {
	t.Parallel()
	r := newStrictRig(t)
	sign := r.awsSigner().sign
	kms := []string{
		"X-Amz-Server-Side-Encryption: aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id: " + secondKMSKey, "X-Amz-Meta-Team: finance",
		"X-Amz-Storage-Class: STANDARD_IA",
	}
	r.signed(sign, "PUT", "/a", objectContent, kms...).expect(t, 200, "")
	a := r.signed(sign, "HEAD", "/a", "")
	a.check(t, "HEAD", map[string]string{
		"x-amz-server-side-encryption":                "aws:kms",
		"x-amz-server-side-encryption-aws-kms-key-id": secondKMSKey,
		"x-amz-meta-team":                             "finance", "x-amz-storage-class": "STANDARD_IA",
		"x-amz-request-id": "*", headerSSE: "cos/kms", headerKMSKey: secondKMSKey,
	})
	for source, status := range map[string]int{
		plainBucket + "/a": 200, "/" + plainBucket + "/a": 200, plainHost + "/a": 200, "/none/a": 404,
	} {
		a := r.signed(sign, "PUT", farHost+"/b", "", "X-Amz-Copy-Source: "+source,
			"X-Amz-Metadata-Directive: REPLACE")
		if a.status != status {
			t.Errorf("copy of %s: %d %s", source, a.status, a.code)
		}
	}
	entry := r.Journal()[0]
	if names := strings.Join(entry.HeaderNames, " "); !strings.Contains(names, headerKMSKey) ||
		entry.SSEMode != "SSE-KMS" {
		t.Errorf("the journal has %s %s", entry.SSEMode, names)
	}
	// Without such a signature the headers mean nothing.
	r.trusting = true
	r.must(t, "PUT", "/c", "", "X-Amz-Server-Side-Encryption: AES256")
	r.must(t, "HEAD", "/c", "").check(t, "HEAD", map[string]string{
		headerSSE: "-", "x-amz-request-id": "-",
	})
}

// TestOfficialProviderCreatesABucket replays what the resource tencentcloud_cos_bucket asks when
// it is created, read and destroyed: in part by the AWS SDK, in part by COS's own.
func TestOfficialProviderCreatesABucket(t *testing.T) {
	t.Parallel()
	r := newStrictRig(t)
	aws := r.awsSigner().sign
	documented := documentedSigner()
	documented.start = r.clock.read()
	cos := func(request *http.Request, _ string) { documented.sign(request) }
	type call struct {
		sign           func(*http.Request, string)
		method, target string
		headers        []string
		status         int
		code, answer   string
	}
	acl := []string{"X-Amz-Acl: private"}
	read := []call{
		{cos, "HEAD", "/", nil, 200, "", ""},
		{cos, "GET", "/?acl", nil, 200, "", ownerGrant},
		{cos, "GET", "/?cors", nil, 404, "NoSuchCORSConfiguration", ""},
		{aws, "GET", "/?website=", nil, 404, "NoSuchWebsiteConfiguration", ""},
		{aws, "GET", "/?encryption=", nil, 404, "NoSuchEncryptionConfiguration", ""},
		{aws, "GET", "/?versioning=", nil, 200, "", "<VersioningConfiguration></VersioningConfiguration>"},
		{aws, "GET", "/?accelerate=", nil, 200, "", "<AccelerateConfiguration/>"},
		{aws, "GET", "/?lifecycle=", nil, 404, "NoSuchLifecycleConfiguration", ""},
		{aws, "GET", "/?logging=", nil, 200, "", "<BucketLoggingStatus/>"},
		{aws, "GET", "/?tagging=", nil, 404, "NoSuchTagSet", ""},
		{cos, "GET", "/?intelligenttiering", nil, 404, "NoSuchConfiguration", ""},
		{cos, "GET", "/?intelligent-tiering", nil, 200, "", "<ListBucketIntelligentTieringConfigurationsOutput>"},
		{cos, "GET", "/?object-lock", nil, 404, "NoSuchObjectLockConfiguration", ""},
	}
	calls := append([]call{
		{aws, "PUT", "/", acl, 200, "", ""},
		{aws, "PUT", "/?acl=", acl, 200, "", ""},
	}, read...)
	calls = append(calls, read...)
	calls = append(calls, call{aws, "DELETE", "/", nil, 204, "", ""}, call{cos, "HEAD", "/", nil, 404, "", ""})
	for _, c := range calls {
		a := r.signed(c.sign, c.method, freshHost+c.target, "", c.headers...)
		if a.status != c.status || a.code != c.code || !strings.Contains(a.body, c.answer) {
			t.Errorf("%s %s: %d %s %s, want %d %s %s", c.method, c.target, a.status, a.code, a.body,
				c.status, c.code, c.answer)
		}
	}
}
