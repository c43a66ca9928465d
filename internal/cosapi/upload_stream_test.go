package cosapi

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// streamed writes n bytes in uneven pieces.
func streamed(t *testing.T, s *Stream, n int) []byte {
	t.Helper()
	var all []byte
	for i := 0; len(all) < n; i++ {
		piece := bytes.Repeat([]byte{byte(i)}, min(n-len(all), 300_000+i))
		if _, err := s.Write(piece); err != nil {
			t.Fatal(err)
		}
		all = append(all, piece...)
	}
	return all
}

func TestStreamOfEverySize(t *testing.T) {
	t.Parallel()
	put := []string{"PutObject"}
	begin, part, end := "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"
	for name, test := range map[string]struct {
		size int
		ops  []string
	}{
		"empty":              {0, put},
		"one part":           {MinPartSize, put},
		"a byte more":        {MinPartSize + 1, []string{begin, part, part, end}},
		"three parts":        {3 * MinPartSize, []string{begin, part, part, part, end}},
		"two parts and some": {2*MinPartSize + 7, []string{begin, part, part, part, end}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			ref := h.ref(t, "stream")
			s := h.NewStream(t.Context(), ref, WriteOptions{Encryption: SSECOS{}}, MinPartSize)
			want := streamed(t, s, test.size)
			result, err := s.Close()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.ops, h.ops()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			got, info, err := h.Content(t.Context(), ref, nil, 1<<30)
			if err != nil || !bytes.Equal(got, want) || info.ETag != result.ETag {
				t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
			}
			if info.Encryption.Mode != ModeSSECOS {
				t.Errorf("stored with %s", info.Encryption)
			}
		})
	}
}

// Memory is one part, whatever the size.
func TestStreamHoldsOnePart(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	s := h.NewStream(t.Context(), h.ref(t, "stream"), WriteOptions{Encryption: SSECOS{}}, MinPartSize)
	streamed(t, s, 5*MinPartSize)
	if cap(s.buffer) > 2*MinPartSize {
		t.Errorf("the buffer grew to %d bytes", cap(s.buffer))
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
}

func TestStreamThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"UploadPart", "CompleteMultipartUpload"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			ref := h.ref(t, "stream")
			h.emulator.AddFaults(cosemu.Fault{Op: op, Times: 100, Status: 403, Code: "AccessDenied"})
			s := h.NewStream(t.Context(), ref, WriteOptions{Encryption: SSECOS{}}, MinPartSize)
			_, _ = s.Write(make([]byte, 3*MinPartSize))
			if _, err := s.Close(); CodeOf(err) != "AccessDenied" {
				t.Errorf("Close: %v", err)
			}
			uploads, err := h.ListUploads(t.Context(), ref.Region, ref.Bucket, "")
			if err != nil || len(uploads) != 0 {
				t.Errorf("left behind: %v, %v", uploads, err)
			}
			if _, found, _ := h.Find(t.Context(), ref); found {
				t.Error("an object was stored")
			}
		})
	}
}

func TestStreamIsRenamedBeforeItsFirstPart(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	other := h.ref(t, "other")
	s := h.NewStream(t.Context(), h.ref(t, "stream"), WriteOptions{Encryption: SSECOS{}}, MinPartSize)
	streamed(t, s, 10)
	if !s.Rename(other) {
		t.Fatal("not renamed")
	}
	if _, err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h.head(t, other, nil)
	s = h.NewStream(t.Context(), h.ref(t, "stream"), WriteOptions{Encryption: SSECOS{}}, MinPartSize)
	streamed(t, s, 2*MinPartSize)
	if s.Rename(other) {
		t.Error("renamed after a part was sent")
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	uploads, err := h.ListUploads(t.Context(), h.region, h.bucket, "")
	if err != nil || len(uploads) != 0 {
		t.Errorf("left behind: %v, %v", uploads, err)
	}
}
