package cosemu

import "testing"

func retentionDocument(until, mode string) string {
	return "<Retention><RetainUntilDate>" + until + "</RetainUntilDate><Mode>" + mode +
		"</Mode></Retention>"
}

func TestRetention(t *testing.T) {
	t.Parallel()
	const soon, later = "2026-03-02T12:00:00.000Z", "2026-03-05T12:00:00.000Z"
	put := step{method: "PUT", target: "/key", body: "x", status: 200}
	retain := func(until, mode string, status int, code string) step {
		return step{
			method: "PUT", target: "/key?retention", body: retentionDocument(until, mode),
			status: status, code: code,
		}
	}
	locked := step{method: "DELETE", target: "/key", status: 409, code: "ObjectLocked"}
	scenarios(t, map[string][]step{
		"locks": {
			put, retain(soon, "COMPLIANCE", 200, ""), locked,
			{method: "PUT", target: "/key", body: "y", status: 409, code: "ObjectLocked"},
			{
				method: "GET", target: "/key?retention", status: 200,
				answer: retentionDocument(soon, "COMPLIANCE"),
			},
		},
		"longer": {
			put, retain(soon, "COMPLIANCE", 200, ""), retain(later, "COMPLIANCE", 200, ""), locked,
		},
		"shorter": {
			put, retain(later, "COMPLIANCE", 200, ""), retain(soon, "COMPLIANCE", 403, "AccessDenied"),
		},
		"past": {put, retain("2026-02-01T00:00:00Z", "COMPLIANCE", 400, "InvalidArgument")},
		"mode": {put, retain(soon, "ADVICE", 400, "InvalidArgument")},
		"date": {put, retain("soon", "COMPLIANCE", 400, "MalformedXML")},
		"none": {
			put,
			{
				method: "GET", target: "/key?retention", status: 404,
				code: "NoSuchObjectLockConfiguration",
			},
		},
		"missing-object": {retain(soon, "COMPLIANCE", 404, "NoSuchKey")},
	})
}
