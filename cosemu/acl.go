package cosemu

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// acl is who may use an object: a canned ACL, or grants. The zero value is the default, which
// inherits from the bucket, and of a bucket is private.
type acl struct {
	canned string
	grants []grant
	// exact grants came in a document and are all there are: the owner has none beside them.
	exact bool
}

// grant permits one grantee something.
type grant struct{ permission, grantee string }

// Everybody is an id in the grants of objects, and a group in those of buckets.
const (
	aclDefault = "default"
	anyone     = "qcs::cam::anyone:anyone"
	everybody  = "http://cam.qcloud.com/groups/global/AllUsers"
)

// cannedACLs of objects (7748).
var cannedACLs = map[string]bool{
	aclDefault: true, "private": true, "public-read": true, "authenticated-read": true,
	"bucket-owner-read": true, "bucket-owner-full-control": true,
}

// grantHeader is a header and the permission that it grants.
type grantHeader struct{ header, permission string }

// grantHeaders in the order in which grants are listed.
var grantHeaders = []grantHeader{
	{"x-cos-grant-read", "READ"},
	{"x-cos-grant-write", "WRITE"},
	{"x-cos-grant-read-acp", "READ_ACP"},
	{"x-cos-grant-write-acp", "WRITE_ACP"},
	{"x-cos-grant-full-control", "FULL_CONTROL"},
}

var grantee = regexp.MustCompile(`(?:id|uin)="([^"]+)"`)

// headerACL reads the ACL headers of a write or of PUT ?acl.
func headerACL(header http.Header) (acl, *apiError) { return readACL(header, cannedACLs) }

func readACL(header http.Header, cannedACLs map[string]bool) (acl, *apiError) {
	a := acl{canned: header.Get("x-cos-acl")}
	if a.canned != "" && !cannedACLs[a.canned] {
		return a, invalid("There is no ACL %q.", a.canned)
	}
	for _, known := range grantHeaders {
		value := header.Get(known.header)
		if value == "" {
			continue
		}
		matches := grantee.FindAllStringSubmatch(value, -1)
		if len(matches) == 0 {
			return a, invalid(`%s must list id="...".`, known.header)
		}
		for _, match := range matches {
			a.grants = append(a.grants, grant{known.permission, match[1]})
		}
	}
	return a, nil
}

// granteeXML spells its attributes with their prefix: package xml would invent another one.
type granteeXML struct {
	Namespace   string `xml:"xmlns:xsi,attr"`
	Type        string `xml:"xsi:type,attr"`
	ID          string `xml:"ID,omitempty"`
	DisplayName string `xml:"DisplayName,omitempty"`
	URI         string `xml:"URI,omitempty"`
}

type grantXML struct {
	Grantee    granteeXML `xml:"Grantee"`
	Permission string     `xml:"Permission"`
}

type aclXML struct {
	XMLName xml.Name   `xml:"AccessControlPolicy"`
	Owner   ownerXML   `xml:"Owner"`
	Grants  []grantXML `xml:"AccessControlList>Grant"`
}

// putACL replaces the ACL of an object, from headers or from a body (7748).
func putACL(x *exchange) *apiError {
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	permissions, err := x.requestACL(cannedACLs)
	if err != nil {
		return err
	}
	if err := x.update(v, func(v *version) { v.acl = permissions }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

// requestACL reads the ACL of PUT ?acl, which is given by headers or by a body.
func (x *exchange) requestACL(cannedACLs map[string]bool) (acl, *apiError) {
	permissions, err := readACL(x.r.Header, cannedACLs)
	switch {
	case err != nil:
		return permissions, err
	case !asksForACL(x.r.Header):
		permissions.exact = true
		permissions.grants, err = x.bodyGrants()
		return permissions, err
	case x.r.ContentLength != 0:
		return permissions, failure("UnexpectedContent",
			"An ACL is given by headers or by a body, not both.")
	}
	return permissions, nil
}

// asksForACL reports any ACL header.
func asksForACL(header http.Header) bool {
	asks := header.Get("x-cos-acl") != ""
	for _, known := range grantHeaders {
		asks = asks || header.Get(known.header) != ""
	}
	return asks
}

// bodyGrants reads the grants of PUT ?acl from its body.
func (x *exchange) bodyGrants() ([]grant, *apiError) {
	var document aclXML
	if err := x.readXML(&document); err != nil {
		return nil, err
	}
	var grants []grant
	for _, g := range document.Grants {
		id := cmp.Or(g.Grantee.ID, g.Grantee.URI)
		known := slices.ContainsFunc(grantHeaders, func(h grantHeader) bool {
			return h.permission == g.Permission
		})
		if id == "" || !known {
			return nil, invalid("The grant of %q to %q is not valid.", g.Permission, id)
		}
		grants = append(grants, grant{g.Permission, id})
	}
	return grants, nil
}

// getACL answers the grants, and in x-cos-acl the canned ACL: default shows nowhere else (7744).
func getACL(x *exchange) *apiError {
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	x.store.mu.Lock()
	permissions := v.acl
	x.store.mu.Unlock()
	if len(permissions.grants) == 0 && !permissions.exact {
		set(x.w.Header(), "x-cos-acl", cmp.Or(permissions.canned, aclDefault))
	}
	x.answerXML(x.aclDocument(permissions, anyone))
	return nil
}

// aclDocument lists grants. A canned ACL and grants of headers are listed beside the owner's own
// grant, those of a document as they were given. public is whom public ACLs name.
func (x *exchange) aclDocument(permissions acl, public string) aclXML {
	owner := ownerUIN(x.bucket)
	document := aclXML{Owner: ownerXML{ID: owner, DisplayName: owner}}
	add := func(permission, id string) {
		document.Grants = append(document.Grants, grantXML{
			Grantee: newGrantee(id), Permission: permission,
		})
	}
	if !permissions.exact {
		add("FULL_CONTROL", owner)
	}
	switch permissions.canned {
	case "public-read":
		add("READ", public)
	case "public-read-write":
		add("READ", public)
		add("WRITE", public)
	}
	for _, g := range permissions.grants {
		if permissions.exact || g.grantee != owner {
			add(g.permission, g.grantee)
		}
	}
	return document
}

// newGrantee is a user, or a group, which is named by a URI.
func newGrantee(id string) granteeXML {
	g := granteeXML{Namespace: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser"}
	if strings.HasPrefix(id, "http://") {
		g.Type, g.URI = "Group", id
		return g
	}
	g.ID, g.DisplayName = id, id
	return g
}

// publicRead reports an ACL by which anybody may read objects.
func (a acl) publicRead() bool {
	if a.canned == "public-read" || a.canned == "public-read-write" {
		return true
	}
	return slices.ContainsFunc(a.grants, func(g grant) bool {
		reads := g.permission == "READ" || g.permission == "FULL_CONTROL"
		return reads && (g.grantee == anyone || g.grantee == everybody)
	})
}

// inherits reports the ACL of an object that has none of its own.
func (a acl) inherits() bool {
	return !a.exact && len(a.grants) == 0 && (a.canned == "" || a.canned == aclDefault)
}
