package cosapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// longListings are the loops over pages of this package; page is what COS answers behind a place,
// with another page to come.
var longListings = map[string]struct {
	call func(*testing.T, *wire) error
	page func(next place) string
	from func(url.Values) place
}{
	"versions": {
		func(t *testing.T, w *wire) error {
			_, err := w.versionsOf(t.Context(), testRef("k"))
			return err
		},
		func(next place) string {
			return fmt.Sprintf("<ListVersionsResult><IsTruncated>true</IsTruncated>"+
				"<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>"+
				"</ListVersionsResult>", next.key, next.id)
		},
		func(q url.Values) place { return place{q.Get("key-marker"), q.Get("version-id-marker")} },
	},
	"uploads": {
		func(t *testing.T, w *wire) error {
			_, err := w.ListUploads(t.Context(), testRegion, testBucket, "")
			return err
		},
		func(next place) string {
			return fmt.Sprintf("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"+
				"<NextKeyMarker>%s</NextKeyMarker><NextUploadIdMarker>%s</NextUploadIdMarker>"+
				"</ListMultipartUploadsResult>", next.key, next.id)
		},
		func(q url.Values) place { return place{q.Get("key-marker"), q.Get("upload-id-marker")} },
	},
	"parts": {
		func(t *testing.T, w *wire) error {
			_, err := w.listParts(t.Context(), testRef("k"), "U")
			return err
		},
		func(next place) string {
			return fmt.Sprintf("<ListPartsResult><IsTruncated>true</IsTruncated>"+
				"<NextPartNumberMarker>%s</NextPartNumberMarker></ListPartsResult>", next.key)
		},
		func(q url.Values) place { return place{key: q.Get("part-number-marker")} },
	},
	"objects": {
		func(t *testing.T, w *wire) error {
			options := ListOptions{Region: testRegion, Bucket: testBucket}
			for {
				page, err := w.List(t.Context(), options)
				if err != nil || !page.Truncated {
					return err
				}
				options.Marker = page.NextMarker
			}
		},
		func(next place) string {
			return fmt.Sprintf("<ListBucketResult><IsTruncated>true</IsTruncated>"+
				"<NextMarker>%s</NextMarker></ListBucketResult>", next.key)
		},
		func(q url.Values) place { return place{key: q.Get("marker")} },
	},
}

func TestListingsThatLeadNowhereEnd(t *testing.T) {
	t.Parallel()
	for name, listing := range longListings {
		for fault, steps := range map[string]map[place]place{
			"same-page":  {{}: {key: "2"}, {key: "2"}: {key: "2"}},
			"goes-back":  {{}: {key: "2"}, {key: "2"}: {key: "1"}},
			"no-marker":  {{}: {}},
			"same-id":    {{}: {"2", "a"}, {"2", "a"}: {"2", "a"}},
			"loses-id":   {{}: {"2", "a"}, {"2", "a"}: {"2", ""}},
			"ids-circle": {{}: {"2", "a"}, {"2", "a"}: {"2", "b"}, {"2", "b"}: {"2", "a"}},
		} {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
					from := listing.from(req.URL.Query())
					next, known := steps[from]
					if !known { // A listing without ids knows the keys alone.
						next = place{key: from.key}
					}
					answer{status: 200, body: listing.page(next)}.ServeHTTP(rw, req)
				})
				err := listing.call(t, w)
				var failure *ListingError
				if !errors.As(err, &failure) || Classify(err) != ClassServer || failure.Op == "" {
					t.Errorf("%T of class %d: %v", err, Classify(err), err)
				}
				if got := len(w.ops()); got > len(steps)+1 {
					t.Errorf("%d requests", got)
				}
			})
		}
	}
}

func TestPageThatIgnoresItsMarkerIsNone(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, body: "<ListBucketResult><IsTruncated>false" +
		"</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>"}))
	options := ListOptions{Region: testRegion, Bucket: testBucket, Marker: "b"}
	page, err := w.List(t.Context(), options)
	var failure *ListingError
	if !errors.As(err, &failure) || len(page.Objects) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestMarkerOfAGroupedPageIsItsLastEntry(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, body: "<ListBucketResult><IsTruncated>true" +
		"</IsTruncated><Contents><Key>a</Key></Contents><CommonPrefixes><Prefix>b/</Prefix>" +
		"</CommonPrefixes></ListBucketResult>"}))
	page, err := w.List(t.Context(), ListOptions{Region: testRegion, Bucket: testBucket})
	if err != nil || page.NextMarker != "b/" {
		t.Errorf("%q, %v", page.NextMarker, err)
	}
}
