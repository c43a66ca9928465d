package objectcopy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// markerWith is the marker of a copy of "from" to "to" with SSE-COS, but for one change.
func markerWith(
	t *testing.T, change func(to *cosapi.ObjectRef, from *cosapi.ObjectInfo),
) cosapi.CopyMarker {
	t.Helper()
	to := cosapi.ObjectRef{Region: "ap-guangzhou", Bucket: "examplebucket-1250000000", Key: "to"}
	from := cosapi.ObjectInfo{Ref: to, ETag: "e1", CRC64: "1"}
	from.Ref.Key = "from"
	change(&to, &from)
	marker, err := cosapi.NewCopyMarker(to, from, cosapi.CopyRequest{
		Encryption: cosapi.SSECOS{Algorithm: "AES256"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return marker
}

// A source that is a copy itself has a marker, which must not be left behind in part.
func TestCopyHeadersHaveOneMarker(t *testing.T) {
	t.Parallel()
	older := markerWith(t, func(*cosapi.ObjectRef, *cosapi.ObjectInfo) {})
	newer := markerWith(t, func(to *cosapi.ObjectRef, from *cosapi.ObjectInfo) {
		to.Key, from.CRC64 = "third", ""
	})
	got := wantedCopy{}.copyHeaders(cosapi.ObjectHeaders{
		Metadata: older.AddTo(map[string]string{"team": "x"}),
	})
	got.Metadata = newer.AddTo(got.Metadata)
	want := newer.AddTo(map[string]string{"team": "x"})
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestCopyDecision(t *testing.T) {
	t.Parallel()
	wanted := cosapi.SSECOS{Algorithm: "AES256"}
	marker := markerWith(t, func(*cosapi.ObjectRef, *cosapi.ObjectInfo) {})
	right := cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS, Algorithm: "AES256"}
	there := func(metadata map[string]string, status cosapi.EncryptionStatus) copyDestination {
		return copyDestination{exists: true, readable: true, info: cosapi.ObjectInfo{
			CRC64: "1", Encryption: status, Headers: cosapi.ObjectHeaders{Metadata: metadata},
		}}
	}
	own := marker.AddTo(nil)
	changed := there(own, right)
	changed.info.CRC64 = "2"
	tests := map[string]struct {
		destination copyDestination
		want        copyAction
		reason      string
		// overwriting is what overwrite = true makes of it.
		overwriting copyAction
	}{
		"nothing there": {copyDestination{}, copyCreate, "", copyCreate},
		"there and right": {
			there(own, right), copyNothing, "", copyNothing,
		},
		"source has changed": {
			there(markerWith(t, func(_ *cosapi.ObjectRef, from *cosapi.ObjectInfo) {
				from.ETag = "e0"
			}).AddTo(nil), right), copyAgain, "", copyAgain,
		},
		"another source was configured": {
			there(markerWith(t, func(_ *cosapi.ObjectRef, from *cosapi.ObjectInfo) {
				from.Ref.Key = "old"
			}).AddTo(nil), right), copyRefuse, "another source", copyAgain,
		},
		"encryption was taken off": {
			there(own, cosapi.EncryptionStatus{Mode: cosapi.ModeNone}), copyAgain, "", copyAgain,
		},
		"no marker": {
			there(nil, right), copyRefuse, "not made by this data source", copyAgain,
		},
		"marker of another copy": {
			there(markerWith(t, func(to *cosapi.ObjectRef, _ *cosapi.ObjectInfo) {
				to.Key = "elsewhere"
			}).AddTo(nil), right), copyRefuse, "not made by this data source", copyAgain,
		},
		"other bytes under our marker": {changed, copyRefuse, "content was changed", copyAgain},
		"no key opens it": {
			copyDestination{exists: true}, copyRefuse, "no key at hand", copyAgain,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := copyInput{destination: tt.destination, marker: marker, encryption: wanted}
			got, reason := decideCopy(in)
			said := strings.Contains(reason, tt.reason) && (reason == "") == (tt.reason == "")
			if got != tt.want || !said {
				t.Errorf("decision = %v (%s), want %v (%s)", got, reason, tt.want, tt.reason)
			}
			in.overwrite = true
			if got, _ := decideCopy(in); got != tt.overwriting {
				t.Errorf("with overwrite = %v, want %v", got, tt.overwriting)
			}
		})
	}
}
