package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// countedBucket is a bucket with n objects that are made up when they are asked for, so that the
// heap holds nothing but what the audit keeps.
type countedBucket struct {
	n      int
	status cosapi.EncryptionStatus
	// err is the answer to every HEAD, instead of status.
	err error
	// peak is the highest heap seen at the start of a page.
	peak  uint64
	heads atomic.Int64
	lists int
}

func (b *countedBucket) List(
	_ context.Context, options cosapi.ListOptions,
) (cosapi.ListPage, error) {
	runtime.GC()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	b.peak = max(b.peak, heap.HeapAlloc)
	b.lists++
	first := 0
	if options.Marker != "" {
		if _, err := fmt.Sscanf(options.Marker, "key-%d", &first); err != nil {
			return cosapi.ListPage{}, err
		}
		first++
	}
	var page cosapi.ListPage
	for i := first; i < min(first+cosapi.MaxListPage, b.n); i++ {
		page.Objects = append(page.Objects, cosapi.ListedObject{
			Key: fmt.Sprintf("key-%08d", i), StorageClass: "STANDARD", Size: 1,
		})
	}
	page.Truncated = first+cosapi.MaxListPage < b.n
	if page.Truncated {
		page.NextMarker = page.Objects[len(page.Objects)-1].Key
	}
	return page, nil
}

func (b *countedBucket) ListVersions(
	context.Context, cosapi.ListVersionsOptions,
) (cosapi.VersionPage, error) {
	return cosapi.VersionPage{}, errors.New("not expected")
}

func (b *countedBucket) HeadOnly(
	_ context.Context, ref cosapi.ObjectRef, _ *cosapi.CustomerKey,
) (cosapi.ObjectInfo, error) {
	b.heads.Add(1)
	return cosapi.ObjectInfo{Ref: ref, Encryption: b.status}, b.err
}

func (b *countedBucket) Head(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (cosapi.ObjectInfo, error) {
	return b.HeadOnly(ctx, ref, key)
}

// testSlots is how many objects a test audits at once.
const testSlots = 32

func newAudit(bucket auditClient, limit int64) *audit {
	return &audit{
		client: bucket, keyring: newKeyTrial(cosapi.Keyring{}),
		slots: make(chan struct{}, testSlots), limit: limit, violationsOnly: true,
	}
}

// The heap is the process's, so this test must not run beside others.
//
//nolint:paralleltest // It counts what the process allocates.
func TestAuditHoldsNoMoreForTenThousandObjectsThanForOneThousand(t *testing.T) {
	const allowed = 8 << 20
	peak := func(n int) uint64 {
		bucket := &countedBucket{n: n, status: cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS}}
		report := newAudit(bucket, maxAuditLimit)
		if err := report.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if report.total != int64(n) || bucket.heads.Load() != int64(n) || len(report.objects) != 0 {
			t.Fatalf("total = %d, HEADs = %d, kept = %d, want %d, %d and none",
				report.total, bucket.heads.Load(), len(report.objects), n, n)
		}
		return bucket.peak
	}
	small, large := peak(1_000), peak(10_000)
	if large > small+allowed {
		t.Errorf("heap = %d bytes for 10,000 objects, %d for 1,000: more than %d apart",
			large, small, allowed)
	}
}

func TestAuditStopsAtItsLimit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		objects      int
		limit, total int64
		truncated    bool
		lists        int
	}{
		"below":             {999, 1000, 999, false, 1},
		"exactly, one page": {1000, 1000, 1000, false, 1},
		"within a page":     {1500, 1200, 1200, true, 2},
		"at a page's end":   {1500, 1000, 1000, true, 1},
		"empty":             {0, 10, 0, false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bucket := &countedBucket{n: tt.objects, status: cosapi.EncryptionStatus{Mode: cosapi.ModeNone}}
			report := newAudit(bucket, tt.limit)
			if err := report.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if report.total != tt.total || report.truncated != tt.truncated || bucket.lists != tt.lists {
				t.Errorf("total = %d, truncated = %v, listings = %d, want %d, %v, %d", report.total,
					report.truncated, bucket.lists, tt.total, tt.truncated, tt.lists)
			}
			if report.violations != tt.total || int64(len(report.objects)) != tt.total {
				t.Errorf("violations = %d, kept = %d, want %d", report.violations,
					len(report.objects), tt.total)
			}
		})
	}
}

func TestAuditLogsItsProgress(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	report := newAudit(&countedBucket{n: 2500}, maxAuditLimit)
	if err := report.run(tflogtest.RootLogger(t.Context(), &log)); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(log.String(), `"@level":"info"`); lines != 3 {
		t.Errorf("log = %s, want a line for each of three pages", log.String())
	}
}

func TestAuditEndsWithTheFirstErrorThatNoKeyExplains(t *testing.T) {
	t.Parallel()
	broken := &cosapi.Error{Op: "HeadObject", Status: 503, Code: "ServiceUnavailable"}
	bucket := &countedBucket{n: 900, err: broken}
	report := newAudit(bucket, maxAuditLimit)
	if err := report.run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
	if got := bucket.heads.Load(); got > 2*testSlots {
		t.Errorf("HEADs after the first error = %d", got)
	}
}

func TestAuditEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	report := newAudit(&countedBucket{n: 10}, maxAuditLimit)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := report.run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}

func TestAuditViolations(t *testing.T) {
	t.Parallel()
	kms := func(id string) cosapi.EncryptionStatus {
		return cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: id}
	}
	ssec := func(md5 string) cosapi.EncryptionStatus {
		return cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC, CustomerKeyMD5: md5}
	}
	none := cosapi.EncryptionStatus{Mode: cosapi.ModeNone}
	tests := map[string]struct {
		expectation expectation
		mode        string
		status      cosapi.EncryptionStatus
		want        string
	}{
		"plain by default":     {expectation{}, "NONE", none, "it is not encrypted"},
		"encrypted by default": {expectation{}, "SSE-C", ssec("a"), ""},
		"unknown": {
			expectation{}, modeUnknown, cosapi.EncryptionStatus{}, "its encryption cannot be seen",
		},
		"unknown although plain is allowed": {
			expectation{modes: []string{"NONE"}},
			modeUnknown,
			cosapi.EncryptionStatus{},
			"its encryption cannot be seen",
		},
		"plain is allowed": {expectation{modes: []string{"NONE"}}, "NONE", none, ""},
		"other mode": {
			expectation{modes: []string{"SSE-KMS", "SSE-C"}},
			"SSE-COS",
			cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS},
			"it is encrypted with SSE-COS, expected is SSE-KMS or SSE-C",
		},
		"right KMS key": {expectation{kmsKeyIDs: []string{"x", "CMK"}}, "SSE-KMS", kms("cmk"), ""},
		"other KMS key": {
			expectation{kmsKeyIDs: []string{"x"}},
			"SSE-KMS", kms("y"),
			"it is encrypted with another KMS key",
		},
		"KMS keys do not concern SSE-COS": {
			expectation{kmsKeyIDs: []string{"x"}},
			"SSE-COS",
			cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS},
			"",
		},
		"right SSE-C key": {expectation{keyMD5s: []string{"a"}}, "SSE-C", ssec("a"), ""},
		"other SSE-C key": {
			expectation{keyMD5s: []string{"a"}},
			"SSE-C", ssec("b"),
			"it is encrypted with another SSE-C key",
		},
		"SSE-C key not at hand": {
			expectation{keyMD5s: []string{"a"}},
			"SSE-C", ssec(""),
			"its SSE-C key is none of customer_keys",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.expectation.violation(tt.mode, tt.status)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violation (-want +got):\n%s", diff)
			}
		})
	}
}
