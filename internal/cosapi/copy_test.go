package cosapi

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const copied = `<?xml version='1.0'?><CopyObjectResult><ETag>"new"</ETag><CRC64>17</CRC64>` +
	`<LastModified>2020-04-10T18:20:30Z</LastModified><VersionId>V2</VersionId></CopyObjectResult>`

const canonicalSource = testBucket + ".cos.ap-guangzhou.myqcloud.com/k"

// copyAnswer is a successful copy with these headers.
func copyAnswer(header map[string]string) answer {
	return answer{status: 200, header: header, body: "   \n" + copied}
}

func TestCopySendsEverythingAgain(t *testing.T) {
	t.Parallel()
	var got http.Header
	var length int64
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		got, length = req.Header.Clone(), req.ContentLength
		copyAnswer(map[string]string{
			headerCustomerAlgorithm: "AES256", headerCustomerKeyMD5: key32(t, canaryKey),
			"x-cos-request-id": "r1",
		}).ServeHTTP(rw, req)
	})
	before := mustKey(t, vectorKey)
	result, err := w.Copy(t.Context(),
		CopySource{
			Ref: testRef("k"), Key: &before, IfMatch: "old", Size: 4, CRC64: "17",
			IfUnmodifiedSince: time.Date(2020, 4, 10, 18, 0, 0, 0, time.FixedZone("", 3600)),
		},
		testRef("k"),
		CopyOptions{
			KeepTags: true,
			WriteOptions: WriteOptions{
				Encryption:   SSEC{Key: mustKey(t, canaryKey)},
				StorageClass: "STANDARD_IA",
				ACL:          &ACL{Canned: "public-read"},
				Tags:         map[string]string{"ignored": "x"},
				Headers: ObjectHeaders{
					ContentType: "text/plain", Metadata: map[string]string{"team": "finance"},
				},
			},
		})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"x-cos-copy-source":                                     canonicalSource,
		"x-cos-metadata-directive":                              "Replaced",
		"x-cos-tagging-directive":                               "Copy",
		"x-cos-tagging":                                         "",
		"x-cos-copy-source-If-Match":                            `"old"`,
		"x-cos-copy-source-If-Unmodified-Since":                 "Fri, 10 Apr 2020 17:00:00 GMT",
		"x-cos-copy-source-server-side-encryption-customer-key": vectorBase64,
		"x-cos-server-side-encryption-customer-key-MD5":         key32(t, canaryKey),
		"x-cos-storage-class":                                   "STANDARD_IA",
		"x-cos-acl":                                             "public-read",
		"x-cos-meta-team":                                       "finance",
		"Content-Type":                                          "text/plain",
		"x-cos-server-side-encryption":                          "",
	} {
		if got.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Get(name), want)
		}
	}
	if length != 0 {
		t.Errorf("a copy uploaded %d bytes", length)
	}
	want := WriteResult{
		ETag: "new", CRC64: "17", VersionID: "V2", Size: 4, RequestID: "r1",
		LastModified: time.Date(2020, 4, 10, 18, 20, 30, 0, time.UTC),
		Encryption:   SSEC{Key: mustKey(t, canaryKey)}.expected(),
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
}

func TestCopyReplacesTagsUnlessTheyAreKept(t *testing.T) {
	t.Parallel()
	for want, tags := range map[string]map[string]string{
		"": nil, "a%20b=%26&k=v": {"k": "v", "a b": "&"},
	} {
		var got http.Header
		w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
			got = req.Header.Clone()
			copyAnswer(nil).ServeHTTP(rw, req)
		})
		_, err := w.Copy(t.Context(), CopySource{Ref: testRef("a")}, testRef("b"), CopyOptions{
			WriteOptions: WriteOptions{Encryption: NoEncryption{}, Tags: tags},
		})
		directive := got.Get("x-cos-tagging-directive")
		if err != nil || directive != "Replaced" || got.Get("x-cos-tagging") != want {
			t.Errorf("%v, directive %s, tags %q", err, directive, got.Get("x-cos-tagging"))
		}
	}
}

// selfCopy re-encrypts an object with SSE-COS.
func selfCopy(t *testing.T, w *wire) (WriteResult, error) {
	t.Helper()
	return w.Copy(t.Context(),
		CopySource{Ref: testRef("k"), IfMatch: "old", Size: 4, CRC64: "17"}, testRef("k"),
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
}

var copiedSSECOS = copyAnswer(map[string]string{"x-cos-server-side-encryption": "AES256"})

func TestErrorInsideASuccessfulCopy(t *testing.T) {
	t.Parallel()
	inside := refusal(200, "AccessDenied")
	w := newWire(t, script(inside))
	_, err := selfCopy(t, w)
	if Classify(err) != ClassPermission || StatusOf(err) != 200 || CodeOf(err) != "AccessDenied" {
		t.Errorf("class %d: %v", Classify(err), err)
	}
	if got := len(w.ops()); got != 1 {
		t.Errorf("%d requests", got)
	}
}

func TestBusyErrorInsideASuccessfulCopyIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(refusal(200, "SlowDown"), copiedSSECOS))
	if _, err := selfCopy(t, w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"PutObjectCopy", "PutObjectCopy"}, w.ops()); diff != "" {
		t.Error(diff)
	}
}

// lostCopy loses the first answer to a copy and answers HEADs with head.
func lostCopy(lost answer, head http.Handler) http.HandlerFunc {
	var copies atomic.Int32
	return func(rw http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodHead:
			head.ServeHTTP(rw, req)
		case copies.Add(1) == 1:
			lost.ServeHTTP(rw, req)
		default:
			copiedSSECOS.ServeHTTP(rw, req)
		}
	}
}

func TestLostAnswerToACopyIsFoundOut(t *testing.T) {
	t.Parallel()
	ours := map[string]string{
		"Content-Length": "4", "x-cos-hash-crc64ecma": "17", "x-cos-server-side-encryption": "AES256",
		"ETag": `"new"`,
	}
	with := func(name, value string) map[string]string {
		changed := map[string]string{name: value}
		for n, v := range ours {
			if n != name {
				changed[n] = v
			}
		}
		return changed
	}
	old := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	arrived := []string{"PutObjectCopy", "HeadObject"}
	repeated := []string{"PutObjectCopy", "HeadObject", "PutObjectCopy"}
	for name, test := range map[string]struct {
		head http.Handler
		ops  []string
	}{
		"arrived":          {found(ours), arrived},
		"other-encryption": {found(with("x-cos-server-side-encryption", "")), repeated},
		"other-content":    {found(with("x-cos-hash-crc64ecma", "18")), repeated},
		"other-size":       {found(with("Content-Length", "5")), repeated},
		"old":              {found(with("Last-Modified", old)), repeated},
		"other-metadata":   {found(with("x-cos-meta-team", "finance")), repeated},
		"missing":          {answer{status: 404}, repeated},
	} {
		for how, lost := range map[string]answer{
			"reset":     {},
			"internal":  refusal(500, "InternalError"),
			"cut-off":   {status: 200, body: "<CopyObjectResult><ETag>"},
			"empty":     {status: 200},
			"in-answer": refusal(200, "InternalError"),
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, lostCopy(lost, test.head))
				result, err := selfCopy(t, w)
				if err != nil || result.ETag != "new" || result.Encryption.Mode != ModeSSECOS {
					t.Errorf("%+v, %v", result, err)
				}
				if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestLostAnswerThatCannotBeFoundOut(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]answer{
		"denied": {status: 403},
		"no-crc64": found(map[string]string{
			"Content-Length": "4", "x-cos-server-side-encryption": "AES256",
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, lostCopy(answer{}, head))
			_, err := selfCopy(t, w)
			var ambiguous *AmbiguousError
			if !errors.As(err, &ambiguous) || ambiguous.Op != "PutObjectCopy" {
				t.Fatalf("error is %T: %v", err, err)
			}
			if diff := cmp.Diff([]string{"PutObjectCopy", "HeadObject"}, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLostRotationFindsTheOldKey(t *testing.T) {
	t.Parallel()
	before, after := mustKey(t, vectorKey), mustKey(t, canaryKey)
	held := map[string]string{"Content-Length": "4", "x-cos-hash-crc64ecma": "17"}
	// The object still has the old key: COS refuses HEAD with any other, and without one.
	oldKeyOnly := http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if req.Header.Get(headerCustomerKeyMD5) == before.MD5() {
			found(held).ServeHTTP(rw, req)
			return
		}
		answer{status: 403}.ServeHTTP(rw, req)
	})
	var copies atomic.Int32
	w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodHead:
			oldKeyOnly.ServeHTTP(rw, req)
		case copies.Add(1) == 1:
			answer{}.ServeHTTP(rw, req)
		default:
			copyAnswer(map[string]string{headerCustomerKeyMD5: after.MD5()}).ServeHTTP(rw, req)
		}
	})
	_, err := w.Copy(t.Context(),
		CopySource{Ref: testRef("k"), Key: &before, Size: 4, CRC64: "17"}, testRef("k"),
		CopyOptions{WriteOptions: WriteOptions{Encryption: SSEC{Key: after}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(w.ops(), " "); strings.Count(got, "PutObjectCopy") != 2 {
		t.Errorf("ops: %s", got)
	}
}

func TestCopyIsVerified(t *testing.T) {
	t.Parallel()
	t.Run("less-encrypted", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, headThenGet(
			found(map[string]string{"Content-Length": "4", "ETag": `"new"`}), copyAnswer(nil)))
		_, err := selfCopy(t, w)
		var mismatch *EncryptionMismatchError
		if !errors.As(err, &mismatch) || mismatch.Got.Mode != ModeNone {
			t.Fatalf("error is %T: %v", err, err)
		}
		if mismatch.Result.ETag != "new" || mismatch.Ref != testRef("k") {
			t.Errorf("%+v", mismatch)
		}
		if diff := cmp.Diff([]string{"PutObjectCopy", "HeadObject"}, w.ops()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no-echo", func(t *testing.T) {
		t.Parallel()
		encrypted := found(map[string]string{
			"ETag": `"new"`, "x-cos-server-side-encryption": "AES256",
		})
		w := newWire(t, headThenGet(encrypted, copyAnswer(nil)))
		result, err := selfCopy(t, w)
		if err != nil || result.Encryption.Mode != ModeSSECOS {
			t.Errorf("%+v, %v", result.Encryption, err)
		}
	})
	t.Run("other-content", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, script(answer{status: 200, body: strings.Replace(copied, "17", "18", 1)}))
		_, err := selfCopy(t, w)
		var damaged *ChecksumError
		if !errors.As(err, &damaged) || damaged.Local != "17" || damaged.COS != "18" {
			t.Errorf("error is %T: %v", err, err)
		}
	})
	t.Run("without-encryption", func(t *testing.T) {
		t.Parallel()
		w := newWire(t, script(copyAnswer(nil)))
		_, err := w.Copy(t.Context(), CopySource{Ref: testRef("a")}, testRef("b"), CopyOptions{})
		if !errors.Is(err, errNilEncryption) || len(w.ops()) != 0 {
			t.Errorf("%v after %d requests", err, len(w.ops()))
		}
	})
}

func TestTimesInAnswers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2020-12-10T03:37:30.000Z": time.Date(2020, 12, 10, 3, 37, 30, 0, time.UTC),
		"2020-04-10T18:20:30Z":     time.Date(2020, 4, 10, 18, 20, 30, 0, time.UTC),
		"2017-09-04T04:45:45":      time.Date(2017, 9, 4, 4, 45, 45, 0, time.UTC),
		"":                         {},
		"yesterday":                {},
	} {
		if got := parseTime(text); !got.Equal(want) {
			t.Errorf("%q = %s", text, got)
		}
	}
}
