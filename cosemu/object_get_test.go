package cosemu

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestGetDescribesObject shows what GET and HEAD say about an object, and what they leave out.
func TestGetDescribesObject(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	written := []string{
		"Content-Type: text/csv", "Cache-Control: no-cache", "Content-Disposition: inline",
		"Content-Encoding: gzip", "Content-Language: de", "Expires: Thu, 01 Jan 2026 00:00:00 GMT",
		"x-cos-meta-Owner: Anna", "x-cos-storage-class: Standard_IA",
	}
	want := map[string]string{
		"Content-Type": "text/csv", "Cache-Control": "no-cache", "Content-Disposition": "inline",
		"Content-Encoding": "gzip", "Content-Language": "de",
		"Expires": "Thu, 01 Jan 2026 00:00:00 GMT", "x-cos-meta-owner": "Anna",
		headerClass: "STANDARD_IA", "ETag": `"` + objectContentMD5 + `"`,
		headerCRC64: objectContentCRC64, "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
		"Content-Length": "16", "Server": "tencent-cos", headerRequestID: "*",
		headerTraceID: "-", headerVersionID: "-", "x-cos-restore": "-",
	}
	r.must(t, "PUT", "/a", objectContent, written...)
	r.must(t, "PUT", "/plain", objectContent)
	r.run(t,
		step{method: "GET", target: "/a", status: 200, want: want, answer: objectContent},
		step{method: "GET", target: "/a", status: 200, want: map[string]string{"Accept-Ranges": "bytes"}},
		step{method: "HEAD", target: "/a", status: 200, want: want},
		step{method: "HEAD", target: "/a", status: 200, want: map[string]string{"Accept-Ranges": "-"}},
		step{method: "HEAD", target: "/plain", status: 200, want: map[string]string{
			headerClass: "-", "Content-Type": "application/octet-stream", "x-cos-storage-tier": "-",
		}},
	)
	for _, name := range []string{headerRequestID, headerCRC64, "x-cos-meta-owner", headerETag} {
		if _, ok := r.do("GET", "/a", "").header[name]; !ok {
			t.Errorf("%s is not spelled like that", name)
		}
	}
}

func TestStorageTierIsShown(t *testing.T) {
	t.Parallel()
	newRig(t).run(t,
		step{
			method: "PUT", target: "/a", headers: []string{"x-cos-storage-class: intelligent_tiering"},
			status: 200,
		},
		step{method: "HEAD", target: "/a", status: 200, want: map[string]string{
			headerClass: "INTELLIGENT_TIERING", "x-cos-storage-tier": "FREQUENT",
		}},
	)
}

func TestGetOverridesHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", "x", "Content-Type: text/csv")
	query := "?response-content-type=application%2Foctet-stream&response-cache-control=max-age=600" +
		"&response-content-disposition=attachment&response-content-encoding=br" +
		"&response-content-language=fr&response-expires=never"
	r.run(t, step{method: "GET", target: "/a" + query, status: 200, want: map[string]string{
		"Content-Type": "application/octet-stream", "Cache-Control": "max-age=600",
		"Content-Disposition": "attachment", "Content-Encoding": "br", "Content-Language": "fr",
		"Expires": "never",
	}})
}

// TestRange shows every form of Range, on a body that is kept in several pieces.
func TestRange(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcdef", pieceSize/16) + "TAIL"
	size := len(body)
	total := "/" + strconv.Itoa(size)
	r := newRig(t)
	r.must(t, "PUT", "/a", body)
	r.must(t, "PUT", "/empty", "")
	cases := map[string]struct {
		target, header string
		status         int
		want           string // body
		span           string // Content-Range
	}{
		"first byte": {"/a", "bytes=0-0", 206, "0", "bytes 0-0" + total},
		"middle":     {"/a", "bytes=10-15", 206, "abcdef", "bytes 10-15" + total},
		"across pieces": {
			"/a", "bytes=1048574-1048577", 206, "efTA", "bytes 1048574-1048577" + total,
		},
		"from":              {"/a", "bytes=1048577-", 206, "AIL", "bytes 1048577-1048579" + total},
		"suffix":            {"/a", "bytes=-3", 206, "AIL", "bytes 1048577-1048579" + total},
		"suffix too long":   {"/a", "bytes=-9999999", 206, body, "bytes 0-1048579" + total},
		"end behind end":    {"/a", "bytes=1048579-9999999", 206, "L", "bytes 1048579-1048579" + total},
		"start behind end":  {"/a", "bytes=1048580-", 416, "", "-"},
		"of an empty":       {"/empty", "bytes=0-0", 416, "", "-"},
		"reversed":          {"/a", "bytes=5-3", 200, body, "-"},
		"two ranges":        {"/a", "bytes=0-1,3-4", 200, body, "-"},
		"another unit":      {"/a", "lines=0-1", 200, body, "-"},
		"no number":         {"/a", "bytes=x-y", 200, body, "-"},
		"neither":           {"/a", "bytes=-", 200, body, "-"},
		"suffix of nothing": {"/a", "bytes=-0", 200, body, "-"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := r.do("GET", c.target, "", "Range: "+c.header)
			if a.status != c.status || c.status < 300 && a.body != c.want {
				t.Fatalf("%d with %d bytes, want %d with %d", a.status, len(a.body), c.status, len(c.want))
			}
			a.check(t, "GET", map[string]string{"Content-Range": c.span})
			if c.status == http.StatusRequestedRangeNotSatisfiable {
				if a.code != "InvalidRange" {
					t.Errorf("the code is %s", a.code)
				}
				return
			}
			a.check(t, "GET", map[string]string{
				headerCRC64: crcText(body), "Content-Length": strconv.Itoa(len(c.want)),
			})
		})
	}
}

// TestReadConditions shows the four conditions of GET and HEAD and which one decides when two are
// given.
func TestReadConditions(t *testing.T) {
	t.Parallel()
	const (
		before = "Sun, 01 Mar 2026 11:59:59 GMT"
		same   = "Sun, 01 Mar 2026 12:00:00 GMT"
		after  = "Sun, 01 Mar 2026 12:00:01 GMT"
		good   = `"` + objectContentMD5 + `"`
		bad    = `"00000000000000000000000000000000"`
	)
	cases := map[string]struct {
		headers []string
		status  int
		code    string
	}{
		"match":                 {[]string{"If-Match: " + good}, 200, ""},
		"match without quotes":  {[]string{"If-Match: " + objectContentMD5}, 200, ""},
		"match of several":      {[]string{"If-Match: " + bad + ", " + good}, 200, ""},
		"match of any":          {[]string{"If-Match: *"}, 200, ""},
		"match of another":      {[]string{"If-Match: " + bad}, 412, "PreconditionFailed"},
		"none match":            {[]string{"If-None-Match: " + good}, 304, ""},
		"none match of any":     {[]string{"If-None-Match: *"}, 304, ""},
		"none match of another": {[]string{"If-None-Match: " + bad}, 200, ""},
		"modified since before": {[]string{"If-Modified-Since: " + before}, 200, ""},
		"modified since then":   {[]string{"If-Modified-Since: " + same}, 304, ""},
		"unmodified since then": {[]string{"If-Unmodified-Since: " + same}, 200, ""},
		"unmodified since":      {[]string{"If-Unmodified-Since: " + before}, 412, "PreconditionFailed"},
		"no date":               {[]string{"If-Modified-Since: yesterday"}, 400, "InvalidArgument"},
		"no date either":        {[]string{"If-Unmodified-Since: 2026-03-01"}, 400, "InvalidArgument"},
		"match over unmodified": {
			[]string{"If-Match: " + good, "If-Unmodified-Since: " + before}, 200, "",
		},
		"none match over date": {
			[]string{"If-None-Match: " + bad, "If-Modified-Since: " + after}, 200, "",
		},
		"match before none": {
			[]string{"If-Match: " + bad, "If-None-Match: " + good}, 412, "PreconditionFailed",
		},
		"match, then none match": {[]string{"If-Match: " + good, "If-None-Match: " + good}, 304, ""},
	}
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			get := r.do("GET", "/a", "", c.headers...)
			head := r.do("HEAD", "/a", "", c.headers...)
			if get.status != c.status || get.code != c.code || head.status != c.status {
				t.Errorf("GET %d %s, HEAD %d, want %d %s", get.status, get.code, head.status,
					c.status, c.code)
			}
			if c.status != 200 {
				get.check(t, "GET", map[string]string{headerTraceID: "*", headerRequestID: "*"})
			}
			if c.status == http.StatusNotModified {
				get.check(t, "GET", map[string]string{"ETag": good, "Content-Length": "0"})
			}
			if head.body != "" || c.status == http.StatusNotModified && get.body != "" {
				t.Error("there is a body")
			}
		})
	}
}

// TestArchivedObjectIsNotServed shows that HEAD works and GET and copies do not until a restore,
// and after the restored copy is gone.
func TestArchivedObjectIsNotServed(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"ARCHIVE", "DEEP_ARCHIVE", "MAZ_ARCHIVE"} {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			ofClass := "x-cos-storage-class: " + class
			from := []string{"x-cos-copy-source: " + plainHost + "/a", ofClass}
			r.must(t, "PUT", "/a", objectContent, ofClass)
			refused := []step{
				{method: "HEAD", target: "/a", status: 200, want: map[string]string{headerClass: class}},
				{method: "GET", target: "/a", status: 403, code: "InvalidObjectState"},
				{method: "PUT", target: "/b", headers: from, status: 403, code: "InvalidObjectState"},
			}
			r.run(t, refused...)
			now := r.clock.read()
			check(t, r.change(plainBucket, "a", func(v *version) {
				v.restore = &restoreState{tier: "Standard", ready: now, expires: now.Add(time.Hour)}
			}))
			r.run(t,
				step{method: "GET", target: "/a", status: 200, answer: objectContent},
				step{method: "PUT", target: "/b", headers: from, status: 200},
			)
			r.clock.advance(time.Hour)
			r.run(t, refused...)
		})
	}
}

func TestOldObjectHasNoCRC64(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent)
	if err := r.ForgetCRC64(plainBucket, "a"); err != nil {
		t.Fatal(err)
	}
	r.must(t, "HEAD", "/a", "").check(t, "HEAD", map[string]string{headerCRC64: "-"})
	a := r.must(t, "PUT", "/b", "", "x-cos-copy-source: "+plainHost+"/a")
	if strings.Contains(a.body, "CRC64") {
		t.Errorf("the copy of an object without CRC64 shows one: %s", a.body)
	}
}
