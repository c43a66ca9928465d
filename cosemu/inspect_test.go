package cosemu

import (
	"net/http"
	"testing"
	"time"
)

func TestInspectTellsWhatIsStored(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	server, err := New(Config{
		Buckets: []string{"examplebucket-1250000000"}, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	server.trusting = true
	if _, found := server.Inspect("examplebucket-1250000000", "key"); found {
		t.Error("an object was found before any was written")
	}
	sendAs(server, http.MethodPut, "ours", "123456789")
	got, found := server.Inspect("examplebucket-1250000000", "key")
	if !found || got.CRC64 != "11051210869376104954" || got.Size != 9 || got.SSEMode != "NONE" ||
		got.StorageClass != "STANDARD" || got.VersionID != "null" || !got.LastModified.Equal(now) {
		t.Errorf("stored = %+v, %v", got, found)
	}
	sendAs(server, http.MethodDelete, "ours", "")
	if _, found := server.Inspect("examplebucket-1250000000", "key"); found {
		t.Error("a deleted object was found")
	}
}
