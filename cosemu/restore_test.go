package cosemu

import (
	"strconv"
	"testing"
	"time"
)

// restoreDocument asks for a restore of some days; an empty tier is left out.
func restoreDocument(days int, tier string) string {
	job := ""
	if tier != "" {
		job = "<CASJobParameters><Tier>" + tier + "</Tier></CASJobParameters>"
	}
	return "<RestoreRequest><Days>" + strconv.Itoa(days) + "</Days>" + job + "</RestoreRequest>"
}

func TestRestoreTakesItsTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.RestoreDelay = time.Hour })
	const ongoing = `ongoing-request="true"`
	head := func(restore, status string) step {
		return step{
			method: "HEAD", target: "/key", status: 200, want: map[string]string{
				"x-cos-restore": restore, "x-cos-restore-status": status, headerClass: "ARCHIVE",
			},
		}
	}
	get := func(status int, code string) step {
		return step{method: "GET", target: "/key", status: status, code: code}
	}
	restore := func(days, status int, code string) step {
		return step{
			method: "POST", target: "/key?restore", body: restoreDocument(days, "Expedited"),
			status: status, code: code,
		}
	}
	r.must(t, "PUT", "/key", "body", "x-cos-storage-class: archive")
	r.run(t, head("-", "-"), get(403, "InvalidObjectState"), restore(2, 202, ""),
		head(ongoing, `tier="expedited"; request-date="Sun, 01 Mar 2026 12:00:00 GMT"`),
		get(403, "InvalidObjectState"), restore(2, 409, "RestoreAlreadyInProgress"))
	r.clock.advance(time.Hour)
	// Two days from 13:00 on: the next midnight in Beijing.
	const done = `ongoing-request="false", expiry-date="Tue, 03 Mar 2026 16:00:00 GMT"`
	r.run(t, head(done, "-"), get(200, ""), restore(4, 200, ""),
		head(`ongoing-request="false", expiry-date="Thu, 05 Mar 2026 16:00:00 GMT"`, "-"))
	r.clock.advance(4*24*time.Hour + 3*time.Hour)
	r.run(t, head("-", "-"), get(403, "InvalidObjectState"), restore(1, 202, ""))
}

func TestRestoreExpiresAtMidnightInBeijing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ ready, want string }{
		"before-16": {"2026-03-01T15:59:59Z", "2026-03-02T16:00:00Z"},
		"at-16":     {"2026-03-01T16:00:00Z", "2026-03-02T16:00:00Z"},
		"after-16":  {"2026-03-01T16:00:01Z", "2026-03-03T16:00:00Z"},
		"new-year":  {"2026-12-30T20:00:00Z", "2027-01-01T16:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ready, err := time.Parse(time.RFC3339, test.ready)
			if err != nil {
				t.Fatal(err)
			}
			if got := expiryOf(ready, 1).Format(time.RFC3339); got != test.want {
				t.Errorf("one day from %s = %s, want %s", test.ready, got, test.want)
			}
		})
	}
}

func TestRestoreRequests(t *testing.T) {
	t.Parallel()
	archive := []string{"x-cos-storage-class: ARCHIVE"}
	deep := []string{"x-cos-storage-class: DEEP_ARCHIVE"}
	secret := join(archive, withKey(keyOne))
	tests := map[string]struct {
		object, headers []string
		body            string
		status          int
		code            string
	}{
		"standard":        {archive, nil, restoreDocument(1, "Standard"), 202, ""},
		"bulk":            {archive, nil, restoreDocument(1, "Bulk"), 202, ""},
		"no-tier":         {archive, nil, restoreDocument(1, ""), 202, ""},
		"unknown-tier":    {archive, nil, restoreDocument(1, "Fast"), 400, "InvalidArgument"},
		"no-days":         {archive, nil, restoreDocument(0, "Bulk"), 400, "InvalidArgument"},
		"no-xml":          {archive, nil, "days=1", 400, "MalformedXML"},
		"deep":            {deep, nil, restoreDocument(1, "Bulk"), 202, ""},
		"deep-expedited":  {deep, nil, restoreDocument(1, "Expedited"), 400, "InvalidArgument"},
		"not-archived":    {nil, nil, restoreDocument(1, ""), 405, "RestoreNonArchiveObject"},
		"key-left-out":    {secret, nil, restoreDocument(1, ""), 202, ""},
		"key-given":       {secret, withKey(keyOne), restoreDocument(1, ""), 202, ""},
		"wrong-key":       {secret, withKey(keyTwo), restoreDocument(1, ""), 403, "AccessDenied"},
		"superfluous-key": {archive, withKey(keyOne), restoreDocument(1, ""), 400, "InvalidRequest"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.must(t, "PUT", "/key", "body", test.object...)
			a := r.do("POST", "/key?restore", test.body, test.headers...)
			a.expect(t, test.status, test.code)
		})
	}
	r := newRig(t)
	r.do("POST", "/missing?restore", restoreDocument(1, "")).expect(t, 404, "NoSuchKey")
}

func TestRestoreOfAVersion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := versionedHost + "/key"
	old := r.must(t, "PUT", target, "old", "x-cos-storage-class: ARCHIVE").get(headerVersionID)
	r.must(t, "PUT", target, "new", "x-cos-storage-class: ARCHIVE")
	r.must(t, "POST", target+"?restore&versionId="+old, restoreDocument(1, ""))
	r.run(t,
		step{method: "GET", target: target + "?versionId=" + old, status: 200, answer: "old"},
		step{method: "GET", target: target, status: 403, code: "InvalidObjectState"},
	)
}

func TestRestoredObjectsCanBeCopied(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	source := "x-cos-copy-source: " + plainHost + "/key"
	r.must(t, "PUT", "/key", "body", "x-cos-storage-class: ARCHIVE")
	r.run(t,
		step{
			method: "PUT", target: "/copy", headers: []string{source}, status: 403,
			code: "InvalidObjectState",
		},
		step{method: "POST", target: "/key?restore", body: restoreDocument(1, ""), status: 202},
		step{method: "PUT", target: "/copy", headers: []string{source}, status: 200},
		step{
			method: "GET", target: "/copy", status: 200, answer: "body",
			want: map[string]string{headerClass: "-", "x-cos-restore": "-"},
		},
	)
}
