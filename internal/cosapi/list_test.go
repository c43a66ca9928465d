package cosapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestListDecodesKeys(t *testing.T) {
	t.Parallel()
	var query string
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		query = req.URL.RawQuery
		answer{status: 200, body: `<ListBucketResult><Name>b</Name><EncodingType>url</EncodingType>
			<Prefix>a</Prefix><IsTruncated>true</IsTruncated><NextMarker>a%2Bb</NextMarker>
			<Contents><Key>a/%E8%85%BE%20x</Key><LastModified>2020-12-10T03:37:30.000Z</LastModified>
			<ETag>&quot;e1&quot;</ETag><Size>5</Size><StorageClass>standard_ia</StorageClass></Contents>
			<Contents><Key>a%2Bb</Key></Contents><CommonPrefixes><Prefix>a%25/</Prefix></CommonPrefixes>
			</ListBucketResult>`}.ServeHTTP(rw, req)
	})
	page, err := w.List(t.Context(), ListOptions{
		Region: testRegion, Bucket: testBucket, Prefix: "a", Delimiter: "/", Marker: "a", Max: 7,
	})
	want := ListPage{
		Objects: []ListedObject{
			{
				Key: "a/腾 x", ETag: "e1", Size: 5, StorageClass: "STANDARD_IA",
				LastModified: time.Date(2020, 12, 10, 3, 37, 30, 0, time.UTC),
			},
			{Key: "a+b"},
		},
		Prefixes: []string{"a%/"}, NextMarker: "a+b", Truncated: true,
	}
	if diff := cmp.Diff(want, page); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if want := "delimiter=%2F&encoding-type=url&marker=a&max-keys=7&prefix=a"; query != want {
		t.Errorf("query %s", query)
	}
}

func TestKeysAreNotDecodedWithoutEncoding(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, body: `<ListBucketResult><Name>b</Name>
		<IsTruncated>false</IsTruncated>
		<Contents><Key>100%25</Key></Contents></ListBucketResult>`}))
	page, err := w.List(t.Context(), ListOptions{Region: testRegion, Bucket: testBucket})
	if err != nil || page.Objects[0].Key != "100%25" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestFindMatchesExactlyOneKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{"report": true, "report.bak": false} {
		w := newWire(t, script(answer{status: 200, body: "<ListBucketResult><Name>b</Name>" +
			"<IsTruncated>false</IsTruncated>" +
			"<Contents><Key>" + key + "</Key></Contents></ListBucketResult>"}))
		_, found, err := w.Find(t.Context(), testRef("report"))
		if found != want || err != nil {
			t.Errorf("%s: found = %t, %v", key, found, err)
		}
	}
}

// versionListing is two pages of versions with a marker; the second begins with another key.
func versionListing(rw http.ResponseWriter, req *http.Request) {
	body := `<ListVersionsResult><Name>b</Name><IsTruncated>true</IsTruncated>
		<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>V2</NextVersionIdMarker>
		<Version><Key>k</Key><VersionId>V2</VersionId>
			<LastModified>2020-01-02T00:00:00.000Z</LastModified></Version>
		<DeleteMarker><Key>k</Key><VersionId>M3</VersionId><IsLatest>true</IsLatest>
			<LastModified>2020-01-02T00:00:00.000Z</LastModified></DeleteMarker>
		</ListVersionsResult>`
	if req.URL.Query().Get("version-id-marker") == "V2" {
		body = `<ListVersionsResult><Name>b</Name><IsTruncated>true</IsTruncated>
			<NextKeyMarker>k2</NextKeyMarker><NextVersionIdMarker>X1</NextVersionIdMarker>
			<Version><Key>k</Key><VersionId>V1</VersionId>
				<LastModified>2020-01-01T00:00:00.000Z</LastModified></Version>
			<Version><Key>k2</Key><VersionId>X1</VersionId><IsLatest>true</IsLatest></Version>
			</ListVersionsResult>`
	}
	answer{status: 200, body: body}.ServeHTTP(rw, req)
}

func TestListVersionsOrdersMarkersAmongVersions(t *testing.T) {
	t.Parallel()
	w := newWire(t, versionListing)
	page, err := w.ListVersions(
		t.Context(),
		ListVersionsOptions{Region: testRegion, Bucket: testBucket},
	)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Versions) != 2 || page.Versions[0].VersionID != "M3" ||
		!page.Versions[0].DeleteMarker {
		t.Errorf("%+v", page.Versions)
	}
}

func TestDeleteAllVersionsDeletesExactlyOneKey(t *testing.T) {
	t.Parallel()
	var deleted []string
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodDelete {
			deleted = append(deleted, strings.ToLower(req.URL.Path+"?"+req.URL.RawQuery))
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		versionListing(rw, req)
	})
	count, err := w.DeleteAllVersions(t.Context(), testRef("k"))
	if count != 3 || err != nil {
		t.Errorf("%d versions, %v", count, err)
	}
	want := []string{"/k?versionid=m3", "/k?versionid=v2", "/k?versionid=v1"}
	if diff := cmp.Diff(want, deleted); diff != "" {
		t.Error(diff)
	}
}

const noVersions = "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>"

func TestDeleteAllVersionsDespiteALaggingListing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		head  answer
		count int
	}{
		"exists": {found(nil), 1}, "customer-key": {answer{status: 400}, 1},
		"gone": {answer{status: 404}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				switch req.Method {
				case http.MethodHead:
					test.head.ServeHTTP(rw, req)
				case http.MethodDelete:
					rw.WriteHeader(http.StatusNoContent)
				default:
					answer{status: 200, body: noVersions}.ServeHTTP(rw, req)
				}
			})
			count, err := w.DeleteAllVersions(t.Context(), testRef("k"))
			if count != test.count || err != nil {
				t.Errorf("%d versions, %v", count, err)
			}
		})
	}
}

func TestListUploadsTurnsPages(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		body := `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>
			<NextKeyMarker>a%20b</NextKeyMarker><NextUploadIdMarker>U1</NextUploadIdMarker>
			<Upload><Key>a%20b</Key><UploadId>U1</UploadId>
			<Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>
			</ListMultipartUploadsResult>`
		if query := req.URL.Query(); query.Get("key-marker") == "a b" &&
			query.Get("upload-id-marker") == "U1" {
			body = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>
				<Upload><Key>c</Key><UploadId>U2</UploadId></Upload>
				</ListMultipartUploadsResult>`
		}
		answer{status: 200, body: body}.ServeHTTP(rw, req)
	})
	uploads, err := w.ListUploads(t.Context(), testRegion, testBucket, "")
	want := []Upload{
		{Key: "a b", UploadID: "U1", Initiated: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Key: "c", UploadID: "U2"},
	}
	if diff := cmp.Diff(want, uploads); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
