package providerdata

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TestLockExcludes has many at work on few objects, each also a source of others.
func TestLockExcludes(t *testing.T) {
	t.Parallel()
	written := NewWritten()
	refs := []cosapi.ObjectRef{{Key: "a"}, {Key: "b"}, {Key: "c"}}
	var changing, reading [3]atomic.Int32
	var group sync.WaitGroup
	for i := range 300 {
		group.Go(func() {
			change, read := i%3, i/3%3
			unlock, err := written.Lock(t.Context(), refs[change], &refs[read])
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if changing[change].Add(1) != 1 || change != read && changing[read].Load() != 0 ||
				reading[change].Load() != 0 {
				t.Errorf("%s is not alone", refs[change])
			}
			if change != read {
				reading[read].Add(1)
				defer reading[read].Add(-1)
			}
			changing[change].Add(-1)
		})
	}
	group.Wait()
	if len(written.held) != 0 {
		t.Errorf("held afterwards: %v", written.held)
	}
}

// TestReadersShare: any number of copies may read one source side by side.
func TestReadersShare(t *testing.T) {
	t.Parallel()
	written := NewWritten()
	source := cosapi.ObjectRef{Key: "source"}
	for _, key := range []string{"a", "b"} {
		if _, err := written.Lock(t.Context(), cosapi.ObjectRef{Key: key}, &source); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLockIsCancellable(t *testing.T) {
	t.Parallel()
	written := NewWritten()
	ref := cosapi.ObjectRef{Key: "a"}
	if _, err := written.Lock(t.Context(), ref, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := written.Lock(ctx, ref, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
