package cosemu

import (
	"fmt"
	"strings"
	"testing"
)

// tagDocument is a tagging document of tags given as key, value, ...
func tagDocument(tags ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(tags); i += 2 {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", tags[i], tags[i+1])
	}
	return "<Tagging><TagSet>" + b.String() + "</TagSet></Tagging>"
}

func manyTags(n int) []string {
	var tags []string
	for i := range n {
		tags = append(tags, fmt.Sprintf("k%d", i), "v")
	}
	return tags
}

func TestTagging(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{
		"life": {
			{method: "PUT", target: "/key", status: 200},
			{method: "GET", target: "/key?tagging", status: 200, answer: "<TagSet></TagSet>"},
			{method: "PUT", target: "/key?tagging", body: tagDocument("a b", "1", "c", ""), status: 204},
			{method: "GET", target: "/key?tagging", status: 200, answer: tagDocument("a b", "1", "c", "")},
			{method: "PUT", target: "/key?tagging", body: tagDocument("d", "2"), status: 204},
			{method: "GET", target: "/key?tagging", status: 200, answer: tagDocument("d", "2")},
			{method: "DELETE", target: "/key?tagging", status: 204},
			{method: "GET", target: "/key?tagging", status: 200, answer: "<TagSet></TagSet>"},
		},
		"header": {
			{
				method: "PUT", target: "/key", headers: []string{"x-cos-tagging: a%20b=1%2B1&c="},
				status: 200,
			},
			{method: "GET", target: "/key?tagging", status: 200, answer: tagDocument("a b", "1+1", "c", "")},
		},
		"customer-key-is-not-needed": {
			{method: "PUT", target: "/key", headers: withKey(keyOne), status: 200},
			{method: "PUT", target: "/key?tagging", body: tagDocument("a", "1"), status: 204},
			{method: "GET", target: "/key?tagging", status: 200, answer: tagDocument("a", "1")},
		},
		"missing-object": {
			{method: "PUT", target: "/key?tagging", body: tagDocument(), status: 404, code: "NoSuchKey"},
			{method: "GET", target: "/key?tagging", status: 404, code: "NoSuchKey"},
			{method: "DELETE", target: "/key?tagging", status: 404, code: "NoSuchKey"},
		},
		"etag-stays": {
			{method: "PUT", target: "/key", body: "x", status: 200},
			{method: "PUT", target: "/key?tagging", body: tagDocument("a", "1"), status: 204},
			{
				method: "HEAD", target: "/key", status: 200,
				want: map[string]string{headerETag: `"` + md5Hex("x") + `"`},
			},
		},
	})
}

func TestTaggingOfVersions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := versionedHost + "/key"
	first := r.must(t, "PUT", target, "1").get(headerVersionID)
	r.must(t, "PUT", target, "2")
	// The tagging page spells the parameter VersionId.
	r.must(t, "PUT", target+"?tagging&VersionId="+first, tagDocument("v", "1"))
	r.must(t, "PUT", target+"?tagging", tagDocument("v", "2"))
	r.run(t,
		step{method: "GET", target: target + "?tagging", status: 200, answer: tagDocument("v", "2")},
		step{
			method: "GET", target: target + "?tagging&versionId=" + first, status: 200,
			answer: tagDocument("v", "1"),
		},
		step{
			method: "GET", target: target + "?tagging&versionId=x", status: 404, code: "NoSuchVersion",
		},
	)
}

func TestTagLimits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tags []string
		code string
	}{
		"ten":             {manyTags(10), ""},
		"eleven":          {manyTags(11), "InvalidTag"},
		"longest":         {[]string{strings.Repeat("k", 128), strings.Repeat("v", 256)}, ""},
		"long-key":        {[]string{strings.Repeat("k", 129), "v"}, "InvalidTag"},
		"long-value":      {[]string{"k", strings.Repeat("v", 257)}, "InvalidTag"},
		"empty-key":       {[]string{"", "v"}, "InvalidTag"},
		"twice":           {[]string{"k", "1", "k", "2"}, "InvalidTag"},
		"all-characters":  {[]string{"aZ9 +-_=.:/", "aZ9 +-_=.:/"}, ""},
		"other-character": {[]string{"k", "a!"}, "InvalidTag"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/key", "x")
			status := 204
			if test.code != "" {
				status = 400
			}
			r.do("PUT", "/key?tagging", tagDocument(test.tags...)).expect(t, status, test.code)
		})
	}
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{
		"not-xml": {
			{method: "PUT", target: "/key", status: 200},
			{method: "PUT", target: "/key?tagging", body: "a=b", status: 400, code: "MalformedXML"},
		},
		"header-not-encoded": {{
			method: "PUT", target: "/key", headers: []string{"x-cos-tagging: a=%zz"}, status: 400,
			code: "InvalidTag",
		}},
		"header-with-eleven": {{
			method: "PUT", target: "/key", status: 400, code: "InvalidTag",
			headers: []string{"x-cos-tagging: a&b&c&d&e&f&g&h&i&j&k"},
		}},
	})
}
