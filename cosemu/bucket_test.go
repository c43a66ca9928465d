package cosemu

import (
	"crypto/md5"
	"encoding/base64"
	"strings"
	"testing"
)

const (
	freshBucket = "fresh-1250000000"
	freshHost   = freshBucket + ".cos.ap-guangzhou.myqcloud.com"
	freshFar    = freshBucket + ".cos." + farRegion + ".myqcloud.com"
	service     = "service.cos.myqcloud.com/"
)

func TestBucketsComeAndGo(t *testing.T) {
	t.Parallel()
	scenarios(t, map[string][]step{
		"created, used, deleted": {
			{method: "HEAD", target: freshHost + "/", status: 404},
			{method: "PUT", target: freshHost + "/", status: 200},
			{
				method: "HEAD", target: freshHost + "/", status: 200,
				want: map[string]string{"x-cos-bucket-region": "ap-guangzhou", "x-cos-bucket-az-type": "-"},
			},
			{method: "PUT", target: freshHost + "/a", status: 200},
			{method: "DELETE", target: freshHost + "/", status: 409, code: "BucketNotEmpty"},
			{method: "DELETE", target: freshHost + "/a", status: 204},
			{method: "DELETE", target: freshHost + "/", status: 204},
			{method: "GET", target: freshHost + "/", status: 404, code: "NoSuchBucket"},
			{method: "DELETE", target: freshHost + "/", status: 404, code: "NoSuchBucket"},
		},
		"a name is taken in all regions": {
			{method: "PUT", target: freshFar + "/", status: 200},
			{method: "PUT", target: freshHost + "/", status: 409, code: "BucketAlreadyOwnedByYou"},
			{method: "HEAD", target: freshHost + "/", status: 404},
			{
				method: "GET", target: freshFar + "/?location", status: 200,
				answer: "<LocationConstraint>" + farRegion + "</LocationConstraint>",
			},
		},
		"several zones": {
			{
				method: "PUT", target: freshHost + "/", status: 200, body: "<CreateBucketConfiguration>" +
					"<BucketAZConfig>MAZ</BucketAZConfig></CreateBucketConfiguration>",
			},
			{
				method: "HEAD", target: freshHost + "/", status: 200,
				want: map[string]string{"x-cos-bucket-az-type": "MAZ"},
			},
		},
		"versions keep a bucket": {
			{method: "PUT", target: versionedHost + "/a", status: 200},
			{method: "DELETE", target: versionedHost + "/a", status: 204},
			{method: "DELETE", target: versionedHost + "/", status: 409, code: "BucketNotEmpty"},
		},
		"parts keep a bucket": {
			{method: "POST", target: "/a?uploads", status: 200},
			{method: "DELETE", target: "/", status: 409, code: "BucketNotEmpty"},
		},
		"refused": {
			{
				method: "PUT", target: "noappid.cos.ap-guangzhou.myqcloud.com/", status: 400,
				code: "InvalidBucketName",
			},
			{
				method: "PUT", target: strings.Repeat("b", 60) + "-1250000000.cos.ap-guangzhou.myqcloud.com/",
				status: 400, code: "InvalidBucketName",
			},
			{
				method: "PUT", target: freshBucket + ".cos.ap-nowhere.myqcloud.com/", status: 400,
				code: "InvalidRegionName",
			},
			{
				method: "PUT", target: freshHost + "/", headers: []string{"x-cos-acl: public"}, status: 400,
				code: "InvalidArgument",
			},
			{method: "PUT", target: freshHost + "/", body: "<x", status: 400, code: "MalformedXML"},
			{method: "HEAD", target: freshHost + "/", status: 404},
		},
	})
}

func TestBucketsAreListed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", freshHost+"/", "")
	all := parse[serviceXML](t, r.must(t, "GET", service, ""))
	var names []string
	for _, b := range all.Buckets {
		names = append(names, b.Name+"@"+b.Location)
	}
	want := plainBucket + "@ap-guangzhou far-1250000000@ap-beijing " + freshBucket +
		"@ap-guangzhou " + versionedBucket + "@ap-guangzhou"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the buckets are %s, want %s", got, want)
	}
	if b := all.Buckets[0]; b.CreationDate != "2026-03-01T12:00:00Z" || b.Type != "cos" {
		t.Errorf("a bucket is listed as %+v", b)
	}
	for target, want := range map[string]string{
		"cos." + farRegion + ".myqcloud.com/": "<Buckets><Bucket><Name>" + farBucket + "</Name>",
		service + "?region=" + farRegion:      "<Buckets><Bucket><Name>" + farBucket + "</Name>",
		service + "?max-keys=1": "<IsTruncated>true</IsTruncated><NextMarker>" + plainBucket +
			"</NextMarker>",
		service + "?max-keys=1&marker=" + plainBucket: "<Name>" + farBucket + "</Name>",
	} {
		a := r.must(t, "GET", target, "")
		if !strings.Contains(a.body, want) || strings.Count(a.body, "<Bucket>") != 1 {
			t.Errorf("%s: %s, want %s alone", target, a.body, want)
		}
	}
	r.do("PUT", service, "").expect(t, 501, "NotImplemented")
	r.do("GET", service+"a", "").expect(t, 501, "NotImplemented")
}

func TestBucketACL(t *testing.T) {
	t.Parallel()
	const group = `xsi:type="Group"><URI>http://cam.qcloud.com/groups/global/AllUsers</URI></Grantee>`
	reads := group + "<Permission>READ</Permission>"
	scenarios(t, map[string][]step{
		"private": {
			{method: "GET", target: "/?acl", status: 200, answer: ownerGrant + "</AccessControlList>"},
		},
		"at creation": {
			{method: "PUT", target: freshHost + "/", headers: []string{"x-cos-acl: public-read"}, status: 200},
			{method: "GET", target: freshHost + "/?acl", status: 200, answer: reads},
		},
		"public-read-write": {
			{
				method: "PUT", target: "/?acl", headers: []string{"x-cos-acl: public-read-write"}, status: 200,
			},
			{
				method: "GET", target: "/?acl", status: 200, answer: group + "<Permission>WRITE</Permission>",
			},
		},
		"exactly the grants of a document": {
			{method: "PUT", target: "/?acl", body: aclDocument(otherUser, "READ"), status: 200},
			{
				method: "GET", target: "/?acl", status: 200,
				answer: `<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-` +
					`instance" xsi:type="CanonicalUser"><ID>` + otherUser,
			},
		},
		"refused": {
			{
				method: "PUT", target: "/?acl", headers: []string{"x-cos-acl: public-read-writ"}, status: 400,
				code: "InvalidArgument",
			},
			{
				method: "PUT", target: "/?acl", headers: []string{"x-cos-acl: default"}, status: 400,
				code: "InvalidArgument",
			},
		},
	})
}

// TestPublicBucketsAreRead shows that an unsigned request reads what inherits from a public bucket,
// and neither a private nor an encrypted object.
func TestPublicBucketsAreRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/?acl", "", "x-cos-acl: public-read")
	r.must(t, "PUT", "/inherits", "")
	r.must(t, "PUT", "/private", "", "x-cos-acl: private")
	r.must(t, "PUT", "/encrypted", "", headerSSE+": AES256")
	r.trusting = false
	r.run(t,
		step{method: "GET", target: "/inherits", status: 200},
		step{method: "GET", target: "/private", status: 403, code: "AccessDenied"},
		step{method: "GET", target: "/encrypted", status: 403, code: "AccessDenied"},
		step{method: "GET", target: "/", status: 403, code: "AccessDenied"},
	)
}

// TestStoredConfigurations shows that each of them is kept, returned as it was, and replaced, and
// what is answered where there is none.
func TestStoredConfigurations(t *testing.T) {
	t.Parallel()
	for mark, kind := range storedKinds {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			target, document := "/?"+mark, func(text string) string {
				return "<" + kind.root + ` xmlns="x"><Any>` + text + "</Any></" + kind.root + ">"
			}
			if kind.list != "" {
				target += "&id=one"
			}
			bad := []string{"<x", "<Other/>"}
			if kind.root == "" {
				document = func(text string) string { return `{"version": "` + text + `"}` }
				bad = []string{"{"}
			}
			absent := step{method: "GET", target: target, status: 404, code: kind.absent}
			if kind.absent == "" {
				absent = step{method: "GET", target: target, status: 200, answer: "<" + kind.root + "/>"}
			}
			r.run(t, absent)
			for _, text := range []string{"first", "second"} {
				r.must(t, "PUT", target, document(text))
				if got := r.must(t, "GET", strings.Replace(target, mark, mark+"=", 1), "").body; got != document(text) {
					t.Errorf("it is returned as %s", got)
				}
			}
			for _, body := range bad {
				a := r.do("PUT", target, body)
				if a.status != 400 || !strings.HasPrefix(a.code, "Malformed") {
					t.Errorf("%s is answered with %d %s", body, a.status, a.code)
				}
			}
			if kind.permanent {
				r.do("DELETE", target, "").expect(t, 501, "NotImplemented")
				return
			}
			r.run(t, step{method: "DELETE", target: target, status: 204}, absent)
		})
	}
}

func TestStoredConfigurationsOfSeveralIDs(t *testing.T) {
	t.Parallel()
	document := func(id string) string {
		return `<?xml version="1.0"?><InventoryConfiguration><Id>` + id +
			"</Id><IsEnabled>True</IsEnabled></InventoryConfiguration>"
	}
	const shown = "<InventoryConfiguration><Id>a</Id><IsEnabled>true</IsEnabled></InventoryConfiguration>"
	scenarios(t, map[string][]step{
		"inventories": {
			{method: "PUT", target: "/?inventory", body: document("a"), status: 400, code: "InvalidArgument"},
			{method: "PUT", target: "/?inventory&id=a", body: document("a"), status: 200},
			{method: "PUT", target: "/?inventory&id=b", body: document("b"), status: 200},
			{method: "GET", target: "/?inventory&id=a", status: 200, answer: shown},
			{
				method: "GET", target: "/?inventory", status: 200,
				answer: "<ListInventoryConfigurationResult><IsTruncated>false</IsTruncated>" + shown +
					"<InventoryConfiguration><Id>b</Id>",
			},
			{method: "DELETE", target: "/?inventory&id=a", status: 204},
			{method: "GET", target: "/?inventory&id=a", status: 404, code: "NoSuchConfiguration"},
			{method: "GET", target: "/?inventory&id=b", status: 200},
		},
	})
}

func TestAcceleration(t *testing.T) {
	t.Parallel()
	const host = plainBucket + ".cos.accelerate.myqcloud.com"
	status := func(text string) step {
		return step{
			method: "PUT", target: "/?accelerate", status: 200,
			body: "<AccelerateConfiguration><Status>" + text + "</Status></AccelerateConfiguration>",
		}
	}
	refused := step{method: "GET", target: host + "/a", status: 400, code: "BucketAccelerateNotEnabled"}
	scenarios(t, map[string][]step{
		"enabled and suspended": {
			refused, status("Enabled"),
			{method: "PUT", target: host + "/a", status: 200},
			{method: "HEAD", target: "/a", status: 200},
			status("Suspended"), refused,
		},
	})
}

func TestObjectLockOfABucket(t *testing.T) {
	t.Parallel()
	lock := func(days string, status int, code string) step {
		return step{
			method: "PUT", target: "/?object-lock", status: status, code: code,
			body: "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>" +
				"<DefaultRetention><Days>" + days + "</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
		}
	}
	scenarios(t, map[string][]step{
		"new objects are locked": {
			{method: "GET", target: "/?object-lock", status: 404, code: "NoSuchObjectLockConfiguration"},
			{method: "PUT", target: "/before", status: 200},
			lock("30", 200, ""),
			{method: "GET", target: "/?object-lock", status: 200, answer: "<Days>30</Days>"},
			{method: "PUT", target: "/before", status: 200},
			{method: "DELETE", target: "/before", status: 409, code: "ObjectLocked"},
			{method: "PUT", target: "/before", status: 409, code: "ObjectLocked"},
			{
				method: "GET", target: "/before?retention", status: 200,
				answer: "<RetainUntilDate>2026-03-31T12:00:00.000Z</RetainUntilDate>",
			},
		},
		"only longer": {
			lock("30", 200, ""), lock("29", 409, "InvalidLockedTime"), lock("31", 200, ""),
			{method: "GET", target: "/?object-lock", status: 200, answer: "<Days>31</Days>"},
		},
		"refused": {
			lock("0", 400, "InvalidArgument"), lock("36501", 400, "InvalidArgument"),
			{
				method: "PUT", target: "/?object-lock", status: 400, code: "MalformedXML",
				body: "<ObjectLockConfiguration/>",
			},
		},
	})
}

func TestObjectLockOfUploadsByParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/?object-lock", "<ObjectLockConfiguration><ObjectLockEnabled>Enabled"+
		"</ObjectLockEnabled><Rule><DefaultRetention><Days>1</Days></DefaultRetention></Rule>"+
		"</ObjectLockConfiguration>")
	id := r.begin(t, "/a")
	etag := r.part(t, "/a", id, 1, "x")
	r.must(t, "POST", "/a?uploadId="+id, completeBody(1, etag))
	r.do("DELETE", "/a", "").expect(t, 409, "ObjectLocked")
}

// withMD5 is the header that POST ?delete demands.
func withMD5(body string) []string {
	sum := md5.Sum([]byte(body))
	return []string{"Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:])}
}

func TestManyObjectsAreDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/a", "")
	r.must(t, "PUT", "/locked", "")
	if err := r.LockObject(plainBucket, "locked", r.clock.read().AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	body := "<Delete><Object><Key>a</Key></Object><Object><Key>missing</Key></Object>" +
		"<Object><Key>locked</Key></Object></Delete>"
	a := r.must(t, "POST", "/?delete", body, withMD5(body)...)
	want := "<DeleteResult><Deleted><Key>a</Key></Deleted><Deleted><Key>missing</Key></Deleted>" +
		"<Error><Key>locked</Key><Code>ObjectLocked</Code>"
	if !strings.Contains(a.body, want) {
		t.Errorf("the answer is %s, want %s in it", a.body, want)
	}
	quiet := strings.Replace(body, "<Delete>", "<Delete><Quiet>true</Quiet>", 1)
	a = r.must(t, "POST", "/?delete", quiet, withMD5(quiet)...)
	if got := parse[deleteResultXML](t, a); len(got.Deleted) != 0 || len(got.Errors) != 1 {
		t.Errorf("a quiet request is answered with %s", a.body)
	}
	r.run(t,
		step{method: "HEAD", target: "/a", status: 404},
		step{method: "HEAD", target: "/locked", status: 200},
		step{method: "POST", target: "/?delete", body: body, status: 400, code: "InvalidDigest"},
		step{
			method: "POST", target: "/?delete", body: "<Delete/>", headers: withMD5("<Delete/>"),
			status: 400, code: "MalformedXML",
		},
	)
	many := "<Delete>" + strings.Repeat("<Object><Key>a</Key></Object>", 1001) + "</Delete>"
	r.do("POST", "/?delete", many, withMD5(many)...).expect(t, 400, "MalformedXML")
}

func TestManyVersionsAreDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.must(t, "PUT", versionedHost+"/a", "").get(headerVersionID)
	body := "<Delete><Object><Key>a</Key></Object></Delete>"
	a := r.must(t, "POST", versionedHost+"/?delete", body, withMD5(body)...)
	deleted := parse[deleteResultXML](t, a).Deleted
	if len(deleted) != 1 || !deleted[0].DeleteMarker || deleted[0].MarkerVersionID == "" {
		t.Fatalf("the answer is %s, want a marker", a.body)
	}
	body = "<Delete><Object><Key>a</Key><VersionId>" + id + "</VersionId></Object><Object><Key>a</Key>" +
		"<VersionId>" + deleted[0].MarkerVersionID + "</VersionId></Object></Delete>"
	a = r.must(t, "POST", versionedHost+"/?delete", body, withMD5(body)...)
	got := parse[deleteResultXML](t, a).Deleted
	if len(got) != 2 || got[0].VersionID != id || got[0].DeleteMarker || !got[1].DeleteMarker {
		t.Errorf("the answer is %s", a.body)
	}
	r.must(t, "DELETE", versionedHost+"/", "")
}
