package cosemu

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
)

// acl is who may use an object: a canned ACL, or grants. The zero value is the default, which
// inherits from the bucket.
type acl struct {
	canned string
	grants []grant
}

// grant permits one grantee something.
type grant struct{ permission, grantee string }

const (
	aclDefault = "default"
	anyone     = "qcs::cam::anyone:anyone"
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
func headerACL(header http.Header) (acl, *apiError) {
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
	permissions, err := headerACL(x.r.Header)
	if err != nil {
		return err
	}
	if !asksForACL(x.r.Header) {
		if permissions.grants, err = x.bodyGrants(); err != nil {
			return err
		}
	} else if x.r.ContentLength != 0 {
		return failure("UnexpectedContent", "An ACL is given by headers or by a body, not both.")
	}
	if err := x.update(v, func(v *version) { v.acl = permissions }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
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
	owner := x.ownerUIN()
	document := aclXML{Owner: ownerXML{ID: owner, DisplayName: owner}}
	add := func(permission, id string) {
		document.Grants = append(document.Grants, grantXML{
			Grantee: granteeXML{
				Namespace: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser",
				ID: id, DisplayName: id,
			},
			Permission: permission,
		})
	}
	add("FULL_CONTROL", owner)
	if permissions.canned == "public-read" {
		add("READ", anyone)
	}
	for _, g := range permissions.grants {
		if g.grantee != owner {
			add(g.permission, g.grantee)
		}
	}
	if len(permissions.grants) == 0 {
		set(x.w.Header(), "x-cos-acl", cmp.Or(permissions.canned, aclDefault))
	}
	x.answerXML(document)
	return nil
}

// ownerUIN is the account in the form of grants.
func (x *exchange) ownerUIN() string {
	id := x.owner().ID
	return "qcs::cam::uin/" + id + ":uin/" + id
}

// publicRead reports an object that anybody may read.
func (a acl) publicRead() bool {
	if a.canned == "public-read" {
		return true
	}
	for _, g := range a.grants {
		if g.permission == "READ" && g.grantee == anyone {
			return true
		}
	}
	return false
}
