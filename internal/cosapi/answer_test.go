package cosapi

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampleCall makes one request of an operation, and whole is COS's answer to it.
type sampleCall struct {
	call  func(*testing.T, *wire) error
	whole answer
}

// sampleCalls has a line for each operation of the table; a test says so where one is missing.
var sampleCalls = map[string]sampleCall{
	"HeadObject": {func(t *testing.T, w *wire) error {
		_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
		return err
	}, found(nil)},
	"GetObject": {func(t *testing.T, w *wire) error {
		_, _, err := w.Content(t.Context(), testRef("k"), nil, 100)
		return err
	}, answer{status: 200, header: map[string]string{"ETag": `"e"`}, body: "content"}},
	"PutObject": {func(t *testing.T, w *wire) error {
		_, err := w.Put(t.Context(), testRef("k"), BytesBody([]byte("123456789")), plainPut)
		return err
	}, answer{status: 200, header: map[string]string{
		"ETag": `"e"`, "x-cos-hash-crc64ecma": CRC64([]byte("123456789")),
	}}},
	"PutObjectCopy": {func(t *testing.T, w *wire) error {
		_, err := w.Copy(t.Context(), CopySource{Ref: testRef("s"), Size: 9}, testRef("k"),
			CopyOptions{WriteOptions: plainPut.WriteOptions})
		return err
	}, answer{status: 200, body: "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"}},
	"DeleteObject": {func(t *testing.T, w *wire) error {
		_, err := w.Delete(t.Context(), testRef("k"))
		return err
	}, answer{status: 204}},
	"PostObjectRestore": {func(t *testing.T, w *wire) error {
		_, err := w.Restore(t.Context(), testRef("k"), RestoreOptions{Days: 1})
		return err
	}, answer{status: 202}},
	"InitiateMultipartUpload": {func(t *testing.T, w *wire) error {
		return w.newMultipart(testRef("k"), plainPut.WriteOptions, nil).initiate(t.Context())
	}, answer{status: 200, body: "<InitiateMultipartUploadResult><UploadId>U</UploadId>" +
		"</InitiateMultipartUploadResult>"}},
	"UploadPart": {func(t *testing.T, w *wire) error {
		progress := w.newProgress(t.Context(), "UploadPart", testRef("k"), 9)
		body := BytesBody([]byte("123456789"))
		return sampleUpload(w).uploadPart(t.Context(), 0, body, progress.part())
	}, answer{status: 200, header: map[string]string{"ETag": `"e"`}}},
	"UploadPartCopy": {func(t *testing.T, w *wire) error {
		return sampleUpload(w).copyPart(t.Context(), 0, CopySource{Ref: testRef("s"), Size: 9})
	}, answer{status: 200, body: "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>"}},
	"CompleteMultipartUpload": {func(t *testing.T, w *wire) error {
		return sampleUpload(w).complete(t.Context(), plainPut, "1", &WriteResult{Size: 9})
	}, answer{status: 200, body: "  <CompleteMultipartUploadResult><ETag>\"e-1\"</ETag>" +
		"</CompleteMultipartUploadResult>"}},
	"AbortMultipartUpload": {func(t *testing.T, w *wire) error {
		return w.AbortUpload(t.Context(), testRef("k"), "U")
	}, answer{status: 204}},
	"ListParts": {func(t *testing.T, w *wire) error {
		_, err := w.listParts(t.Context(), testRef("k"), "U")
		return err
	}, answer{status: 200, body: "<ListPartsResult><IsTruncated>false</IsTruncated>" +
		"</ListPartsResult>"}},
	"ListMultipartUploads": {func(t *testing.T, w *wire) error {
		_, err := w.ListUploads(t.Context(), testRegion, testBucket, "")
		return err
	}, answer{status: 200, body: "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>" +
		"</ListMultipartUploadsResult>"}},
	"GetBucket": {func(t *testing.T, w *wire) error {
		_, err := w.List(t.Context(), ListOptions{Region: testRegion, Bucket: testBucket})
		return err
	}, answer{status: 200, body: "<?xml version='1.0'?><ListBucketResult><IsTruncated>false" +
		"</IsTruncated></ListBucketResult>"}},
	"GetBucketObjectVersions": {func(t *testing.T, w *wire) error {
		_, err := w.ListVersions(t.Context(), ListVersionsOptions{Region: testRegion, Bucket: testBucket})
		return err
	}, answer{status: 200, body: noVersions}},
	"GetObjectTagging": {func(t *testing.T, w *wire) error {
		_, err := w.Tags(t.Context(), testRef("k"))
		return err
	}, answer{status: 200, body: "<Tagging><TagSet/></Tagging>"}},
	"PutObjectTagging": {func(t *testing.T, w *wire) error {
		return w.PutTags(t.Context(), testRef("k"), map[string]string{"a": "b"})
	}, answer{status: 204}},
	"DeleteObjectTagging": {func(t *testing.T, w *wire) error {
		return w.PutTags(t.Context(), testRef("k"), nil)
	}, answer{status: 204}},
	"GetObjectACL": {func(t *testing.T, w *wire) error {
		_, err := w.ACL(t.Context(), testRef("k"))
		return err
	}, answer{status: 200, body: "<AccessControlPolicy></AccessControlPolicy>"}},
	"PutObjectACL": {func(t *testing.T, w *wire) error {
		return w.PutACL(t.Context(), testRef("k"), ACL{})
	}, answer{status: 200}},
	"GetBucketEncryption": {func(t *testing.T, w *wire) error {
		_, _, err := w.BucketEncryption(t.Context(), testRef(""))
		return err
	}, answer{status: 200, body: "<ServerSideEncryptionConfiguration><Rule>" +
		"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>" +
		"</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"}},
	"PutBucketEncryption": {func(t *testing.T, w *wire) error {
		return w.PutBucketEncryption(t.Context(), testRef(""), BucketEncryption{Algorithm: "AES256"})
	}, answer{status: 200}},
	"DeleteBucketEncryption": {func(t *testing.T, w *wire) error {
		return w.DeleteBucketEncryption(t.Context(), testRef(""))
	}, answer{status: 204}},
	"CreateJob": {func(t *testing.T, w *wire) error {
		_, err := sampleBatch(t, w).Create(t.Context(), NewJob{
			Token: "t", Description: "t", Copy: BatchCopy{Metadata: MetadataAdd},
		})
		return err
	}, answer{status: 200, body: "<CreateJobResult><JobId>1</JobId></CreateJobResult>"}},
	"DescribeJob": {func(t *testing.T, w *wire) error {
		_, err := sampleBatch(t, w).Describe(t.Context(), "1")
		return err
	}, answer{status: 200, body: "<DescribeJobResult><Job><JobId>1</JobId>" +
		"<Status>Active</Status></Job></DescribeJobResult>"}},
	"ListJobs": {func(t *testing.T, w *wire) error {
		_, _, err := sampleBatch(t, w).jobsPage(t.Context(), "")
		return err
	}, answer{status: 200, body: "<ListJobsResult></ListJobsResult>"}},
	"UpdateJobStatus": {func(t *testing.T, w *wire) error {
		return sampleBatch(t, w).Cancel(t.Context(), "1", "")
	}, answer{status: 200, body: "<UpdateJobStatusResult></UpdateJobStatusResult>"}},
	"UpdateJobPriority": {func(t *testing.T, w *wire) error {
		return sampleBatch(t, w).SetPriority(t.Context(), "1", 2)
	}, answer{status: 200, body: "<UpdateJobPriorityResult></UpdateJobPriorityResult>"}},
}

// sampleBatch is a client of jobs, at the same server.
func sampleBatch(t *testing.T, w *wire) *Batch {
	t.Helper()
	batch, err := w.Batch(BatchAccount{
		UIN: "100000000001", Bucket: testBucket, Region: testRegion, Endpoint: w.server.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// sampleUpload is an upload of one part that COS knows.
func sampleUpload(w *wire) *multipart {
	m := w.newMultipart(testRef("k"), plainPut.WriteOptions, []section{{0, 9}})
	m.uploadID = "U"
	return m
}

func TestEveryOperationHasASampleCall(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(operations))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(sampleCalls))); diff != "" {
		t.Error(diff)
	}
	for name, op := range operations {
		reads := !op.mutates && name != "HeadObject"
		if len(op.statuses) == 0 || reads && !op.content && op.root == "" {
			t.Errorf("%s says too little to know its answer", name)
		}
	}
}

func TestWholeAnswersAreBelieved(t *testing.T) {
	t.Parallel()
	for name, sample := range sampleCalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(sample.whole))
			if err := sample.call(t, w); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{name}, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// page is what a proxy, a gateway or a captive portal answers.
const page = "<html><head><title>Log in</title></head><body>" +
	"<Code>NoSuchKey</Code> <ETag>\"x\"</ETag> <IsTruncated>false</IsTruncated></body></html>"

// withPage is an answer with a page as its body and the headers of a whole one.
func withPage(status int, whole answer) answer {
	header := maps.Clone(whole.header)
	if header == nil {
		header = map[string]string{}
	}
	header["Content-Type"], header["Server"] = "text/html", "gateway"
	return answer{status: status, header: header, body: page, foreign: true}
}

// foreignAnswers are not COS's, whatever they say.
func foreignAnswers(whole answer) map[string]answer {
	noSuchKey := refusal(404, "NoSuchKey")
	noSuchKey.header, noSuchKey.foreign = nil, true
	stripped := whole
	stripped.foreign = true
	answers := map[string]answer{
		"redirect": {
			status: 307, foreign: true,
			header: map[string]string{"Location": "https://elsewhere.localhost:1/"},
		},
		"empty-200":         {status: 200, foreign: true},
		"empty-204":         {status: 204, foreign: true},
		"xml-404":           noSuchKey,
		"whole-but-foreign": stripped,
	}
	for _, status := range []int{200, 400, 403, 404, 405, 409, 412, 429, 500, 502, 503, 504} {
		answers[fmt.Sprintf("page-%d", status)] = withPage(status, whole)
	}
	return answers
}

func TestForeignAnswersAreNotBelieved(t *testing.T) {
	t.Parallel()
	for op, sample := range sampleCalls {
		for name, foreign := range foreignAnswers(sample.whole) {
			t.Run(op+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, script(foreign), func(c *Config) { c.MaxRetries = -1 })
				err := sample.call(t, w)
				var notCOS *NotCOSError
				if !errors.As(err, &notCOS) || Classify(err) != ClassNotCOS || StatusOf(err) != 0 {
					t.Fatalf("class %d, status %d: %v", Classify(err), StatusOf(err), err)
				}
				if notCOS.Op == "" || notCOS.Status != foreign.status {
					t.Errorf("%+v", notCOS)
				}
				if got := w.events[0]; got.Status != foreign.status || got.Err == nil {
					t.Errorf("the event says %+v", got)
				}
			})
		}
	}
}

// incomplete are answers of COS that lack what the table says the operation needs.
func incomplete(op operation, whole answer) map[string]answer {
	answers := map[string]answer{}
	with := func(name string, change func(*answer)) {
		damaged := whole
		damaged.header = maps.Clone(whole.header)
		change(&damaged)
		answers[name] = damaged
	}
	for _, status := range []int{200, 201, 202, 203, 204, 206, 299} {
		if !slices.Contains(op.statuses, status) || op.content && status == http.StatusPartialContent {
			with(fmt.Sprintf("status-%d", status), func(a *answer) { a.status, a.body = status, "" })
		}
	}
	for _, header := range op.headers {
		for value, name := range map[string]string{"": "no-", `""`: "empty-"} {
			with(name+header, func(a *answer) {
				if header == "Etag" {
					delete(a.header, "ETag")
				}
				a.without, a.header[header] = header, value
			})
		}
	}
	if op.root != "" {
		with("empty", func(a *answer) { a.body = "" })
		with("page", func(a *answer) { a.body = page })
		with("no-xml", func(a *answer) { a.body = "\x00\xff" })
		with("half", func(a *answer) { a.body = a.body[:len(a.body)/2] })
		with("no-end", func(a *answer) { a.body = a.body[:len(a.body)-len(op.root)] })
		with("malformed", func(a *answer) {
			a.body = strings.Replace(a.body, "<"+op.root+">", "<"+op.root+"><a></b>", 1)
		})
		with("other-root", func(a *answer) { a.body = strings.ReplaceAll(a.body, op.root, "Other") })
		with("cut-connection", func(a *answer) { a.cut = true })
		with("cut-error", func(a *answer) { a.body = "<Error><Code>NoSuchKey</Code>" })
	}
	for _, element := range op.elements {
		with("no-"+element, func(a *answer) { a.body = strings.ReplaceAll(a.body, element, "Else") })
	}
	for _, status := range []int{400, 403, 404, 409} {
		with(fmt.Sprintf("cut-error-%d", status), func(a *answer) {
			*a = refusal(status, "NoSuchKey")
			a.body = a.body[:len(a.body)-20]
		})
	}
	return answers
}

func TestIncompleteAnswersAreNotBelieved(t *testing.T) {
	t.Parallel()
	for op, sample := range sampleCalls {
		for name, damaged := range incomplete(operations[op], sample.whole) {
			isHead := op == "HeadObject" || op == "DeleteObject" && damaged.status == 404
			if isHead && strings.HasPrefix(name, "cut-error") {
				continue // The answer to a HEAD has no body, and a HEAD decides about a deletion.
			}
			t.Run(op+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWire(t, script(damaged), func(c *Config) { c.MaxRetries = -1 })
				if err := sample.call(t, w); Classify(err) != ClassConnection || CodeOf(err) != "" {
					t.Errorf("class %d, code %q: %v", Classify(err), CodeOf(err), err)
				}
			})
		}
	}
}

func TestErrorInsteadOfASuccessIsFound(t *testing.T) {
	t.Parallel()
	for op, sample := range sampleCalls {
		table := operations[op]
		if table.content || op == "HeadObject" || !slices.Contains(table.statuses, 200) {
			continue
		}
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			in200 := refusal(403, "AccessDenied")
			in200.status, in200.header = 200, maps.Clone(sample.whole.header)
			w := newWire(t, script(in200))
			if err := sample.call(t, w); CodeOf(err) != "AccessDenied" || StatusOf(err) != 200 {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff([]string{op}, w.ops()); diff != "" {
				t.Error(diff)
			}
			if got := w.events[0]; got.Status != 200 || got.Code != "AccessDenied" {
				t.Errorf("the event says %+v", got)
			}
		})
	}
}

// isOnce are the operations whose repetition a HEAD decides.
var isOnce = []string{"PutObject", "PutObjectCopy", "CompleteMultipartUpload", "DeleteObject"}

func TestReadsGetPastForeignAnswers(t *testing.T) {
	t.Parallel()
	for op, sample := range sampleCalls {
		if slices.Contains(isOnce, op) {
			continue
		}
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(withPage(404, sample.whole), answer{status: 502}, sample.whole))
			if err := sample.call(t, w); err != nil {
				t.Error(err)
			}
			// An upload that began unseen is looked for, see initiate.
			if got := w.ops()[:3]; cmp.Diff([]string{op, op, op}, got) != "" {
				t.Error(got)
			}
		})
	}
}

func TestWritesAreResolvedByAHead(t *testing.T) {
	t.Parallel()
	was := found(map[string]string{"Content-Length": "9", "x-cos-hash-crc64ecma": "17"})
	for _, op := range []string{"PutObject", "PutObjectCopy", "CompleteMultipartUpload"} {
		sample := sampleCalls[op]
		for name, wrong := range map[string]answer{
			"page":  withPage(200, sample.whole),
			"empty": {status: 200},
			"502":   {status: 502},
		} {
			t.Run(op+"/"+name, func(t *testing.T) {
				t.Parallel()
				var writes atomic.Int32
				w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
					_, _ = io.Copy(io.Discard, req.Body)
					switch {
					case req.Method == http.MethodHead && strings.HasSuffix(req.URL.Path, "/s"):
						was.ServeHTTP(rw, req)
					case req.Method == http.MethodHead:
						answer{status: 404}.ServeHTTP(rw, req)
					case writes.Add(1) == 1:
						wrong.ServeHTTP(rw, req)
					default:
						sample.whole.ServeHTTP(rw, req)
					}
				})
				if err := sample.call(t, w); err != nil {
					t.Fatal(err)
				}
				ops := slices.DeleteFunc(w.ops(), func(op string) bool { return op == "HeadObject" })
				if diff := cmp.Diff([]string{op, op}, ops); diff != "" || len(w.ops()) < 3 {
					t.Errorf("%v", w.ops())
				}
			})
		}
	}
}

func TestDeletionIsBelievedOnlyIfNothingIsLeft(t *testing.T) {
	t.Parallel()
	head, del := "HeadObject", "DeleteObject"
	for name, test := range map[string]struct {
		first answer
		there bool
		ops   []string
	}{
		"299":       {answer{status: 299}, true, []string{del, head, del}},
		"page-gone": {withPage(200, answer{}), false, []string{del, head}},
		"page":      {withPage(204, answer{}), true, []string{del, head, del}},
		"page-404":  {withPage(404, answer{}), true, []string{del, head, del}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var deletes atomic.Int32
			w := newWire(t, func(rw http.ResponseWriter, req *http.Request) {
				switch {
				case req.Method == http.MethodHead && test.there:
					found(nil).ServeHTTP(rw, req)
				case req.Method == http.MethodHead:
					answer{status: 404}.ServeHTTP(rw, req)
				case deletes.Add(1) == 1:
					test.first.ServeHTTP(rw, req)
				default:
					answer{status: 204}.ServeHTTP(rw, req)
				}
			})
			if _, err := w.Delete(t.Context(), testRef("k")); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(test.ops, w.ops()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIdentityHeaderCanBeNamed(t *testing.T) {
	t.Parallel()
	named := found(map[string]string{"X-Cloud-Request": "1"})
	named.foreign = true
	nameless := found(nil)
	nameless.foreign = true
	for name, test := range map[string]struct {
		config   func(*Config)
		answer   answer
		believed bool
	}{
		"named":     {func(c *Config) { c.RequestIDHeader = "x-cloud-request" }, named, true},
		"named-not": {func(c *Config) { c.RequestIDHeader = "x-cloud-request" }, found(nil), false},
		"any":       {func(c *Config) { c.BelieveAnyAnswer = true }, nameless, true},
		"default":   {func(*Config) {}, named, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, script(test.answer), test.config, func(c *Config) { c.MaxRetries = -1 })
			_, err := w.HeadOnly(t.Context(), testRef("k"), nil)
			if (err == nil) != test.believed {
				t.Error(err)
			}
		})
	}
}

func TestRequestsPastTheClientAreRefused(t *testing.T) {
	t.Parallel()
	w := newWire(t, script(found(nil)))
	resp, err := w.http.Get(w.server.URL) //nolint:noctx // The point is a bare request.
	if err == nil {
		_ = resp.Body.Close()
		t.Error("an answer that nobody checks is let through")
	}
	err = w.do(t.Context(), request{op: "Unheard", ref: testRef("k")}, nil)
	if err == nil || !strings.Contains(err.Error(), "table") {
		t.Errorf("%v", err)
	}
}

func TestRootOfADocument(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		"": "", "   ": "", "text": "", "<": "", "<a": "", "<a>": "a", "\ufeff<a/>": "a",
		"<?xml?>\n<!-- c --> <b x='1'>": "b", "<?xml": "", " \n\t <c></c>": "c", "<html>": "html",
	} {
		if got := xmlRoot([]byte(document)); got != want {
			t.Errorf("%q: %q", document, got)
		}
	}
	for document, want := range map[string]bool{
		"<a></a>": true, "<a/>": true, "<a x='1' />\n": true, "<a><b/>": false, "<a></a": false,
		"<a><a/>": false,
	} {
		if got := endsWith([]byte(document), "a"); got != want {
			t.Errorf("%q: %t", document, got)
		}
	}
}
