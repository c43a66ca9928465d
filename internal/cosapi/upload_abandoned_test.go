package cosapi

import (
	"os"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// storeOtherwise puts the object of a killed upload in ways that cannot continue it.
var storeOtherwise = map[string]func(*testing.T, *interrupted) error{
	"a small file": func(t *testing.T, u *interrupted) error {
		u.content = []byte("small")
		u.write(t, u.content)
		_, err := u.put(t.Context(), u.Client, encrypted(NoEncryption{}))
		return err
	},
	"bytes": func(t *testing.T, u *interrupted) error {
		_, err := u.Put(t.Context(), u.ref, BytesBody(u.content), encrypted(NoEncryption{}))
		return err
	},
}

func TestUploadThatNothingContinuesIsRemoved(t *testing.T) {
	t.Parallel()
	for name, store := range storeOtherwise {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newInterrupted(t)
			u.breakOff(t, encrypted(NoEncryption{}))
			if err := store(t, u); err != nil {
				t.Fatal(err)
			}
			u.hasNoUploads(t)
			if notes, err := os.ReadDir(u.notes); err != nil || len(notes) != 0 {
				t.Errorf("checkpoints left behind: %v, %v", notes, err)
			}
			u.isStored(t, nil)
		})
	}
}

func TestUploadThatCannotBeRemovedStaysNoted(t *testing.T) {
	t.Parallel()
	for name, store := range storeOtherwise {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newInterrupted(t)
			u.breakOff(t, encrypted(NoEncryption{}))
			u.emulator.AddFaults(cosemu.Fault{Op: "AbortMultipartUpload", Times: 100, Status: 403})
			if err := store(t, u); err != nil {
				t.Fatal(err)
			}
			u.emulator.ClearFaults()
			if left := u.uploads(t); len(left) != 1 || u.checkpoint(t) == "" {
				t.Errorf("%d uploads left, want the one that the checkpoint names", len(left))
			}
		})
	}
}
