package cosemu

import (
	"fmt"
	"hash/crc64"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mebibyte is the smallest part but the last.
var mebibyte = strings.Repeat("0123456789abcdef", 1<<16)

// begin initiates an upload and returns its id.
func (r *rig) begin(t *testing.T, target string, headers ...string) string {
	t.Helper()
	a := r.must(t, "POST", target+"?uploads", "", headers...)
	return parse[initiateXML](t, a).UploadID
}

// part uploads a part and returns its ETag as it was answered.
func (r *rig) part(
	t *testing.T, target, id string, number int, body string, headers ...string,
) string {
	t.Helper()
	a := r.must(t, "PUT", partTarget(target, id, number), body, headers...)
	return a.get("ETag")
}

func partTarget(target, id string, number int) string {
	return fmt.Sprintf("%s?partNumber=%d&uploadId=%s", target, number, id)
}

// completeBody lists parts given as number, ETag, ...
func completeBody(numbersAndETags ...any) string {
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for i := 0; i+1 < len(numbersAndETags); i += 2 {
		fmt.Fprintf(&b, "<Part><PartNumber>%v</PartNumber><ETag>%v</ETag></Part>",
			numbersAndETags[i], numbersAndETags[i+1])
	}
	return b.String() + "</CompleteMultipartUpload>"
}

func TestMultipartInEveryMode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		initiate, part, read []string
		mode                 string
		echo                 map[string]string
	}{
		"none": {mode: "NONE", echo: map[string]string{headerSSE: "-", headerCustomerMD5: "-"}},
		"cos": {
			initiate: []string{"x-cos-server-side-encryption: AES256"}, mode: "SSE-COS",
			echo: map[string]string{headerSSE: "AES256", headerKMSKey: "-", headerCustomerMD5: "-"},
		},
		"kms": {
			initiate: []string{"x-cos-server-side-encryption: cos/kms"}, mode: "SSE-KMS",
			echo: map[string]string{headerSSE: "cos/kms", headerKMSKey: DefaultKMSKey},
		},
		"customer-key": {
			initiate: withKey(keyOne), part: withKey(keyOne), read: withKey(keyOne), mode: "SSE-C",
			echo: map[string]string{
				headerSSE: "-", headerCustomerAlgo: "AES256",
				headerCustomerMD5: "U5L61r7jcwdNvT7frmUG8g==",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			a := r.must(t, "POST", "/key?uploads", "", test.initiate...)
			a.check(t, "initiate", test.echo)
			id := parse[initiateXML](t, a).UploadID
			// The parts arrive in any order.
			second := r.must(t, "PUT", partTarget("/key", id, 2), "tail", test.part...)
			second.check(t, "part", test.echo)
			second.check(t, "part", map[string]string{headerCRC64: crcText("tail")})
			first := r.part(t, "/key", id, 1, mebibyte, test.part...)
			a = r.must(t, "POST", "/key?uploadId="+id, completeBody(1, first, 2, second.get("ETag")))
			a.check(t, "complete", test.echo)
			a.check(t, "complete", map[string]string{headerCRC64: crcText(mebibyte + "tail")})
			etag := parse[completeXML](t, a).ETag
			if len(etag) != 36 || !strings.HasSuffix(etag, `-2"`) {
				t.Errorf("ETag = %s, want 32 digits and the number of parts", etag)
			}
			a = r.must(t, "GET", "/key", "", test.read...)
			a.check(t, "get", test.echo)
			a.check(t, "get", map[string]string{
				headerCRC64: crcText(mebibyte + "tail"), headerETag: etag,
			})
			if a.body != mebibyte+"tail" {
				t.Error("the object is not its parts in order")
			}
			for _, entry := range r.Journal() {
				if entry.SSEMode != test.mode {
					t.Errorf("journal: %s has mode %s", entry.Op, entry.SSEMode)
				}
			}
		})
	}
}

func TestPartETagsFollowTheMode(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	plain, keyed := r.begin(t, "/key"), r.begin(t, "/key", withKey(keyOne)...)
	if got := r.part(t, "/key", plain, 1, "body"); got != `"`+md5Hex("body")+`"` {
		t.Errorf("plain part = %s, want the MD5", got)
	}
	got := r.part(t, "/key", keyed, 1, "body", withKey(keyOne)...)
	again := r.part(t, "/key", keyed, 2, "body", withKey(keyOne)...)
	if got == `"`+md5Hex("body")+`"` || got != again {
		t.Errorf("parts under a key = %s and %s, want one ETag that is not the MD5", got, again)
	}
}

func TestMultipartETagsAreNotOfTheBytes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	etags := map[string]bool{}
	for range 2 {
		id := r.begin(t, "/key")
		part := r.part(t, "/key", id, 1, "body")
		a := r.must(t, "POST", "/key?uploadId="+id, completeBody(1, part))
		etags[parse[completeXML](t, a).ETag] = true
	}
	if len(etags) != 2 {
		t.Errorf("two uploads of the same part have one ETag: %v", etags)
	}
}

func TestMultipartKeepsWhatInitiateSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.begin(t, "/key", "Content-Type: text/csv", "x-cos-meta-team: finance",
		"x-cos-storage-class: Standard_IA", "x-cos-tagging: a=b", "x-cos-acl: public-read")
	part := r.part(t, "/key", id, 1, "body")
	r.must(t, "POST", "/key?uploadId="+id, completeBody(1, part))
	r.run(t,
		step{
			method: "HEAD", target: "/key", status: 200, want: map[string]string{
				"Content-Type": "text/csv", "x-cos-meta-team": "finance",
				"x-cos-storage-class": "STANDARD_IA",
			},
		},
		step{
			method: "GET", target: "/key?tagging", status: 200,
			answer: "<Tag><Key>a</Key><Value>b</Value></Tag>",
		},
		step{
			method: "GET", target: "/key?acl", status: 200,
			want: map[string]string{"x-cos-acl": "public-read"},
		},
	)
}

func TestPartRefusals(t *testing.T) {
	t.Parallel()
	badMD5 := []string{"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="}
	sseCOS := []string{"x-cos-server-side-encryption: AES256"}
	sseKMS := []string{"x-cos-server-side-encryption: cos/kms", headerKMSKey + ": " + secondKMSKey}
	const part = "/key?partNumber=1&uploadId="
	tests := map[string]struct {
		initiate, headers []string
		target            string // the upload id follows
		status            int
		code              string
	}{
		"good":          {nil, nil, "/key?partNumber=10000&uploadId=", 200, ""},
		"number-0":      {nil, nil, "/key?partNumber=0&uploadId=", 400, "InvalidArgument"},
		"number-10001":  {nil, nil, "/key?partNumber=10001&uploadId=", 400, "InvalidArgument"},
		"no-number":     {nil, nil, "/key?uploadId=", 400, "InvalidArgument"},
		"unknown":       {nil, nil, "/key?partNumber=1&uploadId=x", 404, "NoSuchUpload"},
		"another-key":   {nil, nil, "/other?partNumber=1&uploadId=", 404, "NoSuchUpload"},
		"sse-header":    {nil, sseCOS, part, 400, "InvalidArgument"},
		"same-sse":      {sseCOS, sseCOS, part, 200, ""},
		"other-sse":     {[]string{"x-cos-server-side-encryption: SM4"}, sseCOS, part, 400, "InvalidArgument"},
		"same-kms":      {sseKMS, sseKMS, part, 200, ""},
		"kms-by-mode":   {sseKMS, sseKMS[:1], part, 200, ""},
		"other-kms-key": {sseKMS[:1], sseKMS, part, 400, "InvalidArgument"},
		"sse-with-key":  {withKey(keyOne), sseCOS, part, 400, "InvalidArgument"},
		"needless-key":  {nil, withKey(keyOne), part, 400, "InvalidRequest"},
		"good-key":      {withKey(keyOne), withKey(keyOne), part, 200, ""},
		"missing-key":   {withKey(keyOne), nil, part, 400, "InvalidRequest"},
		"wrong-key":     {withKey(keyOne), withKey(keyTwo), part, 403, "AccessDenied"},
		"partial-key":   {withKey(keyOne), withKey(keyOne)[:2], part, 400, "InvalidArgument"},
		"wrong-content": {nil, badMD5, part, 400, "BadDigest"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.begin(t, "/key", test.initiate...)
			r.do("PUT", test.target+id, "body", test.headers...).expect(t, test.status, test.code)
		})
	}
}

func TestPartNeedsContentLength(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{})
	id := parse[initiateXML](t, c.do("POST", "/key?uploads", "")).UploadID
	a := c.chunked("PUT", partTarget("/key", id, 1), "body")
	a.expect(t, 411, "MissingContentLength")
}

func TestCompleteRefusals(t *testing.T) {
	t.Parallel()
	// etag returns the quoted ETag of a body; the parts are mebibyte, mebibyte+"2", small and x.
	etag := func(body string) string { return `"` + md5Hex(body) + `"` }
	one, two, small, x := etag(mebibyte), etag(mebibyte+"2"), etag("small"), etag("x")
	tests := map[string]struct {
		body   string
		status int
		code   string
	}{
		"good":             {completeBody(1, one, 2, two), 200, ""},
		"not-from-1":       {completeBody(2, two), 200, ""},
		"bare-etag":        {completeBody(1, md5Hex(mebibyte)), 200, ""},
		"last-is-small":    {completeBody(2, two, 3, small), 200, ""},
		"no-xml":           {"parts", 400, "MalformedXML"},
		"other-document":   {"<Tagging></Tagging>", 400, "MalformedXML"},
		"no-parts":         {completeBody(), 400, "MalformedXML"},
		"descending":       {completeBody(2, two, 1, one), 400, "InvalidPartOrder"},
		"twice":            {completeBody(1, one, 1, one), 400, "InvalidPartOrder"},
		"unknown":          {completeBody(1, one, 5, one), 400, "InvalidPart"},
		"other-etag":       {completeBody(1, one, 2, one), 400, "InvalidPart"},
		"gap":              {completeBody(1, one, 3, small), 400, "InvalidPart"},
		"small-in-between": {completeBody(3, small, 4, x), 400, "EntityTooSmall"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.begin(t, "/key")
			for i, body := range []string{mebibyte, mebibyte + "2", "small", "x"} {
				r.part(t, "/key", id, i+1, body)
			}
			r.do("POST", "/key?uploadId="+id, test.body).expect(t, test.status, test.code)
			// A refused Complete leaves the upload as it was.
			want := 200
			if test.status == 200 {
				want = 404
			}
			if got := r.do("GET", "/key?uploadId="+id, "").status; got != want {
				t.Errorf("ListParts afterwards = %d, want %d", got, want)
			}
		})
	}
}

func TestCompleteDoesNotOverwriteWhenAskedNotTo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		host   string
		status int
		code   string
	}{
		"plain":     {plainHost, 409, "FileAlreadyExists"},
		"versioned": {versionedHost, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			target := test.host + "/key"
			id := r.begin(t, target)
			part := r.part(t, target, id, 1, "new")
			r.must(t, "PUT", target, "old")
			a := r.do("POST", target+"?uploadId="+id, completeBody(1, part),
				"x-cos-forbid-overwrite: true")
			a.expect(t, test.status, test.code)
			a = r.do("POST", target+"?uploadId="+id, completeBody(1, part))
			if name == "plain" {
				a.expect(t, 200, "")
			}
		})
	}
}

func TestCompleteMakesAVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := versionedHost + "/key"
	r.must(t, "PUT", target, "old")
	id := r.begin(t, target)
	part := r.part(t, target, id, 1, "new")
	a := r.must(t, "POST", target+"?uploadId="+id, completeBody(1, part))
	version := a.get(headerVersionID)
	a = r.must(t, "GET", target+"?versionId="+version, "")
	if version == "" || a.body != "new" {
		t.Errorf("version %q holds %q", version, a.body)
	}
}

func TestAbortForgetsTheUpload(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.begin(t, "/key")
	r.part(t, "/key", id, 1, "body")
	r.run(t,
		step{method: "DELETE", target: "/other?uploadId=" + id, status: 404, code: "NoSuchUpload"},
		step{method: "DELETE", target: "/key?uploadId=" + id, status: 204},
		step{method: "DELETE", target: "/key?uploadId=" + id, status: 404, code: "NoSuchUpload"},
		step{
			method: "PUT", target: partTarget("/key", id, 2), body: "x", status: 404,
			code: "NoSuchUpload",
		},
		step{method: "HEAD", target: "/key", status: 404},
	)
}

func TestCompleteSendsSpacesFirst(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{CompleteDelay: 3 * keepAlive})
	id := parse[initiateXML](t, c.do("POST", "/key?uploads", "")).UploadID
	part := c.do("PUT", partTarget("/key", id, 1), "body").get("ETag")
	a := c.do("POST", "/key?uploadId="+id, completeBody(1, part))
	a.expect(t, 200, "")
	if !strings.HasPrefix(a.body, "   <?xml") || a.get("Content-Length") != "" {
		t.Errorf("body = %q, Content-Length %q", a.body, a.get("Content-Length"))
	}
}

func TestDiscardKeepsDigestsOfLargeParts(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Discard = true })
	id := r.begin(t, "/key")
	large := mebibyte + "more than one mebibyte"
	first := r.part(t, "/key", id, 1, large)
	second := r.part(t, "/key", id, 2, "tail")
	r.must(t, "POST", "/key?uploadId="+id, completeBody(1, first, 2, second))
	a := r.must(t, "GET", "/key", "")
	a.check(t, "get", map[string]string{headerCRC64: crcText(large + "tail")})
	if len(a.body) != len(large)+4 || strings.Trim(a.body, "\x00") != "" {
		t.Errorf("the discarded body has %d bytes, or others than zero", len(a.body))
	}
}

func TestUploadIDsHaveCOSsForm(t *testing.T) {
	t.Parallel()
	now := time.Unix(1585130821, 0)
	id := newUploadID(now)
	if len(id) != 74 || !strings.HasPrefix(id, "1585130821") ||
		strings.Trim(id, "0123456789abcdef") != "" || id == newUploadID(now) {
		t.Errorf("upload id = %q", id)
	}
}

func TestCombineCRC64(t *testing.T) {
	t.Parallel()
	body := []byte(mebibyte[:5000])
	whole := crc64.Checksum(body, crcTable)
	for _, cut := range []int{0, 1, 7, 8, 1023, 4999, 5000} {
		t.Run(strconv.Itoa(cut), func(t *testing.T) {
			t.Parallel()
			first, second := crc64.Checksum(body[:cut], crcTable), crc64.Checksum(body[cut:], crcTable)
			if got := combineCRC64(first, second, int64(len(body)-cut)); got != whole {
				t.Errorf("combined = %x, want %x", got, whole)
			}
		})
	}
}
