package cosapi

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// grantXML is one grant of a GET ?acl answer.
func grantXML(id, uri, permission string) string {
	grantee := "<ID>" + id + "</ID>"
	if uri != "" {
		grantee = "<URI>" + uri + "</URI>"
	}
	return `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + grantee +
		"</Grantee><Permission>" + permission + "</Permission></Grant>"
}

func aclXML(grants ...string) string {
	body := "<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList>"
	for _, grant := range grants {
		body += grant
	}
	return body + "</AccessControlList></AccessControlPolicy>"
}

func TestACLCanBeSentAgain(t *testing.T) {
	t.Parallel()
	owner := grantXML("owner", "", "FULL_CONTROL")
	for name, test := range map[string]struct {
		header string
		body   string
		want   ACL
		sent   http.Header // with the next write
	}{
		"default": {"default", aclXML(owner), ACL{Canned: "default"}, http.Header{}},
		"private": {"", aclXML(owner), ACL{Canned: "private"}, http.Header{"X-Cos-Acl": {"private"}}},
		"authenticated": {
			"authenticated-read", aclXML(owner),
			ACL{Canned: "authenticated-read"},
			http.Header{"X-Cos-Acl": {"authenticated-read"}},
		},
		"public": {
			"", aclXML(owner, grantXML("", anyoneURI, "READ")),
			ACL{Canned: "public-read"},
			http.Header{"X-Cos-Acl": {"public-read"}},
		},
		"public-by-id": {
			"", aclXML(owner, grantXML(anyoneID, "", "READ")),
			ACL{Canned: "public-read"},
			http.Header{"X-Cos-Acl": {"public-read"}},
		},
		"grants": {
			"private",
			aclXML(
				owner, grantXML("a", "", "READ"), grantXML("b", "", "READ"), grantXML("a", "", "WRITE_ACP"),
			),
			ACL{Grants: []Grant{
				{Permission: "FULL_CONTROL", GranteeID: "owner"},
				{Permission: "READ", GranteeID: "a"},
				{Permission: "READ", GranteeID: "b"},
				{Permission: "WRITE_ACP", GranteeID: "a"},
			}},
			http.Header{
				"X-Cos-Grant-Full-Control": {`id="owner"`}, "X-Cos-Grant-Read": {`id="a",id="b"`},
				"X-Cos-Grant-Write-Acp": {`id="a"`},
			},
		},
		"public-and-a-grant": {
			"public-read", aclXML(owner, grantXML("a", "", "READ_ACP"), grantXML("", anyoneURI, "READ")),
			ACL{Grants: []Grant{
				{Permission: "FULL_CONTROL", GranteeID: "owner"},
				{Permission: "READ_ACP", GranteeID: "a"},
				{Permission: "READ", GranteeURI: anyoneURI},
			}},
			http.Header{
				"X-Cos-Grant-Full-Control": {`id="owner"`}, "X-Cos-Grant-Read-Acp": {`id="a"`},
				"X-Cos-Grant-Read": {`id="` + anyoneID + `"`},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := answer{status: 200, body: test.body}
			if test.header != "" {
				reply.header = map[string]string{"x-cos-acl": test.header}
			}
			w := newWire(t, script(reply))
			acl, err := w.ACL(t.Context(), testRef("k"))
			if diff := cmp.Diff(test.want, acl); diff != "" || err != nil {
				t.Fatal(diff, err)
			}
			sent, err := WriteOptions{Encryption: NoEncryption{}, ACL: &acl}.writeHeader()
			if diff := cmp.Diff(test.sent, sent); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestPutACL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		acl  ACL
		want http.Header
	}{
		"zero":   {ACL{}, http.Header{"X-Cos-Acl": {"default"}}},
		"canned": {ACL{Canned: "public-read"}, http.Header{"X-Cos-Acl": {"public-read"}}},
		"grants": {
			ACL{Grants: []Grant{{Permission: "READ", GranteeID: "a"}, {Permission: "READ", GranteeID: "a"}}},
			http.Header{"X-Cos-Grant-Read": {`id="a"`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := http.Header{}
			w := newWire(t, func(_ http.ResponseWriter, req *http.Request) {
				for name := range req.Header {
					if name == headerACL || len(name) > 11 && name[:11] == "X-Cos-Grant" {
						got[name] = req.Header[name]
					}
				}
			})
			if err := w.PutACL(t.Context(), testRef("k"), test.acl); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDefaultACLs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		acl  ACL
		want bool
	}{
		"zero": {ACL{}, true}, "default": {ACL{Canned: "default"}, true},
		"private": {ACL{Canned: "private"}, false},
		"grants":  {ACL{Grants: []Grant{{Permission: "READ"}}}, false},
	} {
		if got := test.acl.IsDefault(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
