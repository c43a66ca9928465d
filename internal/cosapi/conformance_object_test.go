package cosapi

import (
	"crypto/md5" //nolint:gosec // Plain and SSE-COS ETags are MD5s.
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "[Object Content]"

// sampleCRC64 is the documents' own figure for sample (document 7753).
const sampleCRC64 = "16749565679157681890"

func checkModes(t *testing.T, h *harness) {
	for name, encryption := range h.encryptions(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref := h.ref(t, "modes/"+name)
			written := h.store(t, ref, sample, WriteOptions{Encryption: encryption})
			info := h.head(t, ref, readKey(encryption))
			content, got, err := h.Content(t.Context(), ref, readKey(encryption), 100)
			if err != nil || string(content) != sample {
				t.Fatalf("content %q, %v", content, err)
			}
			for where, encrypted := range map[string]EncryptionStatus{
				"PUT": written.Encryption, "HEAD": info.Encryption, "GET": got.Encryption,
			} {
				if warning, err := VerifyEncryption(encryption, encrypted); err != nil || warning != "" {
					t.Errorf("%s: %v %s", where, err, warning)
				}
			}
			if written.CRC64 != sampleCRC64 || info.CRC64 != sampleCRC64 || info.Size != 16 {
				t.Errorf("CRC64 %s and %s, size %d", written.CRC64, info.CRC64, info.Size)
			}
			if info.ETag != written.ETag || written.RequestID == "" || info.LastModified.IsZero() {
				t.Errorf("PUT %+v, HEAD %+v", written, info)
			}
			sum := md5.Sum([]byte(sample)) //nolint:gosec // See the import.
			digest := encryption.Mode() == ModeNone || encryption.Mode() == ModeSSECOS
			if (info.ETag == hex.EncodeToString(sum[:])) != digest {
				t.Errorf("ETag %s is an MD5: %t", info.ETag, !digest)
			}
		})
	}
}

// checkChangesOfEncryption copies objects onto themselves, from every encryption to every other.
func checkChangesOfEncryption(t *testing.T, h *harness) {
	all := h.encryptions(t)
	for from, before := range all {
		for to, after := range all {
			if from == to || to == "none" {
				continue
			}
			t.Run(from+"-to-"+to, func(t *testing.T) {
				t.Parallel()
				ref := h.ref(t, "changes/"+from+"-"+to)
				h.store(t, ref, sample, WriteOptions{
					Encryption: before, Tags: map[string]string{"kept": "yes"},
					Headers: ObjectHeaders{ContentType: "text/plain"},
				})
				info := h.head(t, ref, readKey(before))
				result, err := h.Copy(t.Context(), CopySource{
					Ref: ref, Key: readKey(before), IfMatch: info.ETag, Size: info.Size, CRC64: info.CRC64,
					IfUnmodifiedSince: info.LastModified,
				}, ref, CopyOptions{KeepTags: true, WriteOptions: WriteOptions{
					Encryption: after, Headers: info.Headers,
				}})
				if err != nil {
					t.Fatal(err)
				}
				expectChanged(t, h, ref, before, after, result)
			})
		}
	}
}

func expectChanged(
	t *testing.T, h *harness, ref ObjectRef, before, after Encryption, result WriteResult,
) {
	t.Helper()
	info := h.head(t, ref, readKey(after))
	if _, err := VerifyEncryption(after, info.Encryption); err != nil {
		t.Error(err)
	}
	if result.ETag != info.ETag || info.CRC64 != sampleCRC64 || result.Size != info.Size {
		t.Errorf("copy %+v, HEAD %+v", result, info)
	}
	if info.Headers.ContentType != "text/plain" {
		t.Errorf("the content type is lost: %s", info.Headers.ContentType)
	}
	tags, err := h.Tags(t.Context(), ref)
	if diff := cmp.Diff(map[string]string{"kept": "yes"}, tags); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if old := readKey(before); old != nil {
		if _, err := h.Head(t.Context(), ref, old); !statusIs(err, refusedKey...) {
			t.Errorf("the old key still opens the object: %v", err)
		}
	}
	content, _, err := h.Content(t.Context(), ref, readKey(after), 100)
	if string(content) != sample || err != nil {
		t.Errorf("content %q, %v", content, err)
	}
}

func checkWrongKeys(t *testing.T, h *harness) {
	key, other := mustKey(t, canaryKey), mustKey(t, otherKey)
	encrypted, plain := h.ref(t, "keys/encrypted"), h.ref(t, "keys/plain")
	h.store(t, encrypted, sample, WriteOptions{Encryption: SSEC{Key: key}})
	h.store(t, plain, sample, WriteOptions{Encryption: SSECOS{}})
	for name, test := range map[string]struct {
		ref ObjectRef
		key *CustomerKey
	}{
		"missing":     {encrypted, nil},
		"wrong":       {encrypted, &other},
		"superfluous": {plain, &key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := h.Head(t.Context(), test.ref, test.key); !statusIs(err, refusedKey...) {
				t.Errorf("HEAD: %v", err)
			}
			_, _, err := h.Content(t.Context(), test.ref, test.key, 100)
			if !statusIs(err, refusedKey...) {
				t.Errorf("GET: %v", err)
			}
			_, err = h.Copy(t.Context(), CopySource{Ref: test.ref, Key: test.key},
				h.ref(t, "keys/copy-"+name), CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			if !statusIs(err, refusedKey...) {
				t.Errorf("copy: %v", err)
			}
		})
	}
	t.Run("not-needed", func(t *testing.T) {
		t.Parallel()
		if _, found, err := h.Find(t.Context(), encrypted); !found || err != nil {
			t.Errorf("listing: %t, %v", found, err)
		}
		if _, err := h.Tags(t.Context(), encrypted); err != nil {
			t.Errorf("tags: %v", err)
		}
		if _, err := h.ACL(t.Context(), encrypted); err != nil {
			t.Errorf("ACL: %v", err)
		}
	})
}

func checkHeaders(t *testing.T, h *harness) {
	headers := ObjectHeaders{
		ContentType: "text/csv; charset=utf-8", CacheControl: "max-age=60",
		ContentDisposition: `attachment; filename="a b.csv"`, ContentEncoding: "identity",
		ContentLanguage: "zh-CN", Expires: "Wed, 21 Oct 2026 07:28:00 GMT",
		Metadata: map[string]string{"team": "finance, a=b; c", "cost-centre": "42"},
	}
	ref := h.ref(t, "headers")
	h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}, Headers: headers})
	if diff := cmp.Diff(headers, h.head(t, ref, nil).Headers); diff != "" {
		t.Errorf("PUT: %s", diff)
	}
	headers = ObjectHeaders{ContentType: "text/plain", Metadata: map[string]string{"only": "this"}}
	_, err := h.Copy(t.Context(), CopySource{Ref: ref}, ref,
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}, Headers: headers}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(headers, h.head(t, ref, nil).Headers); diff != "" {
		t.Errorf("copy: %s", diff)
	}
}

func checkOddKeys(t *testing.T, h *harness) {
	for _, key := range []string{
		"a b", "a+b", "a%20b", "a%2Fb", "a?b=c", "a#b", "a&b", "腾讯云/é.txt",
		"quote'\"!()*~", "a//b",
		"a;b,c:d@e$f=", "[brackets]{}|^`", "trailing/", "..hidden", "a\\b", "<xml>&amp;",
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			ref, copied := h.ref(t, "odd/"+key), h.ref(t, "copied/"+key)
			h.store(
				t,
				ref,
				sample,
				WriteOptions{Encryption: SSECOS{}, Tags: map[string]string{"k": key2tag(key)}},
			)
			if listed, found, err := h.Find(t.Context(), ref); !found || err != nil {
				t.Errorf("listing: %+v, %v", listed, err)
			}
			_, err := h.Copy(t.Context(), CopySource{Ref: ref}, copied, CopyOptions{
				KeepTags: true, WriteOptions: WriteOptions{Encryption: SSECOS{}},
			})
			if err != nil {
				t.Fatal(err)
			}
			content, _, err := h.Content(t.Context(), copied, nil, 100)
			if string(content) != sample || err != nil {
				t.Errorf("content %q, %v", content, err)
			}
			if _, err := h.ACL(t.Context(), copied); err != nil {
				t.Error(err)
			}
			if _, err := h.Delete(t.Context(), ref); err != nil {
				t.Error(err)
			}
			if _, err := h.Head(t.Context(), ref, nil); Classify(err) != ClassNotFound {
				t.Errorf("after the deletion: %v", err)
			}
		})
	}
}

// key2tag makes a tag value of what a key and a tag have in common.
func key2tag(key string) string {
	if validateTag("k", key) == nil {
		return key
	}
	return "a b+c/d=e"
}

func checkRanges(t *testing.T, h *harness) {
	ref := h.ref(t, "ranges")
	written := h.store(
		t,
		ref,
		"0123456789",
		WriteOptions{Encryption: SSEC{Key: mustKey(t, canaryKey)}},
	)
	key := mustKey(t, canaryKey)
	for want, options := range map[string]GetOptions{
		"0123456789": {}, "0": {Length: 1}, "345": {Offset: 3, Length: 3}, "789": {Offset: 7},
		"89": {Offset: 8, Length: 100},
	} {
		options.Key, options.IfMatch = &key, written.ETag
		body, info, err := h.Open(t.Context(), ref, options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		_ = body.Close()
		if string(got) != want || err != nil || info.Size != 10 || info.CRC64 != written.CRC64 {
			t.Errorf("%q: got %q of %d, CRC64 %s, %v", want, got, info.Size, info.CRC64, err)
		}
	}
	_, _, err := h.Open(t.Context(), ref, GetOptions{Key: &key, Offset: 10, Length: 1})
	if !statusIs(err, 416) {
		t.Errorf("beyond the end: %v", err)
	}
	_, _, err = h.Open(t.Context(), ref, GetOptions{Key: &key, IfMatch: "another"})
	if Classify(err) != ClassPrecondition {
		t.Errorf("another ETag: %v", err)
	}
	var large *TooLargeError
	if _, _, err := h.Content(t.Context(), ref, &key, 9); !errors.As(err, &large) {
		t.Errorf("too large: %v", err)
	}
}
