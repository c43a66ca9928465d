package cosemu

import (
	"strings"
	"testing"
)

func TestPartsAreCopied(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	body := mebibyte + mebibyte[:1000]
	r.must(t, "PUT", farHost+"/dir/a%20b", body, withKey(keyOne)...)
	id := r.begin(t, "/key", withKey(keyTwo)...)
	source := "x-cos-copy-source: " + farHost + "/dir/a%20b"
	both := join(withKey(keyTwo), withSourceKey(keyOne), []string{source})
	a := r.must(t, "PUT", partTarget("/key", id, 1), "",
		join(both, []string{"x-cos-copy-source-range: bytes=0-1048575"})...)
	if !strings.Contains(a.body, `<ETag>"`) {
		t.Errorf("the quotes are not literal: %s", a.body)
	}
	first := parse[copyPartXML](t, a).ETag
	a = r.must(t, "PUT", partTarget("/key", id, 2), "",
		join(both, []string{"x-cos-copy-source-range: bytes=1048576-1049575"})...)
	a.check(t, "part", map[string]string{headerCustomerMD5: "*", headerSSE: "-"})
	second := parse[copyPartXML](t, a).ETag
	a = r.must(t, "POST", "/key?uploadId="+id, completeBody(1, first, 2, second))
	a.check(t, "complete", map[string]string{headerCRC64: crcText(body)})
	if got := r.must(t, "GET", "/key", "", withKey(keyTwo)...).body; got != body {
		t.Error("the copy differs from its source")
	}
	r.do("GET", "/key", "", withKey(keyOne)...).expect(t, 403, "AccessDenied")
	for _, entry := range r.Journal() {
		if entry.Op == "UploadPartCopy" && entry.BytesIn != 0 {
			t.Errorf("a copied part uploaded %d bytes", entry.BytesIn)
		}
	}
}

func TestCopiedPartHasTheETagOfAnUploadedOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/source", "0123456789")
	id := r.begin(t, "/key")
	a := r.must(t, "PUT", partTarget("/key", id, 1), "",
		"x-cos-copy-source: "+plainHost+"/source", "x-cos-copy-source-range: bytes=2-4")
	if got := parse[copyPartXML](t, a).ETag; got != `"`+md5Hex("234")+`"` {
		t.Errorf("ETag = %s, want that of 234", got)
	}
}

func TestPartCopyRefusals(t *testing.T) {
	t.Parallel()
	source := "x-cos-copy-source: " + plainHost + "/source"
	secret := "x-cos-copy-source: " + plainHost + "/secret"
	ranged := func(text string) []string {
		return []string{source, "x-cos-copy-source-range: " + text}
	}
	tests := map[string]struct {
		headers []string
		status  int
		code    string
	}{
		"whole":           {[]string{source}, 200, ""},
		"range":           {ranged("bytes=0-9"), 200, ""},
		"behind-the-end":  {ranged("bytes=0-10"), 416, "InvalidRange"},
		"open-range":      {ranged("bytes=5-"), 400, "InvalidArgument"},
		"backwards":       {ranged("bytes=5-4"), 400, "InvalidArgument"},
		"garbage":         {ranged("bytes=0-9,2"), 400, "InvalidArgument"},
		"no-such-source":  {[]string{source + "x"}, 404, "NoSuchKey"},
		"missing-key":     {[]string{secret}, 400, "SsecDecryptHeaderInvalid"},
		"wrong-key":       {join([]string{secret}, withSourceKey(keyTwo)), 403, "AccessDenied"},
		"good-key":        {join([]string{secret}, withSourceKey(keyOne)), 200, ""},
		"destination-key": {join([]string{source}, withKey(keyOne)), 400, "InvalidRequest"},

		"condition-fails": {
			[]string{source, `x-cos-copy-source-If-Match: "other"`}, 412, "PreconditionFailed",
		},
		"archived": {
			[]string{"x-cos-copy-source: " + plainHost + "/archived"}, 403, "InvalidObjectState",
		},
		"path-form": {
			[]string{"x-cos-copy-source: /" + plainBucket + "/source"}, 400, "InvalidArgument",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/source", "0123456789")
			r.must(t, "PUT", "/secret", "0123456789", withKey(keyOne)...)
			r.must(t, "PUT", "/archived", "0123456789", "x-cos-storage-class: ARCHIVE")
			id := r.begin(t, "/key")
			a := r.do("PUT", partTarget("/key", id, 1), "", test.headers...)
			a.expect(t, test.status, test.code)
		})
	}
}

func TestPartsOfADiscardedSourceAddUpToItsCRC64(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Discard = true })
	body := mebibyte + mebibyte
	r.must(t, "PUT", "/source", body)
	id := r.begin(t, "/key")
	var list []any
	for number, text := range map[int]string{1: "bytes=0-1048575", 2: "bytes=1048576-2097151"} {
		a := r.must(t, "PUT", partTarget("/key", id, number), "",
			"x-cos-copy-source: "+plainHost+"/source", "x-cos-copy-source-range: "+text)
		list = append(list, number, parse[copyPartXML](t, a).ETag)
	}
	if list[0] == 2 {
		list = append(list[2:], list[:2]...)
	}
	a := r.must(t, "POST", "/key?uploadId="+id, completeBody(list...))
	a.check(t, "complete", map[string]string{headerCRC64: crcText(body)})
}
