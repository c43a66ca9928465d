package cosemu

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

var bulkDate = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)

func withObjects(n int) func(*Config) { return func(c *Config) { c.Objects = n } }

func TestBulkObjectsAreObjects(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("cosemu 00000042\n", 64)
	newRig(t, withObjects(200)).run(t,
		step{method: "GET", target: "/bulk/00000042", status: 200, answer: body, want: map[string]string{
			headerSSE: "AES256", headerETag: `"` + md5Hex(body) + `"`, headerCRC64: crcText(body),
			"Content-Length": "1024", "Last-Modified": bulkDate.Format(http.TimeFormat),
		}},
		step{method: "HEAD", target: "/bulk/00000099", status: 200, want: map[string]string{
			headerSSE: "-", "Content-Length": "1024",
		}},
		step{method: "HEAD", target: "/bulk/00000199", status: 200, want: map[string]string{headerSSE: "-"}},
		step{method: "HEAD", target: "/bulk/00000100", status: 200, want: map[string]string{headerSSE: "*"}},
		step{method: "HEAD", target: "/bulk/00000200", status: 404},
		step{method: "HEAD", target: "/bulk/0000042", status: 404},
		step{method: "HEAD", target: "/bulk/-0000042", status: 404},
		step{method: "HEAD", target: "/bulk/000000420", status: 404},
		step{
			method: "PUT", target: "/bulk/00000042", status: 409, code: "FileAlreadyExists",
			headers: []string{"x-cos-forbid-overwrite: true"},
		},
	)
}

// TestBulkObjectsChange does to objects by formula whatever can be done to an object.
func TestBulkObjectsChange(t *testing.T) {
	t.Parallel()
	target, key := "/bulk/00000005", "bulk/00000005"
	kms := "x-cos-server-side-encryption: cos/kms"
	onto := []string{copyFrom(plainHost + target), replaced, kms}
	head := func(want map[string]string) step {
		return step{method: "HEAD", target: target, status: 200, want: want}
	}
	scenarios(t, map[string][]step{
		"rewritten": {
			{method: "PUT", target: target, body: "new", status: 200},
			head(map[string]string{"Content-Length": "3", headerSSE: "-"}),
		},
		"copied-onto-itself": {
			{method: "PUT", target: target, status: 400, code: "InvalidRequest", headers: onto[:1]},
			{method: "PUT", target: target, status: 200, headers: onto},
			head(map[string]string{"Content-Length": "1024", headerSSE: "cos/kms"}),
		},
		"tagged": {
			{
				method: "PUT", target: target + "?tagging", status: 204,
				body: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
			},
			{method: "GET", target: target + "?tagging", status: 200, answer: "<Key>a</Key>"},
			head(map[string]string{headerSSE: "AES256", "Content-Length": "1024"}),
		},
		"acl": {
			{method: "PUT", target: target + "?acl", status: 200, headers: []string{"x-cos-acl: private"}},
			{method: "GET", target: target + "?acl", status: 200, want: map[string]string{"x-cos-acl": "private"}},
		},
		"deleted": {
			{method: "DELETE", target: target, status: 204},
			{method: "HEAD", target: target, status: 404},
			{method: "PUT", target: target, body: "new", status: 200},
			head(map[string]string{"Content-Length": "3"}),
			{method: "DELETE", target: target, status: 204},
			{method: "HEAD", target: target, status: 404},
		},
		"versioned-later": {
			{method: "PUT", target: "/?versioning", body: enable, status: 200},
			{method: "PUT", target: target, body: "new", status: 200},
			head(map[string]string{"Content-Length": "3"}),
			{method: "HEAD", target: target + "?versionId=null", status: 200, want: map[string]string{
				"Content-Length": "1024", headerSSE: "AES256",
			}},
			{method: "DELETE", target: "/bulk/00000006", status: 204},
			{method: "HEAD", target: "/bulk/00000006", status: 404},
			{method: "HEAD", target: "/bulk/00000006?versionId=null", status: 200},
		},
	}, withObjects(10))
	r := newRig(t, withObjects(10))
	if err := r.AgeObject(plainBucket, key, time.Hour); err != nil {
		t.Fatal(err)
	}
	aged := bulkDate.Add(-time.Hour).Format(http.TimeFormat)
	r.run(t, head(map[string]string{"Last-Modified": aged}))
}

// TestBulkListings walks all listings with objects by formula between others.
func TestBulkListings(t *testing.T) {
	t.Parallel()
	r := newRig(t, withObjects(2500))
	for _, key := range []string{"a", "bulk/00000007.txt", "bulk/0000000", "c/1", "c/2"} {
		r.must(t, "PUT", "/"+key, "x")
	}
	r.must(t, "DELETE", "/bulk/00000100", "")
	r.must(t, "PUT", "/bulk/00001000", "x")
	for query, want := range map[string]string{
		"":                                 "2504: a bulk/0000000 ... c/2",
		"prefix=bulk/":                     "2501: bulk/0000000 bulk/00000000 ... bulk/00002499",
		"prefix=bulk/0000010":              "9: bulk/00000101 bulk/00000102 ... bulk/00000109",
		"delimiter=/":                      "3: a bulk/ ... c/",
		"prefix=bulk/00000007":             "2: bulk/00000007 bulk/00000007.txt ... bulk/00000007.txt",
		"prefix=bulk/00000007&delimiter=.": "2: bulk/00000007 bulk/00000007. ... bulk/00000007.",
	} {
		keys := walkBulk(t, r, query)
		got := fmt.Sprint(len(keys), ": ", strings.Join(keys[:2], " "), " ... ", keys[len(keys)-1])
		if got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// walkBulk is all keys and groups of a listing, which has to be the same with the versions.
func walkBulk(t *testing.T, r *rig, query string) []string {
	t.Helper()
	var keys []string
	for marker := ""; ; {
		page := parse[listXML](t, r.must(t, "GET", "/?max-keys=1000&"+query+"&marker="+
			url.QueryEscape(marker), ""))
		for _, entry := range page.Contents {
			keys = append(keys, entry.Key)
		}
		for _, group := range page.CommonPrefixes {
			keys = append(keys, group.Prefix)
		}
		if !page.IsTruncated {
			break
		}
		marker = page.NextMarker
	}
	versions := 0
	for marker := ""; ; {
		page := parse[listVersionsXML](t, r.must(t, "GET", "/?versions&max-keys=1000&"+query+
			"&key-marker="+url.QueryEscape(marker), ""))
		versions += len(page.Versions) + len(page.CommonPrefixes)
		if !page.IsTruncated {
			break
		}
		marker = page.NextKeyMarker
	}
	if versions != len(keys) {
		t.Errorf("%q: %d versions of %d objects", query, versions, len(keys))
	}
	return keys
}

func TestBulkListingsLag(t *testing.T) {
	t.Parallel()
	r := newRig(t, withObjects(3), func(c *Config) { c.ListLag = time.Minute })
	r.must(t, "DELETE", "/bulk/00000001", "")
	r.must(t, "PUT", "/bulk/00000002", "x")
	r.run(t,
		step{method: "GET", target: "/", status: 200, answer: "bulk/00000001"},
		step{method: "GET", target: "/?prefix=bulk/00000002", status: 200, answer: "<Size>1024</Size>"},
	)
	r.clock.advance(time.Hour)
	r.run(t, step{method: "GET", target: "/?prefix=bulk/00000002", status: 200, answer: "<Size>1</Size>"})
	if a := r.do("GET", "/", ""); strings.Contains(a.body, "bulk/00000001") {
		t.Errorf("the deleted object is still listed: %s", a.body)
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]Config{
		"no-bucket": {Objects: 1}, "negative": {Objects: -1, Buckets: []string{plainBucket}},
		"too-many": {Objects: maxBulk + 1, Buckets: []string{plainBucket}},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestBulkIsInTheFirstBucket(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]Config{
		"plain":     {Buckets: []string{plainBucket}, VersionedBuckets: []string{versionedBucket}},
		"versioned": {VersionedBuckets: []string{plainBucket, versionedBucket}},
	} {
		config.Objects = 1
		s, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		if s.store.find(plainBucket, defaultRegion).current("bulk/00000000") == nil {
			t.Errorf("%s: the first bucket has no objects", name)
		}
		if s.store.find(versionedBucket, defaultRegion).current("bulk/00000000") != nil {
			t.Errorf("%s: the second bucket has objects", name)
		}
	}
}

// BenchmarkBulk lists and looks at many objects and says what that takes.
func BenchmarkBulk(b *testing.B) {
	for _, count := range []int{100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			s, err := New(Config{Buckets: []string{plainBucket}, Objects: count})
			if err != nil {
				b.Fatal(err)
			}
			s.trusting = true
			ask := func(method, target string) *httptest.ResponseRecorder {
				recorder := httptest.NewRecorder()
				s.ServeHTTP(recorder, httptest.NewRequest(method, "https://"+plainHost+target, nil))
				return recorder
			}
			b.ResetTimer()
			for i := range b.N {
				if i%2 == 0 {
					ask("GET", "/?marker="+url.QueryEscape(bulkKey(i*7919%count)))
				} else if a := ask("HEAD", "/"+bulkKey(i*7919%count)); a.Code != 200 {
					b.Fatal(a.Code)
				}
			}
			b.StopTimer()
			var memory runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "heap-MiB")
			runtime.KeepAlive(s)
		})
	}
}
