package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// longKnown is an object that nobody has touched for an hour.
func longKnown() Known {
	return Known{ETag: "etag", LastModified: time.Now().Add(-time.Hour), HeadAt: time.Now()}
}

func TestKeyThatNoPageReachesIsLeftToAHead(t *testing.T) {
	t.Parallel()
	// Before U+E000 there is no character that a marker may have.
	const key = "p/x\uE000"
	h := startEmulator(t, cosemu.Config{})
	known := stored(t, h, append(numbered("p/x", 1000), key))
	ref := h.ref(t, key)
	ref.Key = key
	unchanged, err := NewListRefresher(h.Client).Unchanged(t.Context(), ref, known[key])
	if unchanged || err != nil || h.emulator.Requests("GetBucket") != 1 {
		t.Errorf("%t, %v after %d listings, want no answer after one",
			unchanged, err, h.emulator.Requests("GetBucket"))
	}
}

func TestEmptyPageThatIsNotTheLastIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "<ListBucketResult><IsTruncated>true</IsTruncated>"+
			"<NextMarker>z</NextMarker></ListBucketResult>")
	})
	unchanged, err := NewListRefresher(w.Client).Unchanged(t.Context(), testRef("key"), longKnown())
	if unchanged || err != nil || len(w.ops()) != 1 {
		t.Errorf("%t, %v after %d requests, want no answer after one", unchanged, err, len(w.ops()))
	}
}

func TestCancelledRefreshDoesNotWaitForItsPage(t *testing.T) {
	t.Parallel()
	asked, gone := make(chan struct{}), make(chan struct{})
	first := true
	w := newWire(t, func(w http.ResponseWriter, r *http.Request) {
		if !first {
			_, _ = fmt.Fprint(w, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
			return
		}
		first = false
		close(asked)
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	refresher := NewListRefresher(w.Client)
	_, err := refresher.Unchanged(ctx, testRef("key"), longKnown())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
	<-gone // The request ends when nobody waits for it.
	if _, err := refresher.Unchanged(t.Context(), testRef("key"), longKnown()); err != nil {
		t.Errorf("the next caller: %v, want a page of its own", err)
	}
}
