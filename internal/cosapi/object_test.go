package cosapi

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The headers of a restored object, as document 7745 shows them.
const (
	restored = `ongoing-request="false", expiry-date="Mon, 13 Apr 2020 16:00:00 GMT"`
	tiered   = `tier="expedited"; request-date="Fri, 27 Dec 2019 08:19:29 GMT"`
)

func TestHeadReadsEveryHeader(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, header: map[string]string{
		"ETag": `"ee8de918d05640145b18f70f4c3aa602"`, "Content-Length": "16",
		"Last-Modified": "Fri, 10 Apr 2020 18:18:53 GMT", "Content-Type": "text/plain",
		"Cache-Control": "no-cache", "Content-Disposition": "inline", "Content-Encoding": "br",
		"Content-Language": "zh", "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
		"x-cos-hash-crc64ecma": "16749565679157681890", "x-cos-version-id": "MTg0",
		"x-cos-storage-class": "ARCHIVE", "x-cos-storage-tier": "FREQUENT",
		"x-cos-meta-Team": "finance", "x-cos-meta-cost-centre": "42",
		"x-cos-server-side-encryption":                "cos/kms",
		"x-cos-server-side-encryption-cos-kms-key-id": "key-1",
		"x-cos-restore":                               restored,
		"x-cos-restore-status":                        tiered,
		"x-cos-request-id":                            "request-2",
	}}))
	got, err := w.Head(t.Context(), testRef("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := ObjectInfo{
		Ref: testRef("k"), ETag: "ee8de918d05640145b18f70f4c3aa602", CRC64: "16749565679157681890",
		Size: 16, LastModified: time.Date(2020, 4, 10, 18, 18, 53, 0, time.UTC), VersionID: "MTg0",
		StorageClass: "ARCHIVE", StorageTier: "FREQUENT",
		Headers: ObjectHeaders{
			ContentType: "text/plain", CacheControl: "no-cache", ContentDisposition: "inline",
			ContentEncoding: "br", ContentLanguage: "zh", Expires: "Wed, 21 Oct 2026 07:28:00 GMT",
			Metadata: map[string]string{"team": "finance", "cost-centre": "42"},
		},
		Encryption: EncryptionStatus{Mode: ModeSSEKMS, KMSKeyID: "key-1"},
		Restore: RestoreStatus{
			Restored: true, ExpiresAt: time.Date(2020, 4, 13, 16, 0, 0, 0, time.UTC), Tier: "Expedited",
		},
		RequestID: "request-2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHeadDefaults(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(answer{status: 200, header: map[string]string{
		"ETag": `"e"`, "x-cos-restore": `ongoing-request="true"`, "Content-Length": "0",
	}}))
	got, err := w.Head(t.Context(), testRef("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.StorageClass != "STANDARD" || got.Encryption.Mode != ModeNone || got.CRC64 != "" {
		t.Errorf("class %s, mode %s, CRC64 %q", got.StorageClass, got.Encryption.Mode, got.CRC64)
	}
	if want := (RestoreStatus{Ongoing: true}); got.Restore != want {
		t.Errorf("restore = %+v", got.Restore)
	}
}

// headThenGet answers HEAD and GET differently, as COS does: only GET's errors have a body.
func headThenGet(head, get answer) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodHead {
			head.ServeHTTP(w, req)
			return
		}
		get.ServeHTTP(w, req)
	}
}

func TestHeadFindsOutWhyItFailed(t *testing.T) {
	t.Parallel()
	once := []string{"HeadObject"}
	explained := []string{"HeadObject", "GetObject"}
	again := []string{"HeadObject", "GetObject", "HeadObject"}
	mute403, mute404 := answer{status: 403}, answer{status: 404}
	partial := found(nil)
	partial.status = http.StatusPartialContent
	for name, test := range map[string]struct {
		head, get answer
		class     Class
		code      string
		ops       []string
	}{
		"found":  {found(nil), answer{status: 500}, ClassOther, "", once},
		"no-key": {mute404, refusal(404, "NoSuchKey"), ClassNotFound, "NoSuchKey", explained},
		"no-bucket": {
			mute404, refusal(404, "NoSuchBucket"),
			ClassNoSuchBucket, "NoSuchBucket", explained,
		},
		"signature": {
			mute403, refusal(403, "SignatureDoesNotMatch"),
			ClassAuthentication, "SignatureDoesNotMatch", explained,
		},
		"clock": {
			mute403, refusal(403, "RequestTimeTooSkewed"),
			ClassClock, "RequestTimeTooSkewed", explained,
		},
		"no-triple": {
			answer{status: 400},
			refusal(400, "SsecDecryptHeaderInvalid"),
			ClassCustomerKey, "SsecDecryptHeaderInvalid", explained,
		},
		"mute": {mute403, mute403, ClassPermission, "", explained},
		"mute-404": {
			mute404, mute404, ClassNotFound, "",
			append([]string{"HeadObject"}, slices.Repeat([]string{"GetObject"}, 6)...),
		},
		"appeared": {mute404, partial, ClassNotFound, "", again},
		"empty":    {mute404, refusal(416, "InvalidRange"), ClassNotFound, "", again},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, headThenGet(test.head, test.get))
			_, err := w.Head(t.Context(), testRef("k"), nil)
			if Classify(err) != test.class || CodeOf(err) != test.code {
				t.Errorf("class %d, code %q: %v", Classify(err), CodeOf(err), err)
			}
			if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
				t.Error(diff)
			}
			var failure *Error
			if errors.As(err, &failure) && failure.Op != "HeadObject" {
				t.Errorf("the error is about %s", failure.Op)
			}
		})
	}
}

func TestHeadOnlyMakesOneRequest(t *testing.T) {
	t.Parallel()
	w := newWire(t, headThenGet(answer{status: 404}, refusal(404, "NoSuchBucket")))
	_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
	if Classify(err) != ClassNotFound || len(w.ops()) != 1 {
		t.Errorf("class %d after %d requests", Classify(err), len(w.ops()))
	}
}

func TestOpenSendsRangeKeyAndCondition(t *testing.T) {
	t.Parallel()
	var got http.Header
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		got = req.Header.Clone()
		answer{
			status: 206, body: "cdef",
			header: map[string]string{"Content-Range": "bytes 2-5/26", "ETag": `"e"`},
		}.ServeHTTP(rw, req)
	})
	key := mustKey(t, vectorKey)
	options := GetOptions{Key: &key, Offset: 2, Length: 4, IfMatch: "e"}
	body, info, err := w.Open(t.Context(), testRef("k"), options)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if string(content) != "cdef" || err != nil || info.Size != 26 {
		t.Errorf("content %q, size %d, %v", content, info.Size, err)
	}
	for name, want := range map[string]string{
		"Range": "bytes=2-5", "If-Match": `"e"`,
		"x-cos-server-side-encryption-customer-algorithm": "AES256",
		"x-cos-server-side-encryption-customer-key":       vectorBase64,
		"x-cos-server-side-encryption-customer-key-MD5":   vectorMD5,
	} {
		if got.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Get(name), want)
		}
	}
}

func TestByteRanges(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]GetOptions{
		"": {}, "bytes=5-": {Offset: 5}, "bytes=0-0": {Length: 1}, "bytes=5-14": {Offset: 5, Length: 10},
	} {
		if got := options.byteRange(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestContentIsBoundedAndChecked(t *testing.T) {
	t.Parallel()
	object := func(crc string) answer {
		header := map[string]string{"ETag": `"e"`}
		if crc != "" {
			header["x-cos-hash-crc64ecma"] = crc
		}
		return answer{status: 200, header: header, body: "0123456789"}
	}
	right := CRC64([]byte("0123456789"))
	t.Run("right", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, script(object(right)))
		content, info, err := w.Content(t.Context(), testRef("k"), nil, 10)
		if string(content) != "0123456789" || err != nil || info.CRC64 != right {
			t.Errorf("%q, CRC64 %s, %v", content, info.CRC64, err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, script(object("1")))
		content, _, err := w.Content(t.Context(), testRef("k"), nil, 10)
		var damaged *ChecksumError
		if !errors.As(err, &damaged) || !damaged.Downloading || content != nil {
			t.Errorf("%q, %v", content, err)
		}
	})
	t.Run("too-large", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, script(object(right)))
		_, info, err := w.Content(t.Context(), testRef("k"), nil, 9)
		var large *TooLargeError
		if !errors.As(err, &large) || large.Size != 10 || info.Size != 10 || len(w.ops()) != 1 {
			t.Errorf("%v after %d requests", err, len(w.ops()))
		}
	})
}

func TestRequestsWithoutAKeyAreRefusedHere(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(found(nil)))
	if _, err := w.HeadOnly(t.Context(), testRef(""), nil); Classify(err) != ClassInvalid {
		t.Errorf("HEAD of nothing: %v", err)
	}
	if _, err := w.Delete(t.Context(), testRef("")); !errors.Is(err, errNoKey) {
		t.Errorf("DELETE of nothing: %v", err)
	}
	if got := len(w.ops()); got != 0 {
		t.Errorf("%d requests", got)
	}
}

func TestLostAnswerToADelete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		head answer
		ops  []string
	}{
		"gone": {answer{status: 404}, []string{"DeleteObject", "HeadObject"}},
		"still-there": {
			found(nil), []string{"DeleteObject", "HeadObject", "DeleteObject"},
		},
		"customer-key": {
			answer{status: 400}, []string{"DeleteObject", "HeadObject", "DeleteObject"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var deletes atomic.Int32
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				switch {
				case req.Method == http.MethodHead:
					test.head.ServeHTTP(rw, req)
				case deletes.Add(1) == 1:
					answer{}.ServeHTTP(rw, req)
				default:
					answer{status: 204, header: map[string]string{
						"x-cos-delete-marker": "true", "x-cos-version-id": "M1",
					}}.ServeHTTP(rw, req)
				}
			})
			if _, err := w.Delete(t.Context(), testRef("k")); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventsNameTheRequest(t *testing.T) {
	t.Parallel()
	w := newWire(
		t,
		script(refusal(503, "SlowDown"), found(map[string]string{"x-cos-request-id": "r2"})),
	)
	if _, _, err := w.Content(t.Context(), testRef("k"), nil, 10); err != nil {
		t.Fatal(err)
	}
	first, second := w.events[0], w.events[1]
	if first.Attempt != 1 || first.Status != 503 || first.Code != "SlowDown" || first.Err == nil {
		t.Errorf("first = %+v", first)
	}
	if second.Attempt != 2 || second.Status != 200 || second.RequestID != "r2" || second.Err != nil {
		t.Errorf("second = %+v", second)
	}
	if second.Ref != testRef("k") || !strings.HasPrefix(second.Op, "Get") || second.Duration <= 0 {
		t.Errorf("second = %+v", second)
	}
}
