package cosapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// copyingByParts makes copies above 1 MiB ones by parts.
func copyingByParts(c *Config) { c.CopyThreshold, c.CopyPartSize = minPartSize, minPartSize }

const largeCopyParts = 3

// largeSource stores an object that is copied by parts, and returns it with its bytes.
func (h *harness) largeSource(t *testing.T, e Encryption) (CopySource, []byte) {
	t.Helper()
	content := randomBytes(largeCopyParts*minPartSize - 5)
	options := encrypted(e)
	options.Tags = map[string]string{"team": "finance", "a b": "c+d"}
	ref := h.ref(t, "source")
	result, err := h.Put(t.Context(), ref, BytesBody(content), options)
	if err != nil {
		t.Fatal(err)
	}
	h.emulator.ResetJournal()
	return CopySource{
		Ref: ref, Key: readKey(e), Size: result.Size, IfMatch: result.ETag, CRC64: result.CRC64,
	}, content
}

func TestLargeCopyBetweenAllModes(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	all := h.encryptions(t)
	for from, source := range all {
		src, content := h.largeSource(t, source)
		for to, target := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				h.emulator.ResetJournal()
				dst := h.ref(t, from+to)
				options := CopyOptions{KeepTags: true, WriteOptions: WriteOptions{
					Encryption: target,
					Headers: ObjectHeaders{
						ContentType: "text/x", Metadata: map[string]string{"team": "finance"},
					},
				}}
				result, err := h.Copy(t.Context(), src, dst, options)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]int{
					"GetObjectTagging": 1, "InitiateMultipartUpload": 1, "UploadPartCopy": largeCopyParts,
					"CompleteMultipartUpload": 1,
				}
				if diff := cmp.Diff(want, counted(h.ops())); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				info := h.head(t, dst, readKey(target))
				if info.Encryption.Mode != target.Mode() || info.Headers.ContentType != "text/x" ||
					info.Headers.Metadata["team"] != "finance" {
					t.Errorf("stored as %+v", info)
				}
				if result.CRC64 != src.CRC64 || result.Size != src.Size || result.ETag != info.ETag {
					t.Errorf("result = %+v, want what HEAD says: %+v", result, info)
				}
				tags, err := h.Tags(t.Context(), dst)
				if err != nil || len(tags) != 2 || tags["team"] != "finance" || tags["a b"] != "c+d" {
					t.Errorf("tags = %v, %v, want those of the source", tags, err)
				}
				h.holds(t, dst, readKey(target), content)
			})
		}
	}
}

func TestCopiedPartsCarryTheKeysOfBothSides(t *testing.T) {
	t.Parallel()
	source := []string{headerSourceAlgorithm, headerSourceKey, strings.ToLower(headerSourceKeyMD5)}
	target := []string{
		headerCustomerAlgorithm, headerCustomerKey, strings.ToLower(headerCustomerKeyMD5),
	}
	always := []string{
		"x-cos-copy-source", "x-cos-copy-source-if-match", strings.ToLower(headerSourceRange),
	}
	before, after := SSEC{Key: mustKey(t, canaryKey)}, SSEC{Key: mustKey(t, otherKey)}
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	for name, test := range map[string]struct {
		from, to Encryption
		want     []string
	}{
		"rotation":         {before, after, slices.Concat(always, source, target)},
		"customer to KMS":  {before, SSEKMS{KeyID: emulatorKMSKey}, slices.Concat(always, source)},
		"COS to customer":  {SSECOS{}, after, slices.Concat(always, target)},
		"COS to KMS":       {SSECOS{}, SSEKMS{KeyID: emulatorKMSKey}, always},
		"plain to the COS": {NoEncryption{}, SSECOS{}, always},
	} {
		t.Run(name, func(t *testing.T) {
			src, _ := h.largeSource(t, test.from)
			_, err := h.Copy(t.Context(), src, h.ref(t, name),
				CopyOptions{WriteOptions: WriteOptions{Encryption: test.to}})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(test.want)
			for _, entry := range h.emulator.Journal() {
				if entry.Op != "UploadPartCopy" {
					continue
				}
				if diff := cmp.Diff(test.want, entry.HeaderNames); diff != "" {
					t.Errorf("headers of part %d (-want +got):\n%s", entry.PartNumber, diff)
				}
			}
		})
	}
}

func TestLargeCopyOntoItselfRotatesTheKey(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	before, after := mustKey(t, canaryKey), mustKey(t, otherKey)
	src, content := h.largeSource(t, SSEC{Key: before})
	_, err := h.Copy(t.Context(), src, src.Ref,
		CopyOptions{KeepTags: true, WriteOptions: WriteOptions{Encryption: SSEC{Key: after}}})
	if err != nil {
		t.Fatal(err)
	}
	h.holds(t, src.Ref, &after, content)
	if _, err := h.Head(t.Context(), src.Ref, &before); !statusIs(err, refusedKey...) {
		t.Errorf("with the old key: %v, want a refusal", err)
	}
}

func TestLargeCopyThatIsNotPinnedLooksAtItsSource(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	src, content := h.largeSource(t, SSECOS{})
	src.IfMatch, src.CRC64 = "", ""
	dst := h.ref(t, "copy")
	_, err := h.Copy(t.Context(), src, dst,
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
	if err != nil {
		t.Fatal(err)
	}
	heads := 0
	for _, entry := range h.emulator.Journal() {
		pinned := slices.Contains(entry.HeaderNames, "x-cos-copy-source-if-match")
		switch {
		case entry.Op == "HeadObject":
			heads++
		case entry.Op == "UploadPartCopy" && !pinned:
			t.Errorf("part %d may be of another object", entry.PartNumber)
		}
	}
	if heads != 1 {
		t.Errorf("%d HEADs, want 1", heads)
	}
	h.holds(t, dst, nil, content)
}

func TestLargeCopyOfAnotherVersion(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	source := h.in(t, h.versioned, "source")
	content := randomBytes(2 * minPartSize)
	first, err := h.Put(t.Context(), source, BytesBody(content), encrypted(SSECOS{}))
	if err != nil {
		t.Fatal(err)
	}
	h.store(t, source, sample, WriteOptions{Encryption: SSECOS{}})
	source.VersionID = first.VersionID
	dst := h.ref(t, "copy")
	_, err = h.Copy(t.Context(), CopySource{Ref: source, Size: first.Size}, dst,
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
	if err != nil {
		t.Fatal(err)
	}
	h.holds(t, dst, nil, content)
}

func TestFaultsDuringALargeCopy(t *testing.T) {
	t.Parallel()
	const part, complete = "UploadPartCopy", "CompleteMultipartUpload"
	for name, test := range map[string]struct {
		fault           cosemu.Fault
		parts, complete int
	}{
		"part lost":         {cosemu.Fault{Op: part, DropAnswer: true}, largeCopyParts + 1, 1},
		"part truncated":    {cosemu.Fault{Op: part, Truncate: true}, largeCopyParts + 1, 1},
		"error in 200":      {cosemu.Fault{Op: part, ErrorIn200: true}, largeCopyParts + 1, 1},
		"slow down":         {cosemu.Fault{Op: part, Status: 503, Times: 3}, largeCopyParts + 3, 1},
		"complete lost":     {cosemu.Fault{Op: complete, DropAnswer: true}, largeCopyParts, 1},
		"complete not done": {cosemu.Fault{Op: complete, Reset: true}, largeCopyParts, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, copyingByParts)
			src, content := h.largeSource(t, SSECOS{})
			h.emulator.AddFaults(test.fault)
			dst := h.ref(t, "copy")
			result, err := h.Copy(t.Context(), src, dst,
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			if err != nil || result.CRC64 != src.CRC64 {
				t.Fatalf("result = %+v, %v", result, err)
			}
			if got := counted(h.ops()); got[part] != test.parts || got[complete] != test.complete {
				t.Errorf("requests %v, want %d parts completed %d times", got, test.parts, test.complete)
			}
			h.holds(t, dst, nil, content)
			h.hasNoUploads(t)
		})
	}
}

func TestLargeCopyThatFailsLeavesNoParts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// prepare makes the copy fail.
		prepare func(t *testing.T, h *harness, src *CopySource, cancel func())
		class   Class
	}{
		"refused": {func(_ *testing.T, h *harness, _ *CopySource, _ func()) {
			h.emulator.AddFaults(cosemu.Fault{Op: "UploadPartCopy", Skip: 1, Status: 403})
		}, ClassPermission},
		"source rewritten": {func(t *testing.T, h *harness, src *CopySource, _ func()) {
			_, err := h.Put(t.Context(), src.Ref, BytesBody(make([]byte, src.Size)), encrypted(SSECOS{}))
			if err != nil {
				t.Fatal(err)
			}
		}, ClassPrecondition},
		"source written to since": {func(_ *testing.T, _ *harness, src *CopySource, _ func()) {
			src.IfUnmodifiedSince = time.Now().Add(-time.Hour)
		}, ClassPrecondition},
		"forbidden to replace": {func(t *testing.T, h *harness, src *CopySource, _ func()) {
			h.store(t, copyTarget(t, h), sample, WriteOptions{Encryption: SSECOS{}})
		}, ClassExists},
		"cancelled": {func(t *testing.T, h *harness, _ *CopySource, cancel func()) {
			h.Client.config.Observe = func(_ context.Context, e Event) {
				if e.Op == "UploadPartCopy" {
					cancel()
				}
			}
		}, ClassCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{}, copyingByParts, func(c *Config) {
				c.TransferConcurrency = 1
			})
			src, _ := h.largeSource(t, SSECOS{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			test.prepare(t, h, &src, cancel)
			options := CopyOptions{WriteOptions: WriteOptions{
				Encryption: SSECOS{}, ForbidOverwrite: true,
			}}
			_, err := h.Copy(ctx, src, copyTarget(t, h), options)
			if err == nil || Classify(err) != test.class {
				t.Errorf("error = %v of class %v, want class %v", err, Classify(err), test.class)
			}
			h.hasNoUploads(t)
		})
	}
}

func copyTarget(t *testing.T, h *harness) ObjectRef { return h.ref(t, "copy") }

func TestLargeCopyThatIsNotEncryptedAsAskedIsReported(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	src, _ := h.largeSource(t, SSECOS{})
	h.emulator.AddFaults(cosemu.Fault{Op: "InitiateMultipartUpload", DropEncryption: true})
	_, err := h.Copy(t.Context(), src, h.ref(t, "copy"),
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSEKMS{KeyID: emulatorKMSKey}}})
	var mismatch *EncryptionMismatchError
	if !errors.As(err, &mismatch) || mismatch.Result.ETag == "" {
		t.Errorf("error = %v, want an *EncryptionMismatchError with a result", err)
	}
}

func TestLargeCopyThatDiffersIsReported(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	src, _ := h.largeSource(t, SSECOS{})
	right := src.CRC64
	src.CRC64 = "1"
	_, err := h.Copy(t.Context(), src, h.ref(t, "copy"),
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
	var checksum *ChecksumError
	if !errors.As(err, &checksum) || checksum.Local != "1" || checksum.COS != right {
		t.Errorf("error = %v, want a *ChecksumError", err)
	}
}

func TestCopiedPartWithoutAnETagIsCopiedAgain(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{}, copyingByParts)
	src, content := h.largeSource(t, SSECOS{})
	var once sync.Once
	h.changeAnswers(func(resp *http.Response) {
		if resp.Request.Header.Get(headerSourceRange) == "" {
			return
		}
		once.Do(func() {
			resp.Body = io.NopCloser(strings.NewReader("<CopyPartResult></CopyPartResult>"))
		})
	})
	dst := h.ref(t, "copy")
	_, err := h.Copy(t.Context(), src, dst,
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
	if err != nil {
		t.Fatal(err)
	}
	if n := counted(h.ops())["UploadPartCopy"]; n != largeCopyParts+1 {
		t.Errorf("%d parts, want %d and one again", n, largeCopyParts)
	}
	h.holds(t, dst, nil, content)
}
