package cosapi

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

func TestWriteHeader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options WriteOptions
		want    http.Header
	}{
		"nothing": {WriteOptions{Encryption: NoEncryption{}}, http.Header{}},
		"everything": {
			WriteOptions{
				Encryption: SSECOS{}, StorageClass: "ARCHIVE", ForbidOverwrite: true,
				ACL:  &ACL{Canned: "private"},
				Tags: map[string]string{"b": "2", "a=": "1 &"},
				Headers: ObjectHeaders{
					ContentType: "text/plain", CacheControl: "no-cache", ContentDisposition: "inline",
					ContentEncoding: "br", ContentLanguage: "zh", Expires: "0",
					Metadata: map[string]string{"cost-centre": "42"},
				},
			},
			http.Header{
				"X-Cos-Server-Side-Encryption": {"AES256"}, "X-Cos-Storage-Class": {"ARCHIVE"},
				"X-Cos-Forbid-Overwrite": {"true"}, "X-Cos-Acl": {"private"},
				"X-Cos-Tagging": {"a%3D=1%20%26&b=2"}, "Content-Type": {"text/plain"},
				"Cache-Control": {"no-cache"}, "Content-Disposition": {"inline"},
				"Content-Encoding": {"br"}, "Content-Language": {"zh"}, "Expires": {"0"},
				"X-Cos-Meta-Cost-Centre": {"42"},
			},
		},
		"default-acl": {
			WriteOptions{Encryption: NoEncryption{}, ACL: &ACL{Canned: "default"}}, http.Header{},
		},
		"zero-acl": {WriteOptions{Encryption: NoEncryption{}, ACL: &ACL{}}, http.Header{}},
		"empty-tags": {
			WriteOptions{Encryption: NoEncryption{}, Tags: map[string]string{}}, http.Header{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.options.writeHeader()
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// atSkew answers with a Date that is off by skew.
func atSkew(skew time.Duration, next answer) http.HandlerFunc {
	return func(rw http.ResponseWriter, req *http.Request) {
		rw.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
		next.ServeHTTP(rw, req)
	}
}

func TestArrivalIsJudgedByTheServersClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	written := func(ago time.Duration) map[string]string {
		return map[string]string{
			"Content-Length": "4", "x-cos-hash-crc64ecma": "17",
			"Last-Modified": now.Add(-ago).UTC().Format(http.TimeFormat),
		}
	}
	for name, test := range map[string]struct {
		skew, ago time.Duration
		want      bool
	}{
		"written-after":            {0, -time.Minute, true},
		"written-before":           {0, time.Minute, false},
		"server-behind":            {-time.Hour, 59 * time.Minute, true},
		"server-behind-and-before": {-time.Hour, 61 * time.Minute, false},
		"server-ahead":             {time.Hour, -61 * time.Minute, true},
		"server-ahead-and-before":  {time.Hour, -59 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, atSkew(test.skew, found(written(test.ago))))
			_, arrived, err := w.hasArrived(t.Context(), arrival{
				ref: testRef("k"), options: WriteOptions{Encryption: NoEncryption{}},
				size: 4, crc64: "17", started: now,
			})
			if err != nil || arrived != test.want {
				t.Errorf("arrived = %t, %v, want %t", arrived, err, test.want)
			}
		})
	}
}

func TestArrivalIgnoresTheVersionThatWasReplaced(t *testing.T) {
	t.Parallel()
	info := ObjectInfo{Size: 4, CRC64: "17", VersionID: "V1", LastModified: time.Now().Add(time.Hour)}
	client := &Client{config: Config{}.withDefaults()}
	want := arrival{
		options: WriteOptions{Encryption: NoEncryption{}}, size: 4, crc64: "17", started: time.Now(),
	}
	for replaced, expected := range map[string]bool{
		"": true, "V0": true, "V1": false, nullVersion: true,
	} {
		want.replaced, info.VersionID = replaced, "V1"
		if replaced == nullVersion {
			info.VersionID = nullVersion
		}
		if got, err := client.matches(want, info); got != expected || err != nil {
			t.Errorf("replaced %q: %t, %v", replaced, got, err)
		}
	}
}

func TestArrivalComparesStorageClassAndHeaders(t *testing.T) {
	t.Parallel()
	info := ObjectInfo{
		Size: 4, CRC64: "17", LastModified: time.Now().Add(time.Hour), StorageClass: "ARCHIVE",
		Headers: ObjectHeaders{ContentType: "text/plain", Metadata: map[string]string{"a": "1"}},
	}
	client := &Client{config: Config{}.withDefaults()}
	metadata := map[string]string{"a": "1"}
	same := ObjectHeaders{ContentType: "text/plain", Metadata: metadata}
	html := ObjectHeaders{ContentType: "text/html", Metadata: metadata}
	for name, test := range map[string]struct {
		options WriteOptions
		want    bool
	}{
		"same":           {WriteOptions{Headers: same, StorageClass: "ARCHIVE"}, true},
		"left-to-cos":    {WriteOptions{Headers: ObjectHeaders{Metadata: metadata}}, true},
		"other-class":    {WriteOptions{Headers: same, StorageClass: "STANDARD"}, false},
		"other-type":     {WriteOptions{Headers: html}, false},
		"other-metadata": {WriteOptions{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.options.Encryption = NoEncryption{}
			want := arrival{options: test.options, size: 4, crc64: "17", started: time.Now()}
			if got, err := client.matches(want, info); got != test.want || err != nil {
				t.Errorf("%t, %v", got, err)
			}
		})
	}
}

func TestUnreadableObjectOlderThanOurWriteIsNotOurs(t *testing.T) {
	t.Parallel()
	listing := func(modified time.Time) answer {
		return answer{status: 200, body: "<ListBucketResult><IsTruncated>false</IsTruncated>" +
			"<Contents><Key>k</Key>" +
			"<LastModified>" + modified.UTC().Format("2006-01-02T15:04:05.000Z") + "</LastModified>" +
			"<ETag>e</ETag><Size>4</Size></Contents></ListBucketResult>"}
	}
	for name, test := range map[string]struct {
		modified  time.Time
		undecided bool
	}{
		"older": {time.Now().Add(-time.Hour), false},
		"newer": {time.Now().Add(time.Hour), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, headThenGet(answer{status: 403}, listing(test.modified)))
			_, arrived, err := w.hasArrived(t.Context(), arrival{
				ref: testRef("k"), size: 4, crc64: "17", started: time.Now(),
				options: WriteOptions{Encryption: SSEC{Key: mustKey(t, canaryKey)}},
			})
			if arrived || (err != nil) != test.undecided {
				t.Errorf("arrived = %t, %v", arrived, err)
			}
		})
	}
}

func TestCancelledWriteIsFoundOut(t *testing.T) {
	t.Parallel()
	ours := map[string]string{
		"Content-Length": "4", "x-cos-hash-crc64ecma": "17", "x-cos-server-side-encryption": "AES256",
	}
	for name, test := range map[string]struct {
		head  answer
		class Class
	}{
		"arrived":     {found(ours), ClassOther},
		"not-arrived": {answer{status: 404}, ClassCanceled},
		"unknown":     {answer{status: 403}, ClassCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodHead {
					test.head.ServeHTTP(rw, req)
					return
				}
				cancel()
				<-req.Context().Done()
			})
			w.patience = 0
			_, err := w.Copy(ctx,
				CopySource{Ref: testRef("k"), Size: 4, CRC64: "17"}, testRef("k"),
				CopyOptions{WriteOptions: WriteOptions{Encryption: SSECOS{}}})
			if Classify(err) != test.class || (err == nil) != (test.class == ClassOther) {
				t.Errorf("class %d: %v", Classify(err), err)
			}
			if diff := cmp.Diff([]string{"PutObjectCopy", "HeadObject"}, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswerOfASentWriteIsAwaited: what has gone out in full is carried out whatever happens here,
// so the caller that gives up meanwhile is told.
func TestAnswerOfASentWriteIsAwaited(t *testing.T) {
	t.Parallel()
	writes := map[string]func(context.Context, *harness, ObjectRef) error{
		"PutObject": func(ctx context.Context, h *harness, ref ObjectRef) error {
			_, err := h.Put(ctx, ref, BytesBody([]byte(sample)), encrypted(SSECOS{}))
			return err
		},
		"PutObjectCopy": func(ctx context.Context, h *harness, ref ObjectRef) error {
			src := CopySource{Ref: ref, Size: int64(len(sample))}
			_, err := h.Copy(ctx, src, ref, CopyOptions{WriteOptions: WriteOptions{Encryption: SSEKMS{}}})
			return err
		},
		"CompleteMultipartUpload": func(ctx context.Context, h *harness, ref ObjectRef) error {
			_, err := h.Put(ctx, ref, BytesBody(randomBytes(2*minPartSize)), encrypted(SSECOS{}))
			return err
		},
		"DeleteObject": func(ctx context.Context, h *harness, ref ObjectRef) error {
			_, err := h.Delete(ctx, ref)
			return err
		},
	}
	for op, write := range writes {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h := startEmulator(t, cosemu.Config{}, byParts)
			ref := h.ref(t, "k")
			h.store(t, ref, sample, WriteOptions{Encryption: SSECOS{}})
			h.emulator.ResetJournal()
			// The caller gives up when the request is on its way, before COS acts.
			h.http.Transport = cancelling{h.http.Transport, op, cancel}
			if err := write(ctx, h, ref); err != nil {
				t.Errorf("the answer was not awaited: %v", err)
			}
			if ops := h.ops(); slices.Contains(ops, "HeadObject") || ops[len(ops)-1] != op {
				t.Errorf("requests %v, want that %s is the last", ops, op)
			}
		})
	}
}

// cancelling ends the caller's context when the body of a request has gone out.
type cancelling struct {
	http.RoundTripper
	op     string
	cancel func()
}

func (c cancelling) RoundTrip(req *http.Request) (*http.Response, error) {
	current, _ := req.Context().Value(callKey{}).(*call)
	resp, err := c.RoundTripper.RoundTrip(req)
	if current != nil && current.op == c.op {
		c.cancel()
	}
	if err == nil && req.Context().Err() != nil {
		return nil, req.Context().Err()
	}
	return resp, err
}

// TestBodyThatIsNotSentIsNotAwaited: an upload that is cancelled before it went out ends at once.
func TestBodyThatIsNotSentIsNotAwaited(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]Body{
		"memory": BytesBody([]byte(sample)), "file": openedFile(t, sample),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			h := startEmulator(t, cosemu.Config{})
			h.patience = time.Hour
			h.http.Transport = stuck{h.http.Transport, cancel}
			ref := h.ref(t, "k")
			_, err := h.Put(ctx, ref, body, encrypted(SSECOS{}))
			if Classify(err) != ClassCanceled {
				t.Errorf("error %v", err)
			}
		})
	}
}

func openedFile(t *testing.T, content string) Body {
	t.Helper()
	name := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	body, err := OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = body.Close() })
	return body
}

// stuck never reads a body to its end. The caller gives up meanwhile.
type stuck struct {
	http.RoundTripper
	cancel func()
}

func (s stuck) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPut {
		return s.RoundTripper.RoundTrip(req)
	}
	_, _ = io.ReadFull(req.Body, make([]byte, 1))
	s.cancel()
	<-req.Context().Done()
	return nil, req.Context().Err()
}
