package cosapi

import (
	"net/http"
	"sync"
	"testing"
)

func TestEmptyBodyIsSentWithItsLength(t *testing.T) {
	t.Parallel()
	file, err := OpenFile(writtenFile(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, body := range map[string]Body{"bytes": BytesBody(nil), "file": file} {
		var mu sync.Mutex
		var puts []*http.Request
		w := newWire(t, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if r.Method == http.MethodPut {
				puts = append(puts, r)
			}
			w.Header().Set("ETag", `"etag"`)
			w.Header().Set(headerCRC64, CRC64(nil))
		})
		if _, err := w.Put(t.Context(), testRef("empty"), body, encrypted(NoEncryption{})); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(puts) != 1 {
			t.Fatalf("%s: %d uploads, want 1", name, len(puts))
		}
		if put := puts[0]; put.ContentLength != 0 || put.TransferEncoding != nil {
			t.Errorf("%s: length %d, transfer encoding %v; want 0 and none",
				name, put.ContentLength, put.TransferEncoding)
		}
	}
}
