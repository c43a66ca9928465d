package cosemu

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// shownKeys are the keys and common prefixes of a listing in the order of their kinds.
func shownKeys(list listXML) []string {
	var shown []string
	for _, contents := range list.Contents {
		shown = append(shown, contents.Key)
	}
	for _, group := range list.CommonPrefixes {
		shown = append(shown, group.Prefix)
	}
	return shown
}

func TestListObjects(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, key := range []string{"a", "b/1", "b/2", "b/c/3", "d", "e%20f", "%E4%BA%91"} {
		r.must(t, "PUT", "/"+key, "x")
	}
	tests := map[string]struct {
		query     string
		want      []string
		truncated bool
		next      string
	}{
		"all":              {"", []string{"a", "b/1", "b/2", "b/c/3", "d", "e f", "云"}, false, ""},
		"prefix":           {"prefix=b/", []string{"b/1", "b/2", "b/c/3"}, false, ""},
		"delimiter":        {"delimiter=/", []string{"a", "d", "e f", "云", "b/"}, false, ""},
		"prefix-delimiter": {"prefix=b/&delimiter=/", []string{"b/1", "b/2", "b/c/"}, false, ""},
		"marker":           {"marker=b/2", []string{"b/c/3", "d", "e f", "云"}, false, ""},
		"marker-is-strict": {"marker=d", []string{"e f", "云"}, false, ""},
		"marker-is-prefix": {"delimiter=/&marker=b/", []string{"d", "e f", "云"}, false, ""},
		"page":             {"max-keys=2", []string{"a", "b/1"}, true, "b/1"},
		"exact-page":       {"max-keys=7&prefix=b/", []string{"b/1", "b/2", "b/c/3"}, false, ""},
		"prefixes-count":   {"delimiter=/&max-keys=2", []string{"a", "b/"}, true, "b/"},
		"zero":             {"max-keys=0", nil, false, ""},
		"encoded":          {"encoding-type=url&prefix=e", []string{"e%20f"}, false, ""},
		"encoded-slash":    {"encoding-type=url&prefix=b/c", []string{"b/c/3"}, false, ""},
		"encoded-marker":   {"encoding-type=url&max-keys=6", nil, true, "e%20f"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := parse[listXML](t, r.must(t, "GET", "/?"+test.query, ""))
			shown := shownKeys(list)
			if name != "encoded-marker" && !slices.Equal(shown, test.want) {
				t.Errorf("keys = %q, want %q", shown, test.want)
			}
			if list.IsTruncated != test.truncated || list.NextMarker != test.next {
				t.Errorf("truncated = %t, next %q", list.IsTruncated, list.NextMarker)
			}
		})
	}
}

func TestListRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.begin(t, "/key")
	for _, target := range []string{
		"/?max-keys=1001", "/?max-keys=-1", "/?max-keys=many", "/?encoding-type=base64",
		"/?versions&max-keys=1001", "/?uploads&max-uploads=1001", "/?uploads&encoding-type=xml",
		"/key?max-parts=0&uploadId=" + id, "/key?max-parts=1001&uploadId=" + id,
		"/key?part-number-marker=x&uploadId=" + id, "/key?encoding-type=x&uploadId=" + id,
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			r.do("GET", target, "").expect(t, 400, "InvalidArgument")
		})
	}
	r.do("GET", "/other?uploadId="+id, "").expect(t, 404, "NoSuchUpload")
}

// TestListPagesCoverEverything walks every listing page by page: each key, prefix, version, upload
// and part comes exactly once.
func TestListPagesCoverEverything(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keys := []string{"a", "b/1", "b/2", "b/3", "c", "d/1", "d/2", "e"}
	for _, key := range keys {
		r.must(t, "PUT", "/"+key, "x")
		r.must(t, "PUT", versionedHost+"/"+key, "1")
		r.must(t, "PUT", versionedHost+"/"+key, "2")
		r.begin(t, "/"+key)
		r.begin(t, "/"+key)
	}
	grouped := []string{"a", "b/", "c", "d/", "e"}
	twice := func(list []string) []string {
		var doubled []string
		for _, key := range list {
			doubled = append(doubled, key)
			if !strings.HasSuffix(key, "/") {
				doubled = append(doubled, key)
			}
		}
		return doubled
	}
	for size := 1; size <= 4; size++ {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			for name, want := range map[string][]string{"": keys, "/": grouped} {
				for kind, got := range map[string][]string{
					"objects": walkObjects(t, r, name, size), "versions": walkVersions(t, r, name, size),
					"uploads": walkUploads(t, r, name, size),
				} {
					expected := want
					if kind != "objects" {
						expected = twice(want)
					}
					slices.Sort(got)
					if !slices.Equal(got, expected) {
						t.Errorf("%s with delimiter %q = %q, want %q", kind, name, got, expected)
					}
				}
			}
		})
	}
}

func walkObjects(t *testing.T, r *rig, delimiter string, size int) []string {
	var all []string
	marker := ""
	for range 20 {
		list := parse[listXML](t, r.must(t, "GET", fmt.Sprintf("/?delimiter=%s&max-keys=%d&marker=%s",
			delimiter, size, marker), ""))
		all = append(all, shownKeys(list)...)
		if marker = list.NextMarker; !list.IsTruncated {
			return all
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func walkVersions(t *testing.T, r *rig, delimiter string, size int) []string {
	var all []string
	query := ""
	for range 20 {
		target := fmt.Sprintf("%s/?versions&delimiter=%s&max-keys=%d%s", versionedHost, delimiter,
			size, query)
		list := parse[listVersionsXML](t, r.must(t, "GET", target, ""))
		for _, version := range list.Versions {
			all = append(all, version.Key)
		}
		for _, group := range list.CommonPrefixes {
			all = append(all, group.Prefix)
		}
		if !list.IsTruncated {
			return all
		}
		query = "&key-marker=" + list.NextKeyMarker
		if list.NextVersionIDMarker != "" {
			query += "&version-id-marker=" + list.NextVersionIDMarker
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func walkUploads(t *testing.T, r *rig, delimiter string, size int) []string {
	var all []string
	query := ""
	for range 20 {
		target := fmt.Sprintf("/?uploads&delimiter=%s&max-uploads=%d%s", delimiter, size, query)
		list := parse[listUploadsXML](t, r.must(t, "GET", target, ""))
		for _, upload := range list.Uploads {
			all = append(all, upload.Key)
		}
		for _, group := range list.CommonPrefixes {
			all = append(all, group.Prefix)
		}
		if !list.IsTruncated {
			return all
		}
		query = "&key-marker=" + url.QueryEscape(list.NextKeyMarker)
		if list.NextUploadIDMarker != "" {
			query += "&upload-id-marker=" + list.NextUploadIDMarker
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestListPartsPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.begin(t, "/key")
	for _, number := range []int{1, 2, 5, 10000} {
		r.part(t, "/key", id, number, fmt.Sprint(number))
	}
	var got []int
	marker := "0"
	for range 3 {
		list := parse[listPartsXML](t, r.must(t, "GET",
			"/key?max-parts=3&part-number-marker="+marker+"&uploadId="+id, ""))
		for _, part := range list.Parts {
			got = append(got, part.PartNumber)
			if part.ETag != `"`+md5Hex(fmt.Sprint(part.PartNumber))+`"` {
				t.Errorf("ETag of part %d = %s", part.PartNumber, part.ETag)
			}
		}
		if marker = list.NextPartNumberMarker; !list.IsTruncated {
			break
		}
	}
	if !slices.Equal(got, []int{1, 2, 5, 10000}) {
		t.Errorf("parts = %v", got)
	}
}

func TestListVersionsOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	target := versionedHost + "/key"
	first := r.must(t, "PUT", target, "1").get(headerVersionID)
	second := r.must(t, "PUT", target, "22").get(headerVersionID)
	marker := r.must(t, "DELETE", target, "").get(headerVersionID)
	list := parse[listVersionsXML](t, r.must(t, "GET", versionedHost+"/?versions", ""))
	if len(list.Versions) != 2 || list.Versions[0].VersionID != second ||
		list.Versions[1].VersionID != first || list.Versions[0].IsLatest ||
		*list.Versions[0].Size != 2 || list.Versions[0].ETag != `"`+md5Hex("22")+`"` {
		t.Errorf("versions = %+v", list.Versions)
	}
	if len(list.DeleteMarkers) != 1 || list.DeleteMarkers[0].VersionID != marker ||
		!list.DeleteMarkers[0].IsLatest || list.DeleteMarkers[0].Size != nil {
		t.Errorf("markers = %+v", list.DeleteMarkers)
	}
	if objects := parse[listXML](t, r.must(t, "GET", versionedHost+"/", "")); objects.Contents != nil {
		t.Errorf("a deleted object is listed: %+v", objects.Contents)
	}
	r.must(t, "PUT", "/key", "unversioned")
	list = parse[listVersionsXML](t, r.must(t, "GET", "/?versions", ""))
	if len(list.Versions) != 1 || list.Versions[0].VersionID != "null" || !list.Versions[0].IsLatest {
		t.Errorf("versions of a bucket without versioning = %+v", list.Versions)
	}
}

func TestListingsLag(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.ListLag = 10 * time.Second })
	shown := func() []string {
		return shownKeys(parse[listXML](t, r.must(t, "GET", "/", "")))
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if got := shown(); !slices.Equal(got, want) {
			t.Errorf("%s: keys = %q, want %q", when, got, want)
		}
	}
	r.must(t, "PUT", "/key", "x")
	expect("at once")
	r.must(t, "HEAD", "/key", "")
	r.clock.advance(11 * time.Second)
	expect("later", "key")
	r.must(t, "DELETE", "/key", "")
	expect("after DELETE", "key")
	r.clock.advance(11 * time.Second)
	expect("later still")
}

// TestListDocuments pins the text that clients parse: names, order, quotes and times.
func TestListDocuments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.must(t, "PUT", "/dir/a", "body", withKey(keyOne)...)
	etag := strings.Trim(r.must(t, "HEAD", "/dir/a", "", withKey(keyOne)...).get("ETag"), `"`)
	owner := "<Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner>"
	tests := map[string]struct{ target, want string }{
		"objects": {
			"/?prefix=dir/", "<ListBucketResult><Name>" + plainBucket + "</Name><Prefix>dir/</Prefix>" +
				"<Marker></Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents>" +
				"<Key>dir/a</Key><LastModified>2026-03-01T12:00:00.000Z</LastModified><ETag>&quot;" +
				etag + "&quot;</ETag><Size>4</Size>" + owner + "<StorageClass>STANDARD</StorageClass>" +
				"</Contents></ListBucketResult>",
		},
		"groups": {
			"/?delimiter=/&encoding-type=url", "<ListBucketResult><Name>" + plainBucket + "</Name>" +
				"<EncodingType>url</EncodingType><Prefix></Prefix><Marker></Marker>" +
				"<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><IsTruncated>false</IsTruncated>" +
				"<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes></ListBucketResult>",
		},
		"versions": {
			"/?versions", "<ListVersionsResult><Name>" + plainBucket + "</Name><Prefix></Prefix>" +
				"<KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker><MaxKeys>1000</MaxKeys>" +
				"<IsTruncated>false</IsTruncated><Version><Key>dir/a</Key><VersionId>null</VersionId>" +
				"<IsLatest>true</IsLatest><LastModified>2026-03-01T12:00:00.000Z</LastModified>" +
				"<ETag>&quot;" + etag + "&quot;</ETag><Size>4</Size>" +
				"<StorageClass>STANDARD</StorageClass>" + owner + "</Version></ListVersionsResult>",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := r.must(t, "GET", test.target, "")
			_, document, _ := strings.Cut(a.body, "?>\n")
			if document != test.want {
				t.Errorf("document =\n%s\nwant\n%s", document, test.want)
			}
			a.check(t, name, map[string]string{
				"x-cos-bucket-region": "ap-guangzhou", "Content-Type": "application/xml",
			})
		})
	}
}

func TestListUploadDocuments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.begin(t, "/key", "x-cos-storage-class: STANDARD_IA")
	r.part(t, "/key", id, 1, "body")
	owner := func(name string) string {
		return "<" + name + "><ID>1250000000</ID><DisplayName>1250000000</DisplayName></" + name + ">"
	}
	tests := map[string]struct{ target, want string }{
		"uploads": {
			"/?uploads&encoding-type=url", "<ListMultipartUploadsResult><Bucket>" + plainBucket +
				"</Bucket><Encoding-Type>url</Encoding-Type><KeyMarker></KeyMarker>" +
				"<UploadIdMarker></UploadIdMarker><MaxUploads>1000</MaxUploads><Prefix></Prefix>" +
				"<IsTruncated>false</IsTruncated><Upload><Key>key</Key><UploadId>" + id + "</UploadId>" +
				"<StorageClass>STANDARD_IA</StorageClass>" + owner("Initiator") + owner("Owner") +
				"<Initiated>2026-03-01T12:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>",
		},
		"parts": {
			"/key?uploadId=" + id, "<ListPartsResult><Bucket>" + plainBucket + "</Bucket><Key>key</Key>" +
				"<UploadId>" + id + "</UploadId>" + owner("Initiator") + owner("Owner") +
				"<StorageClass>STANDARD_IA</StorageClass><PartNumberMarker>0</PartNumberMarker>" +
				"<MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated><Part>" +
				"<PartNumber>1</PartNumber><LastModified>2026-03-01T12:00:00.000Z</LastModified>" +
				"<ETag>&quot;" + md5Hex("body") + "&quot;</ETag><Size>4</Size></Part></ListPartsResult>",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, document, _ := strings.Cut(r.must(t, "GET", test.target, "").body, "?>\n")
			if document != test.want {
				t.Errorf("document =\n%s\nwant\n%s", document, test.want)
			}
		})
	}
}
