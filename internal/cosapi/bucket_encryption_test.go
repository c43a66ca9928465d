package cosapi

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

func TestBucketEncryptionRoundTrip(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	bucket := ObjectRef{Region: h.region, Bucket: h.bucket}
	ctx := t.Context()
	if _, found, err := h.BucketEncryption(ctx, bucket); found || err != nil {
		t.Fatalf("a new bucket: found %v, %v", found, err)
	}
	for _, want := range []BucketEncryption{
		{Algorithm: "AES256"},
		{Algorithm: "SM4"},
		{Algorithm: "KMS", KMSKeyID: emulatorOtherKMSKey},
		{Algorithm: "KMS", KMSKeyID: emulatorKMSKey, KMSAlgorithm: "SM4"},
	} {
		if err := h.PutBucketEncryption(ctx, bucket, want); err != nil {
			t.Fatal(err)
		}
		got, found, err := h.BucketEncryption(ctx, bucket)
		if err != nil || !found || got != want {
			t.Errorf("got %+v, %v, %v; want %+v", got, found, err, want)
		}
		ref := h.ref(t, "plain")
		h.store(t, ref, "x", WriteOptions{Encryption: NoEncryption{}})
		if diff := cmp.Diff(want.Status(), h.head(t, ref, nil).Encryption); diff != "" {
			t.Errorf("an object without headers (-want +got):\n%s", diff)
		}
	}
	if err := h.DeleteBucketEncryption(ctx, bucket); err != nil {
		t.Fatal(err)
	}
	if _, found, err := h.BucketEncryption(ctx, bucket); found || err != nil {
		t.Errorf("after the delete: found %v, %v", found, err)
	}
}

// Only COS's own word says that a bucket has no default: otherwise a canary, or the configuration
// that is put back, would rest on a guess.
func TestBucketEncryptionBelievesOnlyCOS(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]answer{
		"a bare 404":       {status: http.StatusNotFound},
		"no such bucket":   refusal(http.StatusNotFound, "NoSuchBucket"),
		"denied":           refusal(http.StatusForbidden, "AccessDenied"),
		"an empty success": {status: http.StatusOK, header: map[string]string{"x-cos-request-id": "r"}},
		"an empty document": {
			status: http.StatusOK, header: map[string]string{"x-cos-request-id": "r"},
			body: "<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(reply))
			if got, found, err := w.BucketEncryption(t.Context(), testRef("")); err == nil {
				t.Errorf("got %+v, found %v and no error", got, found)
			}
		})
	}
}

func TestDefaultEncryption(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		encryption Encryption
		want       BucketEncryption
		fails      bool
	}{
		"SSE-COS":   {encryption: SSECOS{}, want: BucketEncryption{Algorithm: "AES256"}},
		"SM4":       {encryption: SSECOS{Algorithm: "SM4"}, want: BucketEncryption{Algorithm: "SM4"}},
		"SSE-KMS":   {encryption: SSEKMS{KeyID: "k"}, want: BucketEncryption{Algorithm: "KMS", KMSKeyID: "k"}},
		"a context": {encryption: SSEKMS{Context: map[string]string{"a": "b"}}, fails: true},
		"SSE-C":     {encryption: SSEC{}, fails: true},
		"none":      {encryption: NoEncryption{}, fails: true},
		"nil":       {fails: true},
	} {
		got, err := DefaultEncryption(test.encryption)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
