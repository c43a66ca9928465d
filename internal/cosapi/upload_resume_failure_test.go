package cosapi

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

func TestFailedAndCancelledUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults []cosemu.Fault
		cancel bool   // at the second part
		expect string // CRC64
		class  Class
	}{
		"refused part": {
			faults: []cosemu.Fault{{Op: "UploadPart", Skip: 2, Status: 403}}, class: ClassPermission,
		},
		"refused at once": {
			faults: []cosemu.Fault{{Op: "InitiateMultipartUpload", Status: 403}},
			class:  ClassPermission,
		},
		"refused at the end": {
			faults: []cosemu.Fault{{Op: "CompleteMultipartUpload", Status: 403}},
			class:  ClassPermission,
		},
		"cancelled":     {cancel: true, class: ClassCanceled},
		"other content": {expect: "1", class: ClassOther},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newInterrupted(t)
			u.emulator.AddFaults(test.faults...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			parts := 0
			client := u.with(t, func(c *Config) {
				c.Observe = func(_ context.Context, e Event) {
					if e.Op == "UploadPart" {
						parts++ // one at a time: TransferConcurrency is 1
					}
					if test.cancel && parts == 2 {
						cancel()
					}
				}
			})
			options := encrypted(SSECOS{})
			options.ExpectCRC64 = test.expect
			_, err := u.put(ctx, client, options)
			if err == nil || Classify(err) != test.class {
				t.Errorf("error = %v of class %v, want class %v", err, Classify(err), test.class)
			}
			u.nothingLeft(t)
			if _, err := u.Head(t.Context(), u.ref, nil); Classify(err) != ClassNotFound {
				t.Errorf("the object: %v, want none", err)
			}
		})
	}
}

func TestContinuedUploadIsCheckedAgainstThePlan(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	options := encrypted(SSECOS{})
	u.breakOff(t, options)
	options.ExpectCRC64 = "1"
	_, err := u.put(t.Context(), u.Client, options)
	var changed *ContentChangedError
	if !errors.As(err, &changed) || changed.Got != CRC64(u.content) {
		t.Errorf("error = %v, want a *ContentChangedError with the file's CRC64", err)
	}
	if n := u.counts()["CompleteMultipartUpload"]; n != 0 {
		t.Errorf("%d requests to complete it, want none", n)
	}
	u.nothingLeft(t)
}

func TestUploadsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	others := u.newMultipart(u.ref, WriteOptions{Encryption: SSECOS{}}, []section{{}})
	if err := others.initiate(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.breakOff(t, encrypted(SSECOS{}))
	options := encrypted(SSEKMS{KeyID: emulatorKMSKey})
	if _, err := u.put(t.Context(), u.Client, options); err != nil {
		t.Fatal(err)
	}
	left := u.uploads(t)
	if len(left) != 1 || left[0].UploadID != others.uploadID {
		t.Errorf("uploads left: %v, want that of others, %s", left, others.uploadID)
	}
}

func TestUploadUnderWayElsewhereIsNotTakenOver(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	u.breakOff(t, encrypted(SSECOS{}))
	before := u.checkpoint(t)
	elsewhere, saved, err := openCheckpoint(u.checkpointPath(u.ref))
	if err != nil || saved == nil {
		t.Fatalf("the checkpoint: %v, %v", saved, err)
	}
	if _, err := u.put(t.Context(), u.Client, encrypted(SSECOS{})); err != nil {
		t.Fatal(err)
	}
	want := startedCounts()
	delete(want, "AbortMultipartUpload")
	if diff := cmp.Diff(want, u.counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if left := u.uploads(t); len(left) != 1 || left[0].UploadID != saved.head.UploadID {
		t.Errorf("uploads left: %v, want the one under way", left)
	}
	elsewhere.keep()
	if after := u.checkpoint(t); after != before {
		t.Errorf("the checkpoint changed from\n%s to\n%s", before, after)
	}
}

func TestUploadWhoseRemovalIsRefusedKeepsItsCheckpoint(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	u.breakOff(t, encrypted(SSECOS{}))
	before := u.checkpoint(t)
	u.emulator.AddFaults(cosemu.Fault{Op: "AbortMultipartUpload", Status: 403})
	options := encrypted(SSEKMS{KeyID: emulatorKMSKey})
	if _, err := u.put(t.Context(), u.Client, options); err != nil {
		t.Fatal(err)
	}
	if after := u.checkpoint(t); after != before {
		t.Errorf("the checkpoint changed from\n%s to\n%s", before, after)
	}
	if _, err := u.put(t.Context(), u.Client, options); err != nil {
		t.Fatal(err)
	}
	u.isStored(t, nil)
}

func TestUploadNeedsNoPlaceForACheckpoint(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	// A file is where the folder should be.
	if err := os.WriteFile(u.notes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := u.put(t.Context(), u.Client, encrypted(SSECOS{})); err != nil {
		t.Fatal(err)
	}
	got, _, err := u.Content(t.Context(), u.ref, nil, 1<<30)
	if err != nil || !bytes.Equal(got, u.content) {
		t.Errorf("the object is not the file: %v", err)
	}
}
