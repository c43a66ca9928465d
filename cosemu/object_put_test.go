package cosemu

import (
	"crypto/md5"
	"encoding/base64"
	"io"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func base64MD5(body string) string {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// TestPutChecks shows what a PUT is refused for, and that a refused one stores nothing.
func TestPutChecks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", maxKeyBytes)
	cases := map[string]struct {
		target  string
		headers []string
		code    string
	}{
		"content md5 of another body": {"/a", []string{"Content-MD5: " + base64MD5("y")}, "BadDigest"},
		"content md5 in hex":          {"/a", []string{"Content-MD5: " + md5Hex("x")}, "InvalidDigest"},
		"key of 851 bytes":            {"/" + long + "k", nil, "KeyTooLong"},
		"key with a slash first":      {"//a", nil, "InvalidURI"},
		"key with a backslash first":  {"/%5Ca", nil, "InvalidURI"},
		"key with character 24":       {"/a%18", nil, "InvalidURI"},
		"key with character 27":       {"/a%1B", nil, "InvalidURI"},
		"key not utf-8":               {"/a%FF", nil, "InvalidURI"},
		"unknown class": {
			"/a", []string{"x-cos-storage-class: COLD"}, "NotSupportedStorageClass",
		},
		"unknown acl": {"/a", []string{"x-cos-acl: nobody"}, "InvalidArgument"},
		"metadata of 2 KB and a byte": {
			"/a", []string{"x-cos-meta-a: " + strings.Repeat("v", 2048)}, "KeyTooLong",
		},
		"metadata above 4 KB": {
			"/a", []string{
				"x-cos-meta-a: " + strings.Repeat("v", 2047), "x-cos-meta-b: " + strings.Repeat("v", 2047),
				"x-cos-meta-c: ", "x-cos-meta-d: v",
			}, "KeyTooLong",
		},
		"metadata name with _":     {"/a", []string{"x-cos-meta-a_b: x"}, "InvalidArgument"},
		"metadata name with a dot": {"/a", []string{"x-cos-meta-a.b: x"}, "InvalidArgument"},
		"metadata without a name":  {"/a", []string{"x-cos-meta-: x"}, "InvalidArgument"},
		"eleven tags":              {"/a", []string{"x-cos-tagging: " + tagList(11)}, "InvalidTag"},
		"traffic limit too low":    {"/a", []string{"x-cos-traffic-limit: 819199"}, "InvalidArgument"},
		"traffic limit too high": {
			"/a", []string{"x-cos-traffic-limit: 838860801"}, "InvalidArgument",
		},
		"traffic limit no number": {"/a", []string{"x-cos-traffic-limit: fast"}, "InvalidArgument"},
		"image processing":        {"/a", []string{"Pic-Operations: {}"}, "NotImplemented"},
		"callback":                {"/a", []string{"x-cos-callback: e30="}, "NotImplemented"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newRig(t).run(t,
				step{
					method: "PUT", target: c.target, body: "x", headers: c.headers,
					status: statusOf[c.code], code: c.code,
				},
				step{method: "HEAD", target: c.target, status: 404},
			)
		})
	}
}

func tagList(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, "k"+strconv.Itoa(i)+"=v")
	}
	return strings.Join(fields, "&")
}

// TestPutAccepts shows the largest that the limits allow.
func TestPutAccepts(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		target  string
		headers []string
	}{
		"content md5":       {"/a", []string{"Content-MD5: " + base64MD5("x")}},
		"key of 850 bytes":  {"/" + strings.Repeat("k", maxKeyBytes), nil},
		"key with anything": {"/a%20b%2Bc%281%29%25%E4%B8%AD?", nil},
		"metadata of 4 KB": {"/a", []string{
			"x-cos-meta-a: " + strings.Repeat("v", 2047), "x-cos-meta-b: " + strings.Repeat("v", 2047),
		}},
		"ten tags":          {"/a", []string{"x-cos-tagging: " + tagList(10)}},
		"canned acl":        {"/a", []string{"x-cos-acl: public-read"}},
		"traffic limit":     {"/a", []string{"x-cos-traffic-limit: 819200"}},
		"class in any case": {"/a", []string{"x-cos-storage-class: Deep_Archive"}},
		"forbid overwrite":  {"/a", []string{"x-cos-forbid-overwrite: true"}},
		"if-none-match":     {"/a", []string{"If-None-Match: *"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newRig(t).run(t,
				step{method: "PUT", target: c.target, body: "x", headers: c.headers, status: 200},
				step{method: "HEAD", target: c.target, status: 200},
			)
		})
	}
}

// TestPutKeepsTagsAndACL shows that x-cos-tagging and x-cos-acl of a PUT are what the object has,
// and that the next PUT without them leaves none.
func TestPutKeepsTagsAndACL(t *testing.T) {
	t.Parallel()
	newRig(t).run(t,
		step{
			method: "PUT", target: "/a", status: 200,
			headers: []string{"x-cos-tagging: team=a%20b&x=%2F", "x-cos-acl: public-read"},
		},
		step{
			method: "GET", target: "/a?tagging", status: 200,
			answer: "<Tag><Key>team</Key><Value>a b</Value></Tag><Tag><Key>x</Key><Value>/</Value></Tag>",
		},
		step{method: "GET", target: "/a?acl", status: 200, answer: "<Permission>READ</Permission>"},
		step{method: "PUT", target: "/a", status: 200},
		step{method: "GET", target: "/a?tagging", status: 200, answer: "<TagSet></TagSet>"},
		step{
			method: "GET", target: "/a?acl", status: 200,
			want: map[string]string{"x-cos-acl": "default"},
		},
	)
}

// TestForbidOverwrite shows that the header guards a key, and that it has no effect once the
// bucket has or had versioning.
func TestForbidOverwrite(t *testing.T) {
	t.Parallel()
	forbid := []string{"x-cos-forbid-overwrite: true"}
	copied := append(forbid, "x-cos-copy-source: "+plainHost+"/a")
	scenarios(t, map[string][]step{
		"never versioned": {
			{method: "PUT", target: "/a", body: "1", headers: forbid, status: 200},
			{
				method: "PUT", target: "/a", body: "2", headers: forbid, status: 409, code: "FileAlreadyExists",
			},
			{method: "GET", target: "/a", status: 200, answer: "1"},
			{
				method: "PUT", target: "/a", body: "3", status: 200,
				headers: []string{"x-cos-forbid-overwrite: false"},
			},
			{method: "PUT", target: "/b", headers: copied, status: 200},
			{method: "PUT", target: "/b", headers: copied, status: 409, code: "FileAlreadyExists"},
			{method: "DELETE", target: "/a", status: 204},
			{method: "PUT", target: "/a", body: "4", headers: forbid, status: 200},
		},
		"versioned": {
			{method: "PUT", target: versionedHost + "/a", body: "1", headers: forbid, status: 200},
			{method: "PUT", target: versionedHost + "/a", body: "2", headers: forbid, status: 200},
		},
		"suspended": {
			{method: "PUT", target: versionedHost + "/?versioning", body: suspend, status: 200},
			{method: "PUT", target: versionedHost + "/a", body: "1", headers: forbid, status: 200},
			{method: "PUT", target: versionedHost + "/a", body: "2", headers: forbid, status: 200},
		},
	})
}

// TestForbidOverwriteIsAtomic shows that of concurrent guarded writes exactly one succeeds.
func TestForbidOverwriteIsAtomic(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var wait sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		wait.Go(func() {
			statuses[i] = r.do("PUT", "/a", strconv.Itoa(i), "x-cos-forbid-overwrite: true").status
		})
	}
	wait.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[200] != 1 || count[409] != len(statuses)-1 {
		t.Errorf("the statuses are %v", count)
	}
}

// TestPutOfAShortBody shows that a body that breaks off or ends early stores nothing.
func TestPutOfAShortBody(t *testing.T) {
	t.Parallel()
	five := func() io.Reader { return strings.NewReader("12345") }
	cut := func() io.Reader { return iotest.TimeoutReader(iotest.OneByteReader(five())) }
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
	}{
		"cut with a length":    {cut(), 10},
		"cut without a length": {cut(), -1},
		"shorter than said":    {five(), 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			request := httptest.NewRequest("PUT", "https://"+plainHost+"/a", c.body)
			request.ContentLength = c.length
			recorder := httptest.NewRecorder()
			r.ServeHTTP(recorder, request)
			if recorder.Code != 400 || !strings.Contains(recorder.Body.String(), "IncompleteBody") {
				t.Errorf("%d %s", recorder.Code, recorder.Body)
			}
			r.run(t, step{method: "HEAD", target: "/a", status: 404})
		})
	}
}

// TestBodiesAcrossPieces shows that bodies around the size of a piece come back as they were.
func TestBodiesAcrossPieces(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3*pieceSize + 7} {
		for _, length := range []int64{int64(size), -1} {
			t.Run(strconv.Itoa(size)+"/"+strconv.FormatInt(length, 10), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				body := strings.Repeat("abcdefghijklm", size/13+1)[:size]
				request := httptest.NewRequest("PUT", "https://"+plainHost+"/a", strings.NewReader(body))
				request.ContentLength = length
				recorder := httptest.NewRecorder()
				r.ServeHTTP(recorder, request)
				a := r.must(t, "GET", "/a", "")
				if a.body != body || a.get(headerCRC64) != crcText(body) ||
					a.get("ETag") != `"`+md5Hex(body)+`"` {
					t.Errorf("%d bytes with ETag %s", len(a.body), a.get("ETag"))
				}
			})
		}
	}
}

// TestDiscard shows that large bodies are not kept, small ones are, and that ETag, CRC64 and size
// are right all the same.
func TestDiscard(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Discard = true })
	large := strings.Repeat("x", discardAbove+1)
	small := strings.Repeat("x", discardAbove)
	want := map[string]string{
		"ETag": `"` + md5Hex(large) + `"`, headerCRC64: crcText(large),
	}
	r.must(t, "PUT", "/large", large).check(t, "PUT", want)
	r.must(t, "PUT", "/small", small)
	want["Content-Length"] = strconv.Itoa(len(large))
	r.must(t, "HEAD", "/large", "").check(t, "HEAD", want)
	if got := r.must(t, "GET", "/large", "").body; got != strings.Repeat("\x00", len(large)) {
		t.Errorf("%d bytes that are not all zero", len(got))
	}
	if got := r.must(t, "GET", "/small", "").body; got != small {
		t.Errorf("the small body has %d other bytes", len(got))
	}
	copied := r.must(t, "PUT", "/copy", "", "x-cos-copy-source: "+plainHost+"/large")
	if !strings.Contains(copied.body, crcText(large)) {
		t.Errorf("the copy of a discarded body has another CRC64: %s", copied.body)
	}
	v := r.store.find(plainBucket, "ap-guangzhou").current("large")
	if len(v.body.pieces) != 0 || v.body.size != int64(len(large)) {
		t.Errorf("%d pieces are kept of %d bytes", len(v.body.pieces), v.body.size)
	}
}

// zeros is a body of n zero bytes that takes no memory.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), z.n)
	clear(p[:n])
	if z.n -= n; z.n == 0 && n == 0 {
		return 0, io.EOF
	}
	return int(n), nil
}

// TestDiscardStreams shows that a body 64 times as large as a piece passes in a few pieces' memory.
// It does not run in parallel because it measures the process's allocations.
//
//nolint:paralleltest // It counts what the process allocates.
func TestDiscardStreams(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Discard = true })
	request := httptest.NewRequest("PUT", "https://"+plainHost+"/a", &zeros{64 * pieceSize})
	request.ContentLength = 64 * pieceSize
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.ServeHTTP(httptest.NewRecorder(), request)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*pieceSize {
		t.Errorf("%d bytes were allocated", used)
	}
	r.run(t, step{method: "HEAD", target: "/a", status: 200, want: map[string]string{
		"Content-Length": strconv.Itoa(64 * pieceSize),
	}})
}

// TestTooLargeBody shows the limit of 5 GB without sending as much.
func TestTooLargeBody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	request := httptest.NewRequest("PUT", "https://"+plainHost+"/a", strings.NewReader("x"))
	request.ContentLength = maxObjectSize + 1
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	if recorder.Code != 400 || !strings.Contains(recorder.Body.String(), "EntityTooLarge") {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}

// TestLockedObject shows that a locked object is neither replaced nor deleted until the lock ends,
// and that with versioning enabled only deleting the version is refused.
func TestLockedObject(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	until := r.clock.read().Add(time.Hour)
	version := r.must(t, "PUT", versionedHost+"/a", "1").get(headerVersionID)
	r.must(t, "PUT", "/a", "1")
	for _, b := range []string{plainBucket, versionedBucket} {
		if err := r.LockObject(b, "a", until); err != nil {
			t.Fatal(err)
		}
	}
	copied := []string{"x-cos-copy-source: " + plainHost + "/a", "x-cos-metadata-directive: Replaced"}
	r.run(t,
		step{method: "PUT", target: "/a", body: "2", status: 409, code: "ObjectLocked"},
		step{method: "PUT", target: "/a", headers: copied, status: 409, code: "ObjectLocked"},
		step{method: "DELETE", target: "/a", status: 409, code: "ObjectLocked"},
		step{method: "DELETE", target: "/a?versionId=null", status: 409, code: "ObjectLocked"},
		step{method: "GET", target: "/a", status: 200, answer: "1"},
		step{method: "PUT", target: versionedHost + "/a", body: "2", status: 200},
		step{method: "DELETE", target: versionedHost + "/a", status: 204},
		step{
			method: "DELETE", target: versionedHost + "/a?versionId=" + version,
			status: 409, code: "ObjectLocked",
		},
	)
	r.clock.advance(time.Hour)
	r.run(t,
		step{method: "PUT", target: "/a", body: "3", status: 200},
		step{method: "DELETE", target: versionedHost + "/a?versionId=" + version, status: 204},
	)
}
