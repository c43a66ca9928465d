package cosemu

import "testing"

// TestCopyDateThatYields: with the switch a matching ETag is enough, and another one still is not.
func TestCopyDateThatYields(t *testing.T) {
	t.Parallel()
	const prefix = "x-cos-copy-source-If-"
	r := newRig(t, func(c *Config) { c.Choices.CopyDateYields = true })
	r.must(t, "PUT", "/a", objectContent)
	before := prefix + "Unmodified-Since: Sun, 01 Mar 2026 11:59:59 GMT"
	from := copyFrom(plainHost + "/a")
	r.run(t, step{
		method: "PUT", target: "/b", status: 200,
		headers: []string{from, prefix + `Match: "` + objectContentMD5 + `"`, before},
	}, step{
		method: "PUT", target: "/b", status: 412, code: "PreconditionFailed",
		headers: []string{from, prefix + `Match: "x"`, before},
	}, step{
		method: "PUT", target: "/b", status: 412, code: "PreconditionFailed",
		headers: []string{from, before},
	})
}

// TestPlainETagsSurviveAnotherKey: with the switch nothing but Last-Modified tells a copy.
func TestPlainETagsSurviveAnotherKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Choices.PlainETags = true })
	for name, e := range encryptions {
		r.must(t, "PUT", "/"+name, objectContent, e.ask...).
			check(t, "PUT", map[string]string{headerETag: `"` + objectContentMD5 + `"`})
		r.must(t, "PUT", "/"+name, "", join([]string{copyFrom(plainHost + "/" + name), replaced},
			e.from, e.ask)...)
		r.must(t, "HEAD", "/"+name, "", e.open...).
			check(t, "HEAD", map[string]string{headerETag: `"` + objectContentMD5 + `"`})
	}
}
