package cosemu

import "testing"

func TestAnonymousReads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/private", "x")
	r.must(t, "PUT", "/public", "x", "x-cos-acl: public-read")
	r.must(t, "PUT", "/granted", "x", `x-cos-grant-read: id="qcs::cam::anyone:anyone"`)
	r.must(t, "PUT", "/encrypted", "x", "x-cos-acl: public-read",
		"x-cos-server-side-encryption: AES256")
	r.trusting = false
	tests := map[string]struct {
		method, target string
		status         int
	}{
		"private":        {"GET", "/private", 403},
		"public":         {"GET", "/public", 200},
		"public-head":    {"HEAD", "/public", 200},
		"granted":        {"GET", "/granted", 200},
		"encrypted":      {"GET", "/encrypted", 403},
		"missing":        {"GET", "/missing", 403},
		"missing-bucket": {"GET", "no-1250000000.cos.ap-guangzhou.myqcloud.com/public", 403},
		"write":          {"PUT", "/public", 403},
		"acl":            {"GET", "/public?acl", 403},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := r.do(test.method, test.target, ""); a.status != test.status {
				t.Errorf("status = %d, want %d: %s", a.status, test.status, a.body)
			}
		})
	}
}
