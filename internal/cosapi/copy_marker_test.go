package cosapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// markerParts is everything that goes into a marker, as one value that tests change.
type markerParts struct {
	destination ObjectRef
	source      ObjectInfo
	request     CopyRequest
}

func baseMarkerParts(t *testing.T) markerParts {
	t.Helper()
	return markerParts{
		destination: ObjectRef{Region: "r", Bucket: "b-1", Key: "to"},
		source: ObjectInfo{
			Ref:  ObjectRef{Region: "r", Bucket: "b-1", Key: "from"},
			ETag: "e1", CRC64: "1", VersionID: "v1",
		},
		request: CopyRequest{
			Encryption: SSEKMS{KeyID: "cmk", Context: map[string]string{"a": "1", "b": "2"}},
			Headers:    ObjectHeaders{ContentType: "text/plain", Metadata: map[string]string{"x": "1"}},
		},
	}
}

func (p markerParts) marker(t *testing.T) CopyMarker {
	t.Helper()
	marker, err := NewCopyMarker(p.destination, p.source, p.request)
	if err != nil {
		t.Fatal(err)
	}
	return marker
}

func TestCopyMarkerChangesWithWhatItMarks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*markerParts)
		equal  bool
	}{
		"nothing":            {func(*markerParts) {}, true},
		"destination":        {func(p *markerParts) { p.destination.Key = "elsewhere" }, false},
		"destination bucket": {func(p *markerParts) { p.destination.Bucket = "b-2" }, false},
		"destination region": {func(p *markerParts) { p.destination.Region = "s" }, false},
		"source":             {func(p *markerParts) { p.source.Ref.Key = "other" }, false},
		"source version":     {func(p *markerParts) { p.source.VersionID = "v2" }, false},
		"source tags": {func(p *markerParts) {
			p.request.Tags = map[string]string{"a": "b"}
		}, false},
		"source content": {func(p *markerParts) { p.source.CRC64 = "2" }, false},
		// The version decides where there is one.
		"source ETag of the same version": {func(p *markerParts) { p.source.ETag = "e2" }, true},
		"KMS key": {func(p *markerParts) {
			p.request.Encryption = SSEKMS{KeyID: "other", Context: map[string]string{"a": "1", "b": "2"}}
		}, false},
		"KMS context": {func(p *markerParts) {
			p.request.Encryption = SSEKMS{KeyID: "cmk", Context: map[string]string{"a": "1"}}
		}, false},
		"mode":          {func(p *markerParts) { p.request.Encryption = SSECOS{} }, false},
		"header":        {func(p *markerParts) { p.request.Headers.ContentType = "text/csv" }, false},
		"metadata":      {func(p *markerParts) { p.request.Headers.Metadata = nil }, false},
		"storage class": {func(p *markerParts) { p.request.StorageClass = "ARCHIVE" }, false},
		// Texts that run into each other must not look alike.
		"shifted name": {func(p *markerParts) {
			p.destination.Bucket, p.destination.Key = "b-1\"", "\"to"
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := baseMarkerParts(t)
			before := parts.marker(t)
			tt.change(&parts)
			if got := parts.marker(t).Equal(before); got != tt.equal {
				t.Errorf("equal = %v, want %v", got, tt.equal)
			}
		})
	}
}

func TestCopyMarkerGoesByTheETagWithoutAVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "null"} {
		parts := baseMarkerParts(t)
		parts.source.VersionID = version
		before := parts.marker(t)
		parts.source.ETag = "e2"
		if parts.marker(t).Equal(before) {
			t.Errorf("version %q: another ETag gives the same marker", version)
		}
	}
}

func TestCopyMarkerGoesThroughMetadata(t *testing.T) {
	t.Parallel()
	marker := baseMarkerParts(t).marker(t)
	own := map[string]string{"team": "finance"}
	marked := marker.AddTo(own)
	if len(own) != 1 {
		t.Errorf("AddTo changed its argument: %v", own)
	}
	if err := ValidateMetadata(marked); err != nil {
		t.Errorf("marked metadata are not valid: %v", err)
	}
	read, rest := ReadCopyMarker(marked)
	if !read.Equal(marker) {
		t.Errorf("marker read = %+v, want %+v", read, marker)
	}
	if diff := cmp.Diff(own, rest); diff != "" {
		t.Errorf("metadata without the marker (-want +got):\n%s", diff)
	}
}

func TestCopyMarkerSurvivesTheLongestNames(t *testing.T) {
	t.Parallel()
	parts := baseMarkerParts(t)
	parts.destination.Key = strings.Repeat("k", MaxKeySize)
	parts.source.Ref.Key = strings.Repeat("s", MaxKeySize)
	if err := ValidateMetadata(parts.marker(t).AddTo(nil)); err != nil {
		t.Errorf("marker does not fit: %v", err)
	}
}

func TestCopyMarkerIsValidOnlyAtItsDestination(t *testing.T) {
	t.Parallel()
	parts := baseMarkerParts(t)
	marker := parts.marker(t)
	parts.source.ETag, parts.source.VersionID = "e9", "v9"
	if !parts.marker(t).SameDestination(marker) {
		t.Error("another source makes another destination")
	}
	parts.destination.Key = "copy of the copy"
	if parts.marker(t).SameDestination(marker) {
		t.Error("the marker is valid at another destination")
	}
	if none, _ := ReadCopyMarker(map[string]string{"team": "x"}); none.SameDestination(CopyMarker{}) {
		t.Error("no marker counts as one")
	}
}

func TestCopyMarkerDescribesTheBytes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		marked, found string
		want          bool
	}{
		"same":       {"1", "1", true},
		"other":      {"1", "2", false},
		"not marked": {"", "2", true},
		"not known":  {"1", "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			marker := CopyMarker{crc64: tt.marked}
			if got := marker.Describes(ObjectInfo{CRC64: tt.found}); got != tt.want {
				t.Errorf("Describes = %v, want %v", got, tt.want)
			}
		})
	}
}
