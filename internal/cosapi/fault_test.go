package cosapi

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// faulty starts an emulator with one object, and clears its journal.
func faulty(t *testing.T, key string, options WriteOptions) (*harness, ObjectRef, ObjectInfo) {
	t.Helper()
	h := startEmulator(t, cosemu.Config{})
	ref := h.ref(t, key)
	h.store(t, ref, sample, options)
	info := h.head(t, ref, readKey(options.Encryption))
	// Last-Modified is in whole seconds: an object that was written in this very second could not
	// be told from one that the test writes.
	if err := h.emulator.AgeObject(ref.Bucket, ref.Key, clockAge); err != nil {
		t.Fatal(err)
	}
	info.LastModified = info.LastModified.Add(-clockAge)
	h.emulator.ResetJournal()
	return h, ref, info
}

const clockAge = 10 * clockTolerance

// reencrypt copies an object onto itself.
func reencrypt(t *testing.T, h *harness, info ObjectInfo, after Encryption) (WriteResult, error) {
	t.Helper()
	return h.Copy(t.Context(),
		CopySource{Ref: info.Ref, IfMatch: info.ETag, Size: info.Size, CRC64: info.CRC64},
		info.Ref, CopyOptions{WriteOptions: WriteOptions{Encryption: after, Headers: info.Headers}})
}

func TestFaultsDuringACopy(t *testing.T) {
	t.Parallel()
	const copyOp, head = "PutObjectCopy", "HeadObject"
	for name, test := range map[string]struct {
		fault cosemu.Fault
		ops   []string
	}{
		"none": {cosemu.Fault{Op: "GetBucket", Status: 503}, []string{copyOp}},
		// The connection broke before COS read the request: nothing happened.
		"reset": {cosemu.Fault{Op: copyOp, Reset: true}, []string{copyOp, head, copyOp}},
		// The copy was made, its answer got lost.
		"drop-answer": {cosemu.Fault{Op: copyOp, DropAnswer: true}, []string{copyOp, head}},
		// Half of the answer arrived.
		"truncate": {cosemu.Fault{Op: copyOp, Truncate: true}, []string{copyOp, head}},
		// COS asks to slow down: it did nothing, so that no look is needed.
		"slow-down": {
			cosemu.Fault{Op: copyOp, Status: 503, Code: "SlowDown", Times: 2},
			[]string{copyOp, copyOp, copyOp},
		},
		"kms-throttled": {
			cosemu.Fault{Op: copyOp, Status: 503, Code: "KmsFreqControl"}, []string{copyOp, copyOp},
		},
		"path-conflict": {
			cosemu.Fault{Op: copyOp, Status: 409, Code: "PathConflict"}, []string{copyOp, copyOp},
		},
		// An internal error leaves open what was done.
		"internal": {
			cosemu.Fault{Op: copyOp, Status: 500, Code: "InternalError"},
			[]string{copyOp, head, copyOp},
		},
		// The copy failed after the status line was sent.
		"error-in-200": {
			cosemu.Fault{Op: copyOp, ErrorIn200: true, Code: "InternalError"},
			[]string{copyOp, head, copyOp},
		},
		// The copy was made, but its answer does not say how it is encrypted.
		"no-echo": {cosemu.Fault{Op: copyOp, NoEncryptionEcho: true}, []string{copyOp, head}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ref, info := faulty(t, "k", WriteOptions{Encryption: NoEncryption{}})
			h.emulator.AddFaults(test.fault)
			result, err := reencrypt(t, h, info, SSECOS{})
			if err != nil || result.Encryption.Mode != ModeSSECOS || result.CRC64 != sampleCRC64 {
				t.Errorf("%+v, %v", result, err)
			}
			if diff := cmp.Diff(test.ops, h.ops()); diff != "" {
				t.Error(diff)
			}
			if after := h.head(t, ref, nil); after.Encryption.Mode != ModeSSECOS {
				t.Errorf("stored with %s", after.Encryption)
			}
		})
	}
}

func TestFinalErrorsOfACopyAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault cosemu.Fault
		class Class
	}{
		"denied":        {cosemu.Fault{Status: 403, Code: "AccessDenied"}, ClassPermission},
		"precondition":  {cosemu.Fault{Status: 412, Code: "PreconditionFailed"}, ClassPrecondition},
		"kms-disabled":  {cosemu.Fault{Status: 400, Code: "KmsKeyDisabled"}, ClassKMS},
		"archived":      {cosemu.Fault{Status: 403, Code: "InvalidObjectState"}, ClassArchived},
		"locked":        {cosemu.Fault{Status: 409, Code: "ObjectLocked"}, ClassLocked},
		"denied-in-200": {cosemu.Fault{ErrorIn200: true, Code: "AccessDenied"}, ClassPermission},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ref, info := faulty(t, "k", WriteOptions{Encryption: NoEncryption{}})
			test.fault.Op = "PutObjectCopy"
			h.emulator.AddFaults(test.fault)
			if _, err := reencrypt(t, h, info, SSECOS{}); Classify(err) != test.class {
				t.Errorf("class %d: %v", Classify(err), err)
			}
			if diff := cmp.Diff([]string{"PutObjectCopy"}, h.ops()); diff != "" {
				t.Error(diff)
			}
			if after := h.head(t, ref, nil); after.Encryption.Mode != ModeNone {
				t.Errorf("stored with %s", after.Encryption)
			}
		})
	}
}

func TestSilentPlaintextIsFound(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]Encryption{
		"cos": SSECOS{}, "kms": SSEKMS{KeyID: emulatorKMSKey}, "ssec": SSEC{Key: mustKey(t, canaryKey)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ref, info := faulty(t, "k", WriteOptions{Encryption: NoEncryption{}})
			h.emulator.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
			_, err := reencrypt(t, h, info, after)
			var mismatch *EncryptionMismatchError
			if !errors.As(err, &mismatch) || mismatch.Got.Mode != ModeNone || mismatch.Ref != ref {
				t.Fatalf("error is %T: %v", err, err)
			}
			if mismatch.Result.ETag != h.head(t, ref, nil).ETag {
				t.Errorf("%+v does not describe what is stored", mismatch.Result)
			}
		})
	}
}

func TestRotationWithALostAnswer(t *testing.T) {
	t.Parallel()
	before, after := mustKey(t, canaryKey), mustKey(t, otherKey)
	for name, test := range map[string]struct {
		fault  cosemu.Fault
		copies int
	}{
		"carried-out":     {cosemu.Fault{Op: "PutObjectCopy", DropAnswer: true}, 1},
		"not-carried-out": {cosemu.Fault{Op: "PutObjectCopy", Reset: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ref, info := faulty(t, "k", WriteOptions{Encryption: SSEC{Key: before}})
			h.emulator.AddFaults(test.fault)
			_, err := h.Copy(t.Context(),
				CopySource{Ref: ref, Key: &before, IfMatch: info.ETag, Size: info.Size, CRC64: info.CRC64},
				ref, CopyOptions{WriteOptions: WriteOptions{Encryption: SSEC{Key: after}}})
			if err != nil {
				t.Fatal(err)
			}
			if got := h.emulator.Requests("PutObjectCopy"); got != test.copies {
				t.Errorf("%d copies, want %d", got, test.copies)
			}
			if _, err := h.Head(t.Context(), ref, &before); !statusIs(err, refusedKey...) {
				t.Errorf("the old key: %v", err)
			}
			h.head(t, ref, &after)
		})
	}
}

func TestObjectsWithoutCRC64(t *testing.T) {
	t.Parallel()
	h, ref, _ := faulty(t, "k", WriteOptions{Encryption: SSECOS{}})
	if err := h.emulator.ForgetCRC64(ref.Bucket, ref.Key); err != nil {
		t.Fatal(err)
	}
	content, info, err := h.Content(t.Context(), ref, nil, 100)
	if string(content) != sample || err != nil || info.CRC64 != "" {
		t.Errorf("%q, CRC64 %q, %v", content, info.CRC64, err)
	}
	h.emulator.ResetJournal()
	h.emulator.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropAnswer: true})
	h.emulator.AddFaults(cosemu.Fault{Op: "HeadObject", NoCRC64: true, Times: 9})
	info.Ref = ref
	_, err = reencrypt(t, h, info, SSECOS{})
	var ambiguous *AmbiguousError
	if !errors.As(err, &ambiguous) {
		t.Errorf("error is %T: %v", err, err)
	}
	if got := h.emulator.Requests("PutObjectCopy"); got != 1 {
		t.Errorf("%d copies: one was repeated blindly", got)
	}
}

func TestFaultsOfReadsAndSmallWrites(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault cosemu.Fault
		call  func(*harness, ObjectRef, *testing.T) error
		ops   []string
	}{
		"head-reset": {
			cosemu.Fault{Op: "HeadObject", Status: 500, Code: "InternalError", Times: 2},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				_, err := h.Head(t.Context(), ref, nil)
				return err
			},
			[]string{"HeadObject", "HeadObject", "HeadObject"},
		},
		"get-truncated": {
			cosemu.Fault{Op: "GetObject", Truncate: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				_, _, err := h.Content(t.Context(), ref, nil, 100)
				return err
			},
			[]string{"GetObject", "GetObject"},
		},
		"list-truncated": {
			cosemu.Fault{Op: "GetBucket", Truncate: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				_, found, err := h.Find(t.Context(), ref)
				if !found {
					t.Error("a truncated listing is taken for an empty one")
				}
				return err
			},
			[]string{"GetBucket", "GetBucket"},
		},
		"tags-lost": {
			cosemu.Fault{Op: "PutObjectTagging", DropAnswer: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				return h.PutTags(t.Context(), ref, map[string]string{"a": "b"})
			},
			[]string{"PutObjectTagging", "PutObjectTagging"},
		},
		"acl-lost": {
			cosemu.Fault{Op: "PutObjectACL", DropAnswer: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				return h.PutACL(t.Context(), ref, ACL{Canned: "private"})
			},
			[]string{"PutObjectACL", "PutObjectACL"},
		},
		"delete-lost": {
			cosemu.Fault{Op: "DeleteObject", DropAnswer: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				_, err := h.Delete(t.Context(), ref)
				return err
			},
			[]string{"DeleteObject", "HeadObject"},
		},
		"delete-reset": {
			cosemu.Fault{Op: "DeleteObject", Reset: true},
			func(h *harness, ref ObjectRef, t *testing.T) error {
				_, err := h.Delete(t.Context(), ref)
				return err
			},
			[]string{"DeleteObject", "HeadObject", "DeleteObject"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, ref, _ := faulty(t, "k", WriteOptions{Encryption: SSECOS{}})
			h.emulator.AddFaults(test.fault)
			if err := test.call(h, ref, t); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.ops, h.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneDeleteMarkerDespiteALostAnswer(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	ref := h.in(t, h.versioned, "k")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
	h.emulator.AddFaults(cosemu.Fault{Op: "DeleteObject", DropAnswer: true})
	if _, err := h.Delete(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	versions, err := h.versionsOf(t.Context(), ref)
	markers := 0
	for _, version := range versions {
		if version.DeleteMarker {
			markers++
		}
	}
	if markers != 1 || err != nil {
		t.Errorf("%d delete markers, %v", markers, err)
	}
}

func TestRequestsMadeByEachCall(t *testing.T) {
	t.Parallel()
	h, ref, info := faulty(t, "k", WriteOptions{Encryption: SSECOS{}})
	missing := h.ref(t, "missing")
	head := func() error { _, err := h.Head(t.Context(), ref, nil); return err }
	headMissing := func() error {
		if _, err := h.Head(t.Context(), missing, nil); StatusOf(err) != http.StatusNotFound {
			return err
		}
		return nil
	}
	copied := func() error { _, err := reencrypt(t, h, info, SSEKMS{}); return err }
	tags := func() error { return h.PutTags(t.Context(), ref, map[string]string{"a": "b"}) }
	noTags := func() error { return h.PutTags(t.Context(), ref, nil) }
	acl := func() error { return h.PutACL(t.Context(), ref, ACL{}) }
	find := func() error { _, _, err := h.Find(t.Context(), ref); return err }
	deleted := func() error { _, err := h.Delete(t.Context(), ref); return err }
	for _, step := range []struct {
		name string
		call func() error
		want []string
	}{
		{"head", head, []string{"HeadObject"}},
		{"head-missing", headMissing, []string{"HeadObject", "GetObject"}},
		{"copy", copied, []string{"PutObjectCopy"}},
		{"tags", tags, []string{"PutObjectTagging"}},
		{"no-tags", noTags, []string{"DeleteObjectTagging"}},
		{"acl", acl, []string{"PutObjectACL"}},
		{"find", find, []string{"GetBucket"}},
		{"delete", deleted, []string{"DeleteObject"}},
	} {
		if err := step.call(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, h.ops()); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
	}
}

func TestCopiesUploadNothing(t *testing.T) {
	t.Parallel()
	h, _, info := faulty(t, "k", WriteOptions{Encryption: SSECOS{}})
	if _, err := reencrypt(t, h, info, SSEC{Key: mustKey(t, canaryKey)}); err != nil {
		t.Fatal(err)
	}
	for _, entry := range h.emulator.Journal() {
		if entry.BytesIn != 0 || entry.SSEMode != string(ModeSSEC) || entry.KeyFingerprint == "" {
			t.Errorf("%+v", entry)
		}
	}
}
