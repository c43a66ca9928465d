package cosemu

import (
	"strings"
	"testing"
	"time"
)

// choosing configures a rig with choices.
func choosing(choices Choices) func(*Config) {
	return func(c *Config) { c.Choices = choices }
}

func TestKeyAndPreconditions(t *testing.T) {
	t.Parallel()
	put := step{method: "PUT", target: "/a", headers: withKey(keyOne), status: 200}
	asked := func(status int, code string) []step {
		condition := []string{"If-Match: x", "x-cos-copy-source-If-Match: x"}
		return []step{
			put,
			{method: "GET", target: "/a", headers: condition, status: status, code: code},
			{
				method: "PUT", target: "/copy", status: status, code: code,
				headers: append(condition, copyFrom(plainHost+"/a")),
			},
		}
	}
	scenarios(t, map[string][]step{
		"the key first": asked(400, "SsecDecryptHeaderInvalid"),
	})
	scenarios(t, map[string][]step{
		"preconditions first": asked(412, "PreconditionFailed"),
	}, choosing(Choices{PreconditionsFirst: true}))
	scenarios(t, map[string][]step{
		"preconditions that hold": {
			put, {
				method: "GET", target: "/a", headers: []string{"If-None-Match: x"}, status: 400,
				code: "SsecDecryptHeaderInvalid",
			},
		},
	}, choosing(Choices{PreconditionsFirst: true}))
}

func TestStatusOfDelete(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{"204": {{method: "DELETE", target: "/a", status: 204}}})
	scenarios(t, map[string][]step{
		"200": {{method: "DELETE", target: "/a", status: 200}},
	}, choosing(Choices{DeleteAnswers200: true}))
}

func TestTaggingCount(t *testing.T) {
	t.Parallel()
	counts := func(want string) []step {
		shown := map[string]string{"x-cos-tagging-count": want}
		return []step{
			{method: "PUT", target: "/a", headers: []string{"x-cos-tagging: a=1&b=2"}, status: 200},
			{method: "HEAD", target: "/a", status: 200, want: shown},
			{method: "GET", target: "/a", status: 200, want: shown},
			{method: "DELETE", target: "/a?tagging", status: 204},
			{method: "HEAD", target: "/a", status: 200, want: map[string]string{"x-cos-tagging-count": "-"}},
		}
	}
	scenarios(t, map[string][]step{"shown": counts("2")})
	scenarios(t, map[string][]step{"not shown": counts("-")}, choosing(Choices{NoTaggingCount: true}))
}

func TestKeysWithALeadingSlash(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{
		"refused": {{method: "PUT", target: "///abc", status: 400, code: "InvalidURI"}},
	})
	scenarios(t, map[string][]step{
		"stored": {
			{method: "PUT", target: "///abc", status: 200},
			{method: "GET", target: "/?prefix=/", status: 200, answer: "<Key>//abc</Key>"},
			{method: "DELETE", target: "///abc", status: 204},
			{method: "HEAD", target: "///abc", status: 404},
		},
	}, choosing(Choices{LeadingSlash: true}))
}

// TestChoicesChange shows that a choice may change while the server serves.
func TestChoicesChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", "", withKey(keyOne)...)
	r.do("GET", "/a", "", withKey(keyTwo)...).expect(t, 403, "AccessDenied")
	if err := r.SetChoices(Choices{WrongKeyStatus: 400}); err != nil {
		t.Fatal(err)
	}
	r.do("GET", "/a", "", withKey(keyTwo)...).expect(t, 400, "SsecDecryptHeaderInvalid")
	if err := r.SetChoices(Choices{WrongKeyStatus: 404}); err == nil {
		t.Error("404 is taken for the status of a wrong key")
	}
	if got := r.Choices(); got != (Choices{WrongKeyStatus: 400}) {
		t.Errorf("the choices are %+v", got)
	}
}

func TestContentTypeByExtension(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"1.zip": "application/zip", "1.txt": "text/plain", "A/B.JPG": "image/jpeg",
		"1": "application/octet-stream", "1.": "application/octet-stream",
		"1.unknown": "application/octet-stream", "a.txt/b": "application/octet-stream",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			shown := map[string]string{"Content-Type": want}
			r.must(t, "PUT", "/"+key, "", "Content-Type: ")
			r.must(t, "HEAD", "/"+key, "").check(t, "put", shown)
			id := r.begin(t, "/"+key)
			r.must(t, "POST", "/"+key+"?uploadId="+id, completeBody(1, r.part(t, "/"+key, id, 1, "x")))
			r.must(t, "HEAD", "/"+key, "").check(t, "parts", shown)
			r.must(t, "PUT", "/copy.pdf", "", copyFrom(plainHost+"/"+key))
			r.must(t, "HEAD", "/copy.pdf", "").check(t, "copy", shown)
			r.must(t, "PUT", "/"+key, "", "Content-Type: x/y")
			r.must(t, "HEAD", "/"+key, "").check(t, "named", map[string]string{"Content-Type": "x/y"})
		})
	}
}

// TestEmptyHeadersCountAsAbsent shows it for those that would be stored, refused, or ask for
// something.
func TestEmptyHeadersCountAsAbsent(t *testing.T) {
	t.Parallel()
	empty := []string{
		"Cache-Control: ", "x-cos-meta-a: ", "x-cos-server-side-encryption: ", "x-cos-acl: ",
		"x-cos-storage-class: ", "x-cos-tagging: ", "x-cos-traffic-limit: ", "If-Match: ",
		"Pic-Operations: ", "x-cos-server-side-encryption-customer-key: ", "x-cos-metadata-directive: ",
	}
	absent := map[string]string{"Cache-Control": "-", "x-cos-meta-a": "-", headerSSE: "-"}
	scenarios(t, map[string][]step{
		"put": {
			{method: "PUT", target: "/a", headers: empty, status: 200},
			{method: "GET", target: "/a", headers: empty, status: 200, want: absent},
		},
		"copy": {
			{method: "PUT", target: "/a", headers: []string{"Cache-Control: kept"}, status: 200},
			{
				method: "PUT", target: "/b", headers: append(empty, copyFrom(plainHost+"/a")), status: 200,
			},
			{
				method: "HEAD", target: "/b", status: 200, want: map[string]string{"Cache-Control": "kept"},
			},
		},
	})
}

// TestEmptyMetadataIsNotStored looks at what is stored: an answer's header without a value looks like
// none.
func TestEmptyMetadataIsNotStored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", "", "x-cos-meta-a: ", "x-cos-meta-b: x", "Cache-Control: ")
	v := r.store.find(plainBucket, "ap-guangzhou").current("a")
	if len(v.metadata) != 1 || v.metadata["b"] != "x" || len(v.headers) != 1 {
		t.Errorf("stored are %v and %v", v.metadata, v.headers)
	}
}

func TestMAZClassesAreKept(t *testing.T) {
	t.Parallel()
	copied := func(class string, status int, code string) step {
		headers := []string{copyFrom(plainHost + "/a")}
		if class != "" {
			headers = append(headers, headerClass+": "+class)
		}
		return step{method: "PUT", target: "/b", headers: headers, status: status, code: code}
	}
	const refused = "NotSupportedStorageClass"
	of := func(class string) step {
		return step{
			method: "PUT", target: "/a", headers: []string{headerClass + ": " + class}, status: 200,
		}
	}
	scenarios(t, map[string][]step{
		"MAZ": {
			of("MAZ_STANDARD"), copied("MAZ_STANDARD", 200, ""), copied("STANDARD", 400, refused),
			copied("MAZ_STANDARD_IA", 400, refused), copied("", 400, refused),
		},
		"others change": {of("STANDARD_IA"), copied("", 200, ""), copied("MAZ_STANDARD", 200, "")},
		"a bucket of several zones has them by default": {
			{
				method: "PUT", target: freshHost + "/", status: 200, body: "<CreateBucketConfiguration>" +
					"<BucketAZConfig>MAZ</BucketAZConfig></CreateBucketConfiguration>",
			},
			{method: "PUT", target: freshHost + "/a", status: 200},
			{
				method: "HEAD", target: freshHost + "/a", status: 200,
				want: map[string]string{headerClass: "MAZ_STANDARD"},
			},
		},
	})
}

// TestTrafficLimit shows that bodies are slowed down, in both directions and by header or parameter.
func TestTrafficLimit(t *testing.T) {
	t.Parallel()
	const seconds, limit = 10, 819200
	body := strings.Repeat("x", seconds*limit/8)
	for name, send := range map[string]func(*rig){
		"upload": func(r *rig) { r.must(t, "PUT", "/b", body, "x-cos-traffic-limit: 819200") },
		"download": func(r *rig) {
			if got := r.must(t, "GET", "/a", "", "x-cos-traffic-limit: 819200").body; got != body {
				t.Error("a limited download is damaged")
			}
		},
		"parameter": func(r *rig) { r.must(t, "GET", "/a?x-cos-traffic-limit=819200", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/a", body)
			// Nobody sleeps, so that each wait is as long as all bytes before it take.
			var longest time.Duration
			r.sleep = func(d time.Duration) { longest = max(longest, d) }
			send(r)
			if longest < (seconds-1)*time.Second || longest > seconds*time.Second {
				t.Errorf("%d bytes took %s, want %d s", len(body), longest, seconds)
			}
		})
	}
}

func TestForbidOverwriteAtInitiate(t *testing.T) {
	t.Parallel()
	forbid := []string{"x-cos-forbid-overwrite: true"}
	scenarios(t, map[string][]step{
		"an existing key": {
			{method: "POST", target: "/a?uploads", headers: forbid, status: 200},
			{method: "PUT", target: "/a", status: 200},
			{method: "POST", target: "/a?uploads", headers: forbid, status: 409, code: "FileAlreadyExists"},
			{method: "POST", target: "/a?uploads", status: 200},
		},
		"versioning": {
			{method: "PUT", target: versionedHost + "/a", status: 200},
			{method: "POST", target: versionedHost + "/a?uploads", headers: forbid, status: 200},
		},
	})
}
