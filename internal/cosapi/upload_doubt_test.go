package cosapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

func TestUploadThatBeganUnseenIsRemoved(t *testing.T) {
	t.Parallel()
	const initiate = "InitiateMultipartUpload"
	other := func(t *testing.T, h *harness, ref ObjectRef) {
		m := h.newMultipart(ref, WriteOptions{Encryption: NoEncryption{}}, nil)
		if err := m.initiate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		fault  cosemu.Fault
		others int
		left   int
		counts map[string]int
	}{
		"lost": {
			cosemu.Fault{Op: initiate, DropAnswer: true},
			0, 0,
			map[string]int{initiate: 2, "ListMultipartUploads": 1, "ListParts": 1, "AbortMultipartUpload": 1},
		},
		"never-began": {
			cosemu.Fault{Op: initiate, Reset: true},
			0, 0,
			map[string]int{initiate: 2, "ListMultipartUploads": 1},
		},
		"refused": {
			cosemu.Fault{Op: initiate, Status: 503, Code: "SlowDown"},
			0, 0,
			map[string]int{initiate: 2},
		},
		"somebody-else's": {
			cosemu.Fault{Op: initiate, DropAnswer: true},
			1, 2,
			map[string]int{initiate: 3, "ListMultipartUploads": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startEmulator(t, cosemu.Config{})
			h.Client = h.with(t, func(c *Config) { c.PartSize = minPartSize })
			ref := h.ref(t, "k")
			for range test.others {
				other(t, h, ref)
			}
			h.emulator.AddFaults(test.fault)
			content := randomBytes(minPartSize + 1)
			if _, err := h.Put(t.Context(), ref, BytesBody(content), encrypted(SSECOS{})); err != nil {
				t.Fatal(err)
			}
			test.counts["UploadPart"], test.counts["CompleteMultipartUpload"] = 2, 1
			if diff := cmp.Diff(test.counts, counted(h.ops())); diff != "" {
				t.Error(diff)
			}
			uploads, err := h.ListUploads(t.Context(), h.region, h.bucket, "")
			if err != nil || len(uploads) != test.left {
				t.Errorf("%d uploads are left, %v", len(uploads), err)
			}
		})
	}
}

func TestUploadAnsweredWithoutCRC64IsLookedAt(t *testing.T) {
	t.Parallel()
	sum := CRC64([]byte("123456789"))
	stored := func(header map[string]string) answer {
		all := map[string]string{"ETag": `"e"`, "Content-Length": "9", "x-cos-hash-crc64ecma": sum}
		for name, value := range header {
			all[name] = value
		}
		return found(all)
	}
	isNil := func(err error) bool { return err == nil }
	isChecksum := func(err error) bool {
		var failure *ChecksumError
		return errors.As(err, &failure)
	}
	isAmbiguous := func(err error) bool {
		var failure *AmbiguousError
		return errors.As(err, &failure)
	}
	for name, test := range map[string]struct {
		head answer
		want func(error) bool
	}{
		"right":          {stored(nil), isNil},
		"COS-has-none":   {stored(map[string]string{"x-cos-hash-crc64ecma": ""}), isNil},
		"other-bytes":    {stored(map[string]string{"x-cos-hash-crc64ecma": "1"}), isChecksum},
		"other-size":     {stored(map[string]string{"Content-Length": "8"}), isAmbiguous},
		"other-etag":     {stored(map[string]string{"ETag": `"f"`}), isAmbiguous},
		"gone":           {answer{status: 404}, isAmbiguous},
		"no-word-of-COS": {withPage(404, answer{}), isAmbiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodHead {
					test.head.ServeHTTP(rw, req)
					return
				}
				answer{status: 200, header: map[string]string{"ETag": `"e"`}}.ServeHTTP(rw, req)
			}, func(c *Config) { c.MaxRetries = -1 })
			result, err := w.Put(t.Context(), testRef("k"), BytesBody([]byte("123456789")), plainPut)
			if !test.want(err) {
				t.Errorf("%T: %v", err, err)
			}
			if err == nil && (result.CRC64 != sum || result.LastModified.Before(time.Now())) {
				t.Errorf("%+v", result)
			}
			if diff := cmp.Diff([]string{"PutObject", "HeadObject"}, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadWithAKeyProvesSSEC(t *testing.T) {
	t.Parallel()
	key := mustKey(t, canaryKey)
	bare := found(map[string]string{"x-cos-hash-crc64ecma": CRC64(nil)})
	want := EncryptionStatus{Mode: ModeSSEC, Algorithm: "AES256", CustomerKeyMD5: key.MD5()}
	w := newWire(t, script(bare))
	info, err := w.HeadOnly(t.Context(), testRef("k"), &key)
	if err != nil || info.Encryption != want {
		t.Errorf("HEAD: %+v, %v", info.Encryption, err)
	}
	_, info, err = w.Content(t.Context(), testRef("k"), &key, 10)
	if err != nil || info.Encryption != want {
		t.Errorf("GET: %+v, %v", info.Encryption, err)
	}
	info, err = w.HeadOnly(t.Context(), testRef("k"), nil)
	if err != nil || info.Encryption.Mode != ModeNone {
		t.Errorf("HEAD without a key: %+v, %v", info.Encryption, err)
	}
}

// TestUploadOfAProcessThatDiedIsRemoved: neither an upload whose id nobody heard of nor one that
// cannot be continued is left behind by the next write.
func TestUploadOfAProcessThatDiedIsRemoved(t *testing.T) {
	t.Parallel()
	content := randomBytes(minPartSize + 1)
	writes := map[string]func(*testing.T, *harness, ObjectRef) error{
		"memory": func(t *testing.T, h *harness, ref ObjectRef) error {
			_, err := h.Put(t.Context(), ref, BytesBody(content), encrypted(SSECOS{}))
			return err
		},
		"copy": func(t *testing.T, h *harness, ref ObjectRef) error {
			source := h.ref(t, "source")
			h.store(t, source, string(content), WriteOptions{Encryption: NoEncryption{}})
			_, err := h.Copy(t.Context(), CopySource{Ref: source, Size: int64(len(content))}, ref,
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			return err
		},
	}
	for name, write := range writes {
		for _, heard := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/heard-%t", name, heard), func(t *testing.T) {
				t.Parallel()
				h := startEmulator(t, cosemu.Config{})
				h.Client = h.with(t, func(c *Config) {
					c.PartSize, c.CopyThreshold, c.CopyPartSize = minPartSize, minPartSize, minPartSize
					c.CheckpointDir = t.TempDir()
				})
				ref := h.ref(t, "k")
				dead := h.newMultipart(ref, WriteOptions{Encryption: SSECOS{}}, []section{{0, 1}})
				note, _, err := openCheckpoint(h.checkpointPath(ref))
				if err != nil {
					t.Fatal(err)
				}
				head := checkpointHead{Version: checkpointVersion, BeganNS: time.Now().UnixNano()}
				if err := dead.initiate(t.Context()); err != nil {
					t.Fatal(err)
				}
				if heard {
					head.UploadID = dead.uploadID
				}
				note.begin(head).keep()
				if err := write(t, h, ref); err != nil {
					t.Fatal(err)
				}
				h.hasNoUploads(t)
				left, err := os.ReadDir(h.Client.config.CheckpointDir)
				if len(left) != 0 {
					t.Errorf("checkpoints left behind: %v, %v", left, err)
				}
			})
		}
	}
}

// TestPartThatArrivesLateIsTaken: a part of a killed process replaces the one that was sent in its
// place. Its bytes are the same, its ETag, with SSE-KMS, is not.
func TestPartThatArrivesLateIsTaken(t *testing.T) {
	t.Parallel()
	h := startEmulator(t, cosemu.Config{})
	h.Client = h.with(t, func(c *Config) { c.PartSize = minPartSize })
	ref, content := h.ref(t, "k"), randomBytes(minPartSize+1)
	options := encrypted(SSEKMS{KeyID: emulatorKMSKey})
	late := false
	options.Guard = func(ctx context.Context) error {
		if late {
			return nil
		}
		late = true
		uploads, err := h.ListUploads(ctx, h.region, h.bucket, "")
		if err != nil {
			return err
		}
		m := h.newMultipart(ref, options.WriteOptions, sections(int64(len(content)), minPartSize))
		m.uploadID = uploads[0].UploadID
		progress := h.newProgress(ctx, "UploadPart", ref, minPartSize)
		return m.uploadPart(ctx, 0, BytesBody(content), progress.part())
	}
	if _, err := h.Put(t.Context(), ref, BytesBody(content), options); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"InitiateMultipartUpload": 1, "UploadPart": 3, "CompleteMultipartUpload": 2, "ListParts": 1,
		"ListMultipartUploads": 1,
	}
	if diff := cmp.Diff(want, counted(h.ops())); diff != "" || !late {
		t.Error(diff)
	}
	h.holds(t, ref, nil, content)
}
