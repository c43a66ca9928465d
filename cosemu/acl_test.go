package cosemu

import "testing"

const (
	ownerGrant = `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` +
		` xsi:type="CanonicalUser">` +
		`<ID>qcs::cam::uin/1250000000:uin/1250000000</ID>` +
		`<DisplayName>qcs::cam::uin/1250000000:uin/1250000000</DisplayName></Grantee>` +
		`<Permission>FULL_CONTROL</Permission></Grant>`
	otherUser = "qcs::cam::uin/100000000011:uin/100000000011"
)

// aclDocument is the body of PUT ?acl with one grant.
func aclDocument(id, permission string) string {
	return `<AccessControlPolicy><Owner><ID>qcs::cam::uin/1250000000:uin/1250000000</ID></Owner>` +
		`<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` +
		` xsi:type="CanonicalUser"><ID>` + id + `</ID></Grantee><Permission>` + permission +
		`</Permission></Grant></AccessControlList></AccessControlPolicy>`
}

func TestACL(t *testing.T) {
	t.Parallel()
	const other = `id="` + otherUser + `"`
	shows := func(canned string) step {
		return step{
			method: "GET", target: "/key?acl", status: 200, answer: ownerGrant,
			want: map[string]string{"x-cos-acl": canned},
		}
	}
	grants := func(id, permission string) step {
		return step{
			method: "GET", target: "/key?acl", status: 200, want: map[string]string{"x-cos-acl": "-"},
			answer: "<ID>" + id + "</ID><DisplayName>" + id + "</DisplayName></Grantee><Permission>" +
				permission + "</Permission>",
		}
	}
	put := func(headers ...string) step {
		return step{method: "PUT", target: "/key", headers: headers, status: 200}
	}
	putACL := func(body string, headers ...string) step {
		return step{method: "PUT", target: "/key?acl", body: body, headers: headers, status: 200}
	}
	scenarios(t, map[string][]step{
		"default":       {put(), shows("default")},
		"canned-at-put": {put("x-cos-acl: private"), shows("private")},
		"canned-later":  {put(), putACL("", "x-cos-acl: public-read"), shows("public-read")},
		"back-to-default": {
			put("x-cos-acl: private"), putACL("", "x-cos-acl: default"), shows("default"),
		},
		"granted-at-put": {put("x-cos-grant-read: " + other), grants(otherUser, "READ")},
		"granted-by-header": {
			put(), putACL("", "x-cos-grant-read: "+other), grants(otherUser, "READ"),
		},
		"granted-by-uin": {
			put(`x-cos-grant-full-control: uin="100000000011"`),
			grants("100000000011", "FULL_CONTROL"),
		},
		"granted-by-body": {put(), putACL(aclDocument(otherUser, "READ")), grants(otherUser, "READ")},
		"exactly-the-grants-of-a-body": {
			put("x-cos-acl: private"), putACL(aclDocument(otherUser, "READ")),
			{
				method: "GET", target: "/key?acl", status: 200,
				answer: `<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-` +
					`instance" xsi:type="CanonicalUser"><ID>` + otherUser,
			},
		},
		"no-grant-at-all": {
			put(), putACL("<AccessControlPolicy><AccessControlList/></AccessControlPolicy>"),
			{
				method: "GET", target: "/key?acl", status: 200, want: map[string]string{"x-cos-acl": "-"},
				answer: "<AccessControlList></AccessControlList>",
			},
		},
		"a-write-resets-it": {put("x-cos-acl: private"), put(), shows("default")},
		"public-read-is-a-grant": {
			put("x-cos-acl: public-read"),
			{
				method: "GET", target: "/key?acl", status: 200,
				answer: "<ID>qcs::cam::anyone:anyone</ID>",
			},
		},
	})
}

func TestACLRefusals(t *testing.T) {
	t.Parallel()
	put := step{method: "PUT", target: "/key", status: 200}
	refused := func(status int, code, body string, headers ...string) step {
		return step{
			method: "PUT", target: "/key?acl", body: body, headers: headers, status: status, code: code,
		}
	}
	scenarios(t, map[string][]step{
		"unknown-canned": {put, refused(400, "InvalidArgument", "", "x-cos-acl: public")},
		"bad-grant":      {put, refused(400, "InvalidArgument", "", "x-cos-grant-read: everybody")},
		"nothing":        {put, refused(400, "MalformedXML", "")},
		"no-xml":         {put, refused(400, "MalformedXML", "private")},
		"bad-permission": {put, refused(400, "InvalidArgument", aclDocument(otherUser, "LICK"))},
		"no-grantee":     {put, refused(400, "InvalidArgument", aclDocument("", "READ"))},
		"both": {
			put, refused(400, "UnexpectedContent", aclDocument(otherUser, "READ"), "x-cos-acl: private"),
		},
		"missing-object": {
			refused(404, "NoSuchKey", "", "x-cos-acl: private"),
			{method: "GET", target: "/key?acl", status: 404, code: "NoSuchKey"},
		},
		"at-put": {{
			method: "PUT", target: "/key", headers: []string{"x-cos-acl: public"}, status: 400,
			code: "InvalidArgument",
		}},
	})
}
