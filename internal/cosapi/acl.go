package cosapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

// ACL is who may use an object besides its owner: either a canned ACL or a list of grants. What
// Client.ACL returns can be sent with a write as it is.
type ACL struct {
	Canned string  // one of CannedACLs, "" if Grants say it all
	Grants []Grant // empty with a canned ACL
}

// Grant permits one grantee something.
type Grant struct {
	Permission string // READ, WRITE, READ_ACP, WRITE_ACP or FULL_CONTROL
	GranteeID  string // for example qcs::cam::uin/100000000001:uin/100000000001
	GranteeURI string // a group, instead of an id
}

const (
	aclDefault    = "default"
	aclPrivate    = "private"
	aclPublicRead = "public-read"

	headerACL = "X-Cos-Acl"

	// Everybody is named by an id in grants and by a group in older answers (document 7744).
	anyoneID  = "qcs::cam::anyone:anyone"
	anyoneURI = "http://cam.qcloud.com/groups/global/AllUsers"

	permissionRead        = "READ"
	permissionFullControl = "FULL_CONTROL"
)

// grantHeaders are the headers that carry grants (document 7748).
var grantHeaders = map[string]string{
	permissionRead:        "X-Cos-Grant-Read",
	"WRITE":               "X-Cos-Grant-Write",
	"READ_ACP":            "X-Cos-Grant-Read-Acp",
	"WRITE_ACP":           "X-Cos-Grant-Write-Acp",
	permissionFullControl: "X-Cos-Grant-Full-Control",
}

// IsDefault reports whether the object has no ACL of its own and inherits from the bucket. It need
// not be sent with a write: every write resets the ACL to this.
func (a ACL) IsDefault() bool {
	return a.Canned == aclDefault || a.Canned == "" && len(a.Grants) == 0
}

// set adds the ACL to the headers of a request.
func (a ACL) set(header http.Header) {
	if a.Canned != "" {
		header.Set(headerACL, a.Canned)
	}
	grantees := map[string][]string{}
	for _, grant := range a.Grants {
		name := grantHeaders[grant.Permission]
		if id := fmt.Sprintf("id=%q", grant.grantee()); !slices.Contains(grantees[name], id) {
			grantees[name] = append(grantees[name], id)
		}
	}
	for name, ids := range grantees {
		header.Set(name, strings.Join(ids, ","))
	}
}

// grantee is the id to send: headers know no groups, but everybody has an id.
func (g Grant) grantee() string {
	if g.GranteeURI == anyoneURI {
		return anyoneID
	}
	return orDefault(g.GranteeID, g.GranteeURI)
}

// ACL returns an object's ACL in a form that can be sent again. No customer key is needed. It takes
// the permission cos:GetObjectACL.
//
// Where COS lists the owner's grant alone and does not say "default", the ACL is private: sending
// private where the object inherited from its bucket can hide an object, the reverse could publish
// one.
func (c *Client) ACL(ctx context.Context, ref ObjectRef) (ACL, error) {
	var acl ACL
	req := request{op: "GetObjectACL", ref: ref}
	err := c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		result, resp, err := sdk.Object.GetACL(ctx, ref.Key, versionArgs(ref)...)
		if err == nil {
			acl = readACL(result, resp.Header.Get(headerACL))
		}
		return resp, err
	})
	return acl, err
}

// unlistedACLs are the canned ACLs besides default that may show in the answer's header alone,
// without a grant of their own: the SDK, which derives a header from the grants where COS sends
// none, never names them.
var unlistedACLs = map[string]bool{
	"authenticated-read": true, "bucket-owner-read": true, "bucket-owner-full-control": true,
}

// readACL understands the answer to GET ?acl.
func readACL(result *cos.ObjectGetACLResult, canned string) ACL {
	canned = strings.ToLower(canned)
	if canned == aclDefault {
		return ACL{Canned: aclDefault}
	}
	owner := ""
	if result.Owner != nil {
		owner = result.Owner.ID
	}
	acl := ACL{Canned: aclPrivate}
	for _, listed := range result.AccessControlList {
		if listed.Grantee == nil {
			continue
		}
		grant := Grant{
			Permission: listed.Permission, GranteeID: listed.Grantee.ID, GranteeURI: listed.Grantee.URI,
		}
		acl.Grants = append(acl.Grants, grant)
		switch {
		case grant.grantee() == owner && grant.Permission == permissionFullControl:
		case grant.grantee() == anyoneID && grant.Permission == permissionRead && acl.Canned != "":
			acl.Canned = aclPublicRead
		default:
			acl.Canned = ""
		}
	}
	if acl.Canned == aclPrivate && unlistedACLs[canned] {
		acl.Canned = canned
	}
	if acl.Canned != "" {
		acl.Grants = nil
	}
	return acl
}

// PutACL replaces an object's ACL and changes nothing else. The zero ACL is the default. It takes
// the permission cos:PutObjectACL.
func (c *Client) PutACL(ctx context.Context, ref ObjectRef, acl ACL) error {
	if acl.IsDefault() {
		acl = ACL{Canned: aclDefault}
	}
	header := http.Header{}
	acl.set(header)
	req := request{op: "PutObjectACL", ref: ref, header: header}
	return c.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		return sdk.Object.PutACL(ctx, ref.Key, &cos.ObjectPutACLOptions{}, versionArgs(ref)...)
	})
}
