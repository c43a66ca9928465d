package cosemu

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
)

func copyFrom(source string) string { return "x-cos-copy-source: " + source }

const replaced = "x-cos-metadata-directive: Replaced"

// TestCopyBetweenEncryptions shows all pairs of source and target: the answer is the target's
// encryption, bytes and CRC64 stay, the source's encryption is not inherited.
func TestCopyBetweenEncryptions(t *testing.T) {
	t.Parallel()
	for fromName, from := range encryptions {
		for toName, to := range encryptions {
			t.Run(fromName+"/"+toName, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.must(t, "PUT", "/a", objectContent, from.ask...)
				headers := join([]string{copyFrom(plainHost + "/a")}, from.from, to.ask)
				copied := r.must(t, "PUT", "/b", "", headers...)
				copied.check(t, "copy", to.shown)
				var result copyResultXML
				if err := xml.Unmarshal([]byte(copied.body), &result); err != nil {
					t.Fatal(err)
				}
				if result.CRC64 != objectContentCRC64 || result.LastModified != "2026-03-01T12:00:00Z" {
					t.Errorf("the result is %+v", result)
				}
				get := r.must(t, "GET", "/b", "", to.open...)
				get.check(t, "GET", to.shown)
				if get.body != objectContent || get.get("ETag") != result.ETag {
					t.Errorf("the copy is %q with ETag %s", get.body, get.get("ETag"))
				}
			})
		}
	}
}

// TestReencryptInPlace shows all changes of an object's encryption by a copy onto itself. Of an
// SSE-C object the old key opens nothing any more.
func TestReencryptInPlace(t *testing.T) {
	t.Parallel()
	for fromName, from := range encryptions {
		for toName, to := range encryptions {
			t.Run(fromName+"/"+toName, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.must(t, "PUT", "/a", objectContent, from.ask...)
				r.must(t, "PUT", "/a", "",
					join([]string{copyFrom(plainHost + "/a"), replaced}, from.from, to.ask)...)
				get := r.must(t, "GET", "/a", "", to.open...)
				get.check(t, "GET", to.shown)
				get.check(t, "GET", map[string]string{headerCRC64: objectContentCRC64})
				if from.mode == modeC && fromName != toName {
					if a := r.do("GET", "/a", "", from.open...); a.status < 400 {
						t.Errorf("the old key still gets %d", a.status)
					}
				}
				if entry := r.Journal()[1]; entry.Op != "PutObjectCopy" || entry.BytesIn != 0 ||
					entry.SSEMode != string(to.mode) {
					t.Errorf("the journal has %+v", entry)
				}
			})
		}
	}
}

// TestCopySourceKey shows what the copy-source headers must be for a source with a customer key and
// for one without. A refused copy writes nothing and answers with a status of its own, not 200.
func TestCopySourceKey(t *testing.T) {
	t.Parallel()
	for what, p := range presented {
		for _, source := range []string{"none", "sse-cos", "sse-kms", "sse-c"} {
			if what == "sse header" || what == "kms key header" {
				continue
			}
			t.Run(source+"/"+what, func(t *testing.T) {
				t.Parallel()
				code := p.onOther
				if source == "sse-c" {
					code = p.onC
				}
				r := newRig(t)
				r.must(t, "PUT", "/a", objectContent, encryptions[source].ask...)
				headers := []string{copyFrom(plainHost + "/a")}
				for _, header := range p.headers {
					headers = append(headers, strings.Replace(header, "x-cos-", "x-cos-copy-source-", 1))
				}
				s := step{method: "PUT", target: "/b", headers: headers, status: 200, code: code}
				after := 200
				if code != "" {
					s.status, after = statusOf[code], 404
				}
				r.run(t, s, step{method: "HEAD", target: "/b", status: after})
			})
		}
	}
}

// TestCopyKeepsAndResets shows fact sheet 4: headers, metadata and tags stay unless replaced;
// class, ACL and encryption never stay.
func TestCopyKeepsAndResets(t *testing.T) {
	t.Parallel()
	original := []string{
		"Content-Type: text/csv", "Cache-Control: no-cache", "x-cos-meta-owner: Anna",
		"x-cos-tagging: team=a", "x-cos-acl: public-read", "x-cos-storage-class: STANDARD_IA",
		headerSSE + ": AES256",
	}
	kept := map[string]string{
		"Content-Type": "text/csv", "Cache-Control": "no-cache", "x-cos-meta-owner": "Anna",
	}
	wiped := map[string]string{
		"Content-Type": "application/octet-stream", "Cache-Control": "-", "x-cos-meta-owner": "-",
	}
	const team = "<Tag><Key>team</Key><Value>a</Value></Tag>"
	cases := map[string]struct {
		headers []string
		want    map[string]string
		tags    string
	}{
		"by default": {nil, kept, team},
		"by directive": {
			[]string{"x-cos-metadata-directive: Copy", "x-cos-tagging-directive: Copy"}, kept, team,
		},
		"metadata replaced": {[]string{replaced}, wiped, team},
		"metadata given": {
			[]string{replaced, "Content-Type: text/plain", "x-cos-meta-new: x"},
			map[string]string{"Content-Type": "text/plain", "x-cos-meta-new": "x", "x-cos-meta-owner": "-"},
			team,
		},
		"tags replaced": {
			[]string{"x-cos-tagging-directive: Replaced", "x-cos-tagging: other=b"},
			kept,
			"<TagSet><Tag><Key>other</Key><Value>b</Value></Tag></TagSet>",
		},
		"tags wiped": {[]string{"x-cos-tagging-directive: Replaced"}, kept, "<TagSet></TagSet>"},
		"tags not asked for": {
			[]string{"x-cos-tagging: other=b"}, kept, "<TagSet>" + team + "</TagSet>",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/a", "x", original...)
			r.must(t, "PUT", "/b", "", append(c.headers, copyFrom(plainHost+"/a"))...)
			r.run(t,
				step{method: "HEAD", target: "/b", status: 200, want: c.want},
				step{method: "HEAD", target: "/b", status: 200, want: map[string]string{
					headerClass: "-", headerSSE: "-",
				}},
				step{method: "GET", target: "/b?tagging", status: 200, answer: c.tags},
				step{method: "GET", target: "/b?acl", status: 200, want: map[string]string{
					"x-cos-acl": "default",
				}},
			)
		})
	}
	t.Run("class and ACL given", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.must(t, "PUT", "/a", "x", original...)
		r.must(t, "PUT", "/b", "", copyFrom(plainHost+"/a"), "x-cos-acl: private",
			"x-cos-storage-class: ARCHIVE")
		r.run(t,
			step{method: "HEAD", target: "/b", status: 200, want: map[string]string{headerClass: "ARCHIVE"}},
			step{
				method: "GET", target: "/b?acl", status: 200, want: map[string]string{"x-cos-acl": "private"},
			},
		)
	})
}

// TestCopyIsRefused shows every refusal that comes before a copy begins.
func TestCopyIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		headers []string
		code    string
	}{
		"bucket and key form":   {[]string{copyFrom("/" + plainBucket + "/a")}, "InvalidArgument"},
		"slash before the host": {[]string{copyFrom("/" + plainHost + "/a")}, "InvalidArgument"},
		"with a scheme":         {[]string{copyFrom("https://" + plainHost + "/a")}, "InvalidArgument"},
		"without a key":         {[]string{copyFrom(plainHost + "/")}, "InvalidArgument"},
		"without a slash":       {[]string{copyFrom(plainHost)}, "InvalidArgument"},
		"bad encoding":          {[]string{copyFrom(plainHost + "/a%2")}, "InvalidArgument"},
		"acceleration": {
			[]string{copyFrom(plainBucket + ".cos.accelerate.myqcloud.com/a")}, "InvalidCopySource",
		},
		"no such bucket": {
			[]string{copyFrom("no-1250000000.cos.ap-guangzhou.myqcloud.com/a")}, "NoSuchBucket",
		},
		"bucket elsewhere": {
			[]string{copyFrom(plainBucket + ".cos." + farRegion + ".myqcloud.com/a")}, "NoSuchBucket",
		},
		"no such key":     {[]string{copyFrom(plainHost + "/none")}, "NoSuchKey"},
		"no such version": {[]string{copyFrom(plainHost + "/a?versionId=none")}, "NoSuchVersion"},
		"onto itself":     {[]string{copyFrom(plainHost + "/target")}, "InvalidRequest"},
		"itself with a version": {
			[]string{copyFrom(plainHost + "/target?versionId=null")}, "InvalidRequest",
		},
		"itself with encryption": {
			[]string{copyFrom(plainHost + "/target"), headerSSE + ": AES256"}, "InvalidRequest",
		},
		"itself with a class": {
			[]string{copyFrom(plainHost + "/target"), "x-cos-storage-class: ARCHIVE"}, "InvalidRequest",
		},
		"itself with tags": {
			[]string{copyFrom(plainHost + "/target"), "x-cos-tagging-directive: Replaced"}, "InvalidRequest",
		},
		"metadata without directive": {
			[]string{copyFrom(plainHost + "/a"), "x-cos-meta-a: b"}, "InvalidArgument",
		},
		"header without directive": {
			[]string{copyFrom(plainHost + "/a"), "Cache-Control: no-cache"}, "InvalidArgument",
		},
		"s3's directive": {
			[]string{copyFrom(plainHost + "/a"), "x-cos-metadata-directive: REPLACE"}, "InvalidArgument",
		},
		"unknown tagging directive": {
			[]string{copyFrom(plainHost + "/a"), "x-cos-tagging-directive: Add"}, "InvalidArgument",
		},
		"above the limit": {[]string{copyFrom(plainHost + "/large")}, "EntityTooLarge"},
		"archived":        {[]string{copyFrom(plainHost + "/archived")}, "InvalidObjectState"},
		"archived onto itself": {
			[]string{copyFrom(plainHost + "/archived"), replaced}, "InvalidObjectState",
		},
		"delete marker by version": {
			[]string{copyFrom(versionedHost + "/gone?versionId=MARKER")}, "InvalidRequest",
		},
		"delete marker": {[]string{copyFrom(versionedHost + "/gone")}, "NoSuchKey"},
	}
	r := newRig(t, func(c *Config) { c.CopyLimit = 16 })
	r.must(t, "PUT", "/a", "a")
	r.must(t, "PUT", "/target", "unharmed")
	r.must(t, "PUT", "/large", objectContent+"!")
	r.must(t, "PUT", "/atlimit", objectContent)
	r.must(t, "PUT", "/archived", "a", "x-cos-storage-class: ARCHIVE")
	r.must(t, "PUT", versionedHost+"/gone", "a")
	marker := r.must(t, "DELETE", versionedHost+"/gone", "").get(headerVersionID)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.headers[0] = strings.Replace(c.headers[0], "MARKER", marker, 1)
			r.run(t,
				step{
					method: "PUT", target: "/target", headers: c.headers,
					status: statusOf[c.code], code: c.code,
				},
				step{method: "GET", target: "/target", status: 200, answer: "unharmed"},
			)
		})
	}
	r.must(t, "PUT", "/b", "", copyFrom(plainHost+"/atlimit"))
}

// TestCopySourceForms shows the hosts and encodings that clients use.
func TestCopySourceForms(t *testing.T) {
	t.Parallel()
	const key = "dir/a b+c(1)?%&中.txt"
	slashes := url.PathEscape(key)
	literal := strings.ReplaceAll(slashes, "%2F", "/")
	r := newRig(t)
	path := "/" + literal
	r.must(t, "PUT", path, "plain")
	r.must(t, "PUT", farHost+path, "far")
	old := r.must(t, "PUT", versionedHost+path, "old").get(headerVersionID)
	r.must(t, "PUT", versionedHost+path, "new")
	for source, want := range map[string]string{
		plainHost + "/" + slashes:                                    "plain",
		plainHost + "/" + literal:                                    "plain",
		plainBucket + ".cos.ap-guangzhou.tencentcos.cn/" + literal:   "plain",
		plainBucket + ".cos.ap-guangzhou.localhost:9443/" + literal:  "plain",
		strings.ToUpper(plainHost) + "/" + literal:                   "plain",
		farHost + "/" + literal:                                      "far",
		versionedHost + "/" + literal:                                "new",
		versionedHost + "/" + literal + "?versionId=" + old:          "old",
		versionedHost + "/" + literal + "?VersionId=" + old + "&x=y": "old",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			target := "/copy-" + md5Hex(source)
			copied := r.must(t, "PUT", target, "", copyFrom(source))
			named := map[string]string{"x-cos-copy-source-version-id": "-"}
			if want == "old" {
				named["x-cos-copy-source-version-id"] = old
			}
			copied.check(t, "copy", named)
			r.run(t, step{method: "GET", target: target, status: 200, answer: want})
		})
	}
}

// TestCopyOfAVersion shows that an earlier version can be copied onto its own key without Replaced,
// and that the result names its version.
func TestCopyOfAVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := versionedHost + "/a"
	old := r.must(t, "PUT", target, "old").get(headerVersionID)
	current := r.must(t, "PUT", target, "new").get(headerVersionID)
	r.run(t, step{
		method: "PUT", target: target, headers: []string{copyFrom(target + "?versionId=" + current)},
		status: 400, code: "InvalidRequest",
	})
	copied := r.must(t, "PUT", target, "", copyFrom(target+"?versionId="+old))
	var result copyResultXML
	if err := xml.Unmarshal([]byte(copied.body), &result); err != nil {
		t.Fatal(err)
	}
	if result.VersionID == "" || result.VersionID != copied.get(headerVersionID) {
		t.Errorf("the versions are %q and %q", result.VersionID, copied.get(headerVersionID))
	}
	r.run(t, step{method: "GET", target: target, status: 200, answer: "old"})
	if body := r.must(t, "PUT", "/b", "", copyFrom(target)).body; strings.Contains(body, "VersionId") {
		t.Errorf("a copy in a bucket without versioning shows %s", body)
	}
}

// TestCopyConditions shows fact sheet 4: all four conditions fail with 412, and only two pairs go
// together.
func TestCopyConditions(t *testing.T) {
	t.Parallel()
	const (
		prefix = "x-cos-copy-source-If-"
		then   = "Sun, 01 Mar 2026 12:00:00 GMT"
		before = "Sun, 01 Mar 2026 11:59:59 GMT"
		good   = `"` + objectContentMD5 + `"`
	)
	cases := map[string]struct {
		headers []string
		code    string
	}{
		"match":                 {[]string{"Match: " + good}, ""},
		"match of another":      {[]string{`Match: "x"`}, "PreconditionFailed"},
		"none match":            {[]string{"None-Match: " + good}, "PreconditionFailed"},
		"none match of another": {[]string{`None-Match: "x"`}, ""},
		"modified since":        {[]string{"Modified-Since: " + before}, ""},
		"not modified since":    {[]string{"Modified-Since: " + then}, "PreconditionFailed"},
		"unmodified since":      {[]string{"Unmodified-Since: " + then}, ""},
		"not unmodified since":  {[]string{"Unmodified-Since: " + before}, "PreconditionFailed"},
		"match and unmodified":  {[]string{"Match: " + good, "Unmodified-Since: " + then}, ""},
		"match but modified": {
			[]string{"Match: " + good, "Unmodified-Since: " + before}, "PreconditionFailed",
		},
		"unmodified, no match": {
			[]string{`Match: "x"`, "Unmodified-Since: " + then}, "PreconditionFailed",
		},
		"none match and modified": {[]string{`None-Match: "x"`, "Modified-Since: " + before}, ""},
		"none match, unmodified": {
			[]string{`None-Match: "x"`, "Modified-Since: " + then}, "PreconditionFailed",
		},
		"match and none match": {[]string{"Match: " + good, `None-Match: "x"`}, "InvalidArgument"},
		"both dates": {
			[]string{"Modified-Since: " + before, "Unmodified-Since: " + then}, "InvalidArgument",
		},
		"no date": {[]string{"Modified-Since: yesterday"}, "InvalidArgument"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/a", objectContent)
			headers := []string{copyFrom(plainHost + "/a")}
			for _, header := range c.headers {
				headers = append(headers, prefix+header)
			}
			s := step{method: "PUT", target: "/b", headers: headers, status: 200, code: c.code}
			after := 200
			if c.code != "" {
				s.status, after = statusOf[c.code], 404
			}
			r.run(t, s, step{method: "HEAD", target: "/b", status: after})
		})
	}
}

// TestCopyResultHasLiteralQuotes shows the one document family whose quotes are not escaped.
func TestCopyResultHasLiteralQuotes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", objectContent)
	copied := r.must(t, "PUT", "/b", "", copyFrom(plainHost+"/a"))
	if !strings.Contains(copied.body, `<ETag>"`+objectContentMD5+`"</ETag>`) {
		t.Errorf("the result is %s", copied.body)
	}
	copied.check(t, "copy", map[string]string{
		"Content-Length": "-", "Content-Type": "application/xml",
	})
}
