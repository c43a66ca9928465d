package cosapi

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// stored puts small objects into an emulator and returns what a HEAD long after says of them.
func stored(t *testing.T, h *harness, keys []string) map[string]Known {
	t.Helper()
	known := map[string]Known{}
	for _, key := range keys {
		ref := h.ref(t, key)
		ref.Key = key
		h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{Algorithm: "AES256"}})
		info := h.head(t, ref, nil)
		known[key] = Known{
			ETag: info.ETag, Size: info.Size, LastModified: info.LastModified,
			StorageClass: info.StorageClass, HeadAt: info.LastModified.Add(time.Minute),
		}
	}
	h.emulator.ResetJournal()
	return known
}

func numbered(prefix string, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%05d", prefix, i)
	}
	return keys
}

// askAll asks for all keys, so many at a time, and returns how many were unchanged.
func askAll(
	t *testing.T, h *harness, refresher *ListRefresher, keys []string, known map[string]Known,
	parallel int,
) int {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	unchanged := 0
	places := make(chan struct{}, parallel)
	for _, key := range keys {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			ref := h.ref(t, key)
			ref.Key = key
			same, err := refresher.Unchanged(t.Context(), ref, known[key])
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if same {
				unchanged++
			}
		})
	}
	group.Wait()
	return unchanged
}

func TestThousandObjectsTakeAtMostThreeListings(t *testing.T) {
	t.Parallel()
	keys := numbered("reports/2026/", 1000)
	h := startEmulator(t, cosemu.Config{})
	known := stored(t, h, keys)
	orders := map[string]func([]string){
		"ascending":  func([]string) {},
		"descending": func(k []string) { reverse(k) },
		"random": func(k []string) {
			rand.Shuffle(len(k), func(i, j int) { k[i], k[j] = k[j], k[i] })
		},
	}
	for name, order := range orders {
		for _, parallel := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s by %d", name, parallel), func(t *testing.T) {
				h.emulator.ResetJournal()
				asked := append([]string(nil), keys...)
				order(asked)
				n := askAll(t, h, NewListRefresher(h.Client), asked, known, parallel)
				if n != len(keys) {
					t.Errorf("%d unchanged, want %d", n, len(keys))
				}
				if pages := len(h.emulator.Journal()); pages > 3 {
					t.Errorf("%d requests, want at most 3", pages)
				}
			})
		}
	}
}

func reverse(keys []string) {
	for i, j := 0, len(keys)-1; i < j; i, j = i+1, j-1 {
		keys[i], keys[j] = keys[j], keys[i]
	}
}

func TestFewKeysInAHugeFolderCostNoMoreThanHeads(t *testing.T) {
	t.Parallel()
	keys := numbered("logs/", 5000)
	h := startEmulator(t, cosemu.Config{})
	known := stored(t, h, keys)
	few := []string{"logs/00100", "logs/01900", "logs/03800"}
	for name, asked := range map[string][]string{
		"ascending": few, "descending": {few[2], few[1], few[0]},
	} {
		t.Run(name, func(t *testing.T) {
			h.emulator.ResetJournal()
			if n := askAll(t, h, NewListRefresher(h.Client), asked, known, 1); n != len(asked) {
				t.Errorf("%d unchanged, want %d", n, len(asked))
			}
			if pages := len(h.emulator.Journal()); pages > len(asked) {
				t.Errorf("%d pages for %d keys", pages, len(asked))
			}
		})
	}
}

func TestOnlyUnchangedIsAnAnswer(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	known := stored(t, h, []string{"a", "a2"})["a"]
	tests := map[string]struct {
		key   string
		known func(*Known)
		want  bool
	}{
		"as it was":      {"a", func(*Known) {}, true},
		"other ETag":     {"a", func(k *Known) { k.ETag = "other" }, false},
		"size not known": {"a", func(k *Known) { k.Size = -1 }, true},
		"other size":     {"a", func(k *Known) { k.Size++ }, false},
		"rewritten, same ETag": {
			"a", func(k *Known) { k.LastModified = k.LastModified.Add(-time.Hour) }, false,
		},
		"other class":    {"a", func(k *Known) { k.StorageClass = "ARCHIVE" }, false},
		"ETag not known": {"a", func(k *Known) { k.ETag = "" }, false},
		"looked at within seconds of the write": {
			"a", func(k *Known) { k.HeadAt = k.LastModified.Add(listingLag - time.Second) }, false,
		},
		"never looked at": {"a", func(k *Known) { k.HeadAt = time.Time{} }, false},
		"gone":            {"b", func(*Known) {}, false},
		"prefix of a key": {"a/", func(*Known) {}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := known
			test.known(&given)
			ref := h.ref(t, test.key)
			ref.Key = test.key
			got, err := NewListRefresher(h.Client).Unchanged(t.Context(), ref, given)
			if err != nil || got != test.want {
				t.Errorf("Unchanged = %t, %v, want %t", got, err, test.want)
			}
		})
	}
}

func TestFailedListingEndsListingAndNotTheRefresh(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	known := stored(t, h, []string{"a", "b"})
	h.emulator.AddFaults(cosemu.Fault{Op: "GetBucket", Status: 403, Code: "AccessDenied"})
	refresher := NewListRefresher(h.Client)
	for range 2 {
		ref := h.ref(t, "a")
		ref.Key = "a"
		if _, err := refresher.Unchanged(t.Context(), ref, known["a"]); Classify(err) != ClassPermission {
			t.Errorf("error = %v, want that of the listing", err)
		}
	}
	if n := h.emulator.Requests("GetBucket"); n != 1 {
		t.Errorf("%d listings, want 1", n)
	}
}

func TestJustBefore(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"a", "a/b", "report-0", "ключ", "a~", "z!", "a "} {
		before := justBefore(key)
		if before >= key {
			t.Errorf("justBefore(%q) = %q is not before it", key, before)
		}
	}
	if between := "report-/zzz"; between > justBefore("report-0") {
		t.Errorf("%q lies between the marker %q and report-0", between, justBefore("report-0"))
	}
}
