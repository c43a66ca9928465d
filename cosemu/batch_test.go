package cosemu

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	controlHost = DefaultUIN + ".cos-control.ap-guangzhou.myqcloud.com"
	testRole    = "qcs::cam::uin/" + DefaultUIN + ":roleName/COS_Batch_QcsRole"
	appIDHeader = "x-cos-appid: 1250000000"
)

// batchRig is a rig with shorthands for jobs.
type batchRig struct {
	*rig
	t      *testing.T
	tokens int
}

func newBatchRig(t *testing.T, configure ...func(*Config)) *batchRig {
	t.Helper()
	return &batchRig{rig: newRig(t, configure...), t: t}
}

// manifest stores rows and returns the elements that name them.
func (r *batchRig) manifest(rows ...string) string {
	r.t.Helper()
	etag := r.must(r.t, "PUT", "/manifest.csv", strings.Join(rows, "\n")+"\n").get("ETag")
	return manifestXML(plainBucket, etag, "Bucket", "Key")
}

func manifestXML(bucket, etag string, fields ...string) string {
	return "<Manifest><Location><ETag>" + etag + "</ETag><ObjectArn>qcs::cos:ap-guangzhou:" +
		"uid/1250000000:" + bucket + "/manifest.csv</ObjectArn></Location><Spec><Fields><member>" +
		strings.Join(fields, "</member><member>") + "</member></Fields><Format>" +
		"COSBatchOperations_CSV_V1</Format></Spec></Manifest>"
}

// copyXML is a copy onto itself with more elements.
func copyXML(bucket, elements string) string {
	return "<Operation><COSPutObjectCopy>" + elements + "<TargetResource>qcs::cos:ap-guangzhou::" +
		bucket + "</TargetResource></COSPutObjectCopy></Operation>"
}

const addAES256 = "<MetadataDirective>Add</MetadataDirective><NewObjectMetadata><SSEAlgorithm>" +
	"AES256</SSEAlgorithm></NewObjectMetadata>"

const someReport = "<Report><Bucket>qcs::cos:ap-guangzhou::" + plainBucket + "</Bucket><Enabled>" +
	"true</Enabled><Format>Report_CSV_V1</Format><Prefix>reports</Prefix><ReportScope>AllTasks" +
	"</ReportScope></Report>"

// jobXML is a request with a token of its own.
func (r *batchRig) jobXML(priority int, elements ...string) string {
	r.tokens++
	return "<CreateJobRequest><ClientRequestToken>token-" + strconv.Itoa(r.tokens) +
		"</ClientRequestToken>" + strings.Join(elements, "") + "<Priority>" +
		strconv.Itoa(priority) + "</Priority><RoleArn>" + testRole + "</RoleArn></CreateJobRequest>"
}

func (r *batchRig) control(method, target, body string) answer {
	r.t.Helper()
	return r.do(method, controlHost+target, body, appIDHeader)
}

// create makes a job and returns its id.
func (r *batchRig) create(priority int, elements ...string) string {
	r.t.Helper()
	a := r.control("POST", "/jobs", r.jobXML(priority, elements...))
	if a.status != http.StatusOK {
		r.t.Fatalf("CreateJob: %d %s: %s", a.status, a.code, a.body)
	}
	return element(a.body, "JobId")
}

// element is the text of the first element of that name.
func element(document, name string) string {
	_, rest, _ := strings.Cut(document, "<"+name+">")
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return text
}

// status polls once.
func (r *batchRig) status(id string) string {
	r.t.Helper()
	return element(r.control("GET", "/jobs/"+id, "").body, "Status")
}

// finish polls until the job has ended, and returns all states that it was seen in.
func (r *batchRig) finish(id string) []string {
	r.t.Helper()
	var seen []string
	for range 1000 {
		seen = append(seen, r.status(id))
		if jobState(seen[len(seen)-1]).final() {
			return slices.Compact(seen)
		}
	}
	r.t.Fatalf("the job never ends: %v", slices.Compact(seen))
	return nil
}

func (r *batchRig) put(key string, headers ...string) {
	r.t.Helper()
	r.must(r.t, "PUT", "/"+key, "body of "+key, headers...)
}

func row(key string) string { return plainBucket + "," + key }

func TestBatchJobTakesItsStatesInOrder(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	r.put("a", "Content-Type: text/a", "x-cos-meta-one: 1", "x-cos-tagging: k=v",
		"x-cos-acl: public-read", "x-cos-storage-class: STANDARD_IA")
	copied := copyXML(plainBucket, "<AccessControlDirective>Copy</AccessControlDirective>"+addAES256+
		"<StorageClass>STANDARD_IA</StorageClass>")
	id := r.create(1, "<ConfirmationRequired>true</ConfirmationRequired>", r.manifest(row("a")),
		copied, someReport)
	if got := fmt.Sprint(r.status(id), r.status(id), r.status(id), r.status(id)); got !=
		"PreparingSuspendedSuspendedSuspended" {
		t.Fatalf("states before the confirmation: %s", got)
	}
	if total := element(r.control("GET", "/jobs/"+id, "").body, "TotalNumberOfTasks"); total != "1" {
		t.Errorf("total while suspended is %s, want 1", total)
	}
	r.do("HEAD", "/a", "").check(t, "before the confirmation", map[string]string{
		"x-cos-server-side-encryption": "-",
	})
	r.control("POST", "/jobs/"+id+"/status?requestedJobStatus=Ready", "").expect(t, 200, "")
	if got := fmt.Sprint(r.finish(id)); got != "[Active Completing Complete]" {
		t.Errorf("states after the confirmation: %s", got)
	}
	r.do("HEAD", "/a", "").check(t, "after", map[string]string{
		"x-cos-server-side-encryption": "AES256", "Content-Type": "text/a", "x-cos-meta-one": "1",
		"x-cos-storage-class": "STANDARD_IA", "x-cos-hash-crc64ecma": crcText("body of a"),
	})
	if a := r.do("GET", "/a?tagging", ""); !strings.Contains(a.body, "<Key>k</Key>") {
		t.Errorf("the tags are gone: %s", a.body)
	}
	r.do("GET", "/a?acl", "").check(t, "acl", map[string]string{"x-cos-acl": "public-read"})
	report := r.must(t, "GET", "/?prefix=reports/job-"+id, "").body
	if strings.Count(report, "<Contents>") != 2 {
		t.Errorf("the report's files: %s", report)
	}
}

func TestBatchCopiesByItsSwitches(t *testing.T) {
	t.Parallel()
	defaultKMS := `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>` +
		`<SSEAlgorithm>KMS</SSEAlgorithm><KMSMasterKeyID>` + secondKMSKey + `</KMSMasterKeyID>` +
		`</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`
	tests := map[string]struct {
		config BatchConfig
		copied string
		want   map[string]string
		failed string
	}{
		"default encryption": {want: map[string]string{
			"x-cos-server-side-encryption":                "cos/kms",
			"x-cos-server-side-encryption-cos-kms-key-id": secondKMSKey,
		}},
		"default encryption is ignored": {
			config: BatchConfig{IgnoreDefaultEncryption: true},
			want:   map[string]string{"x-cos-server-side-encryption": "-"},
		},
		"an algorithm beats the default": {
			config: BatchConfig{IgnoreDefaultEncryption: true}, copied: addAES256,
			want: map[string]string{"x-cos-server-side-encryption": "AES256"},
		},
		"self-copies are refused": {
			config: BatchConfig{SelfCopy: BatchSelfCopyRefuse}, copied: addAES256, failed: "1",
			want: map[string]string{"x-cos-server-side-encryption": "-"},
		},
		"self-copies need Add, without": {
			config: BatchConfig{SelfCopy: BatchSelfCopyNeedsAdd}, failed: "1",
			want: map[string]string{"x-cos-server-side-encryption": "-"},
		},
		"self-copies need Add, with": {
			config: BatchConfig{SelfCopy: BatchSelfCopyNeedsAdd}, copied: addAES256,
			want: map[string]string{"x-cos-server-side-encryption": "AES256"},
		},
		"changed after the constraint": {
			copied: addAES256 + "<UnModifiedSinceConstraint>1</UnModifiedSinceConstraint>", failed: "1",
			want: map[string]string{"x-cos-server-side-encryption": "-"},
		},
		"constraints are ignored": {
			config: BatchConfig{IgnoreConstraints: true},
			copied: addAES256 + "<UnModifiedSinceConstraint>1</UnModifiedSinceConstraint>",
			want:   map[string]string{"x-cos-server-side-encryption": "AES256"},
		},
		"metadata is lost": {
			config: BatchConfig{Loses: []string{"metadata", "content-type"}}, copied: addAES256,
			want: map[string]string{"x-cos-meta-one": "-", "Content-Type": "application/octet-stream"},
		},
		"every task fails": {
			config: BatchConfig{FailPercent: 100}, copied: addAES256, failed: "1",
			want: map[string]string{"x-cos-server-side-encryption": "-"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newBatchRig(t, func(c *Config) { c.Batch = tt.config })
			r.put("a", "Content-Type: text/a", "x-cos-meta-one: 1")
			r.must(t, "PUT", "/?encryption", defaultKMS)
			id := r.create(1, r.manifest(row("a")), copyXML(plainBucket, tt.copied), someReport)
			if states := r.finish(id); states[len(states)-1] != "Complete" {
				t.Errorf("states %v", states)
			}
			failed := element(r.control("GET", "/jobs/"+id, "").body, "NumberOfTasksFailed")
			if want := tt.failed; failed != want && failed+want != "0" {
				t.Errorf("%s tasks failed, want %q", failed, want)
			}
			r.do("HEAD", "/a", "").check(t, "after", tt.want)
		})
	}
}

func TestBatchDecodesKeysByItsSwitch(t *testing.T) {
	t.Parallel()
	tests := map[BatchDecoding]string{
		BatchDecodingPercent: "a b+c", BatchDecodingPlus: "a b c", BatchDecodingNone: "a%20b+c",
	}
	for decoding, key := range tests {
		t.Run(string(decoding), func(t *testing.T) {
			t.Parallel()
			r := newBatchRig(t, func(c *Config) { c.Batch.ManifestDecoding = decoding })
			escaped := strings.ReplaceAll(strings.ReplaceAll(key, "%", "%25"), " ", "%20")
			r.put(escaped)
			r.finish(r.create(1, r.manifest(row("a%20b+c")), copyXML(plainBucket, addAES256), someReport))
			r.do("HEAD", "/"+escaped, "").check(t, key, map[string]string{
				"x-cos-server-side-encryption": "AES256",
			})
		})
	}
}

func TestBatchTasksThatCannotSucceed(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t, func(c *Config) { c.CopyLimit = 20 })
	r.put("large-object-of-many-bytes")
	r.put("customer", withKey(keyOne)...)
	r.put("archived", "x-cos-storage-class: ARCHIVE")
	r.put("right")
	id := r.create(1, r.manifest(row("right"), row("large-object-of-many-bytes"), row("customer"),
		row("archived"), row("missing"), "another-1250000000,right"), copyXML(plainBucket, addAES256),
		someReport)
	r.finish(id)
	report := r.must(t, "GET", "/?prefix=reports/job-"+id+"/results/", "").body
	lines := r.must(t, "GET", "/"+element(report, "Key"), "").body
	for _, want := range []string{
		",right,,succeeded,,200,", ",failed,EntityTooLarge,400,", ",failed,SsecDecryptHeaderInvalid,400,",
		",failed,InvalidObjectState,403,", ",failed,NoSuchKey,404,", ",failed,InvalidRequest,400,",
	} {
		if strings.Count(lines, want) != 1 {
			t.Errorf("not one line has %q:\n%s", want, lines)
		}
	}
}

func TestBatchFailsWhenMostTasksFail(t *testing.T) {
	t.Parallel()
	for failing, want := range map[int]string{501: "Complete", 502: "Failed"} {
		r := newBatchRig(t)
		var rows []string
		for i := range 1002 {
			rows = append(rows, row(strconv.Itoa(i)))
			if i >= failing {
				r.put(strconv.Itoa(i))
			}
		}
		id := r.create(1, r.manifest(rows...), copyXML(plainBucket, addAES256), someReport)
		states := r.finish(id)
		if got := states[len(states)-1]; got != want {
			t.Errorf("with %d of 1002 failing: %v, want %s", failing, states, want)
		}
	}
}

func TestBatchJobsThatFailBeforeTheyBegin(t *testing.T) {
	t.Parallel()
	tests := map[string]func(r *batchRig) []string{
		"manifest changed": func(r *batchRig) []string {
			defer r.put("manifest.csv")
			return []string{r.manifest(row("a")), copyXML(plainBucket, addAES256), someReport}
		},
		"manifest missing": func(*batchRig) []string {
			return []string{
				manifestXML(plainBucket, "e", "Bucket", "Key"), copyXML(plainBucket, addAES256), someReport,
			}
		},
		"manifest of other columns": func(r *batchRig) []string {
			return []string{r.manifest("one,two,three"), copyXML(plainBucket, addAES256), someReport}
		},
	}
	for name, elements := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newBatchRig(t)
			id := r.create(1, elements(r)...)
			if got := fmt.Sprint(r.finish(id)); got != "[Preparing Failing Failed]" {
				t.Errorf("states %s", got)
			}
			if code := element(r.control("GET", "/jobs/"+id, "").body, "FailureCode"); code != "InvalidManifest" {
				t.Errorf("FailureCode is %q", code)
			}
		})
	}
	r := newBatchRig(t, func(c *Config) { c.Batch.Role = "AnotherRole" })
	id := r.create(1, r.manifest(row("a")), copyXML(plainBucket, addAES256), someReport)
	if got := fmt.Sprint(r.finish(id)); got != "[Preparing Failing Failed]" {
		t.Errorf("states with another role %s", got)
	}
}

func TestBatchRunsByPriority(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t, func(c *Config) { c.Batch.TasksPerStep = 1 })
	var rows []string
	for i := range 6 {
		r.put(strconv.Itoa(i))
		rows = append(rows, row(strconv.Itoa(i)))
	}
	manifest := r.manifest(rows...)
	low := r.create(1, manifest, copyXML(plainBucket, addAES256), someReport)
	for r.status(low) != "Active" {
		continue
	}
	high := r.create(2, manifest, copyXML(plainBucket, addAES256), someReport)
	var seen []string
	for !slices.Contains(seen, "Complete") {
		seen = append(seen, r.status(low))
	}
	if got := fmt.Sprint(slices.Compact(seen)); got != "[Active Pausing Paused Active Completing Complete]" {
		t.Errorf("states of the low one %s", got)
	}
	if got := r.status(high); got != "Complete" {
		t.Errorf("the high one is %s", got)
	}
}

func TestBatchJobIsCancelled(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t, func(c *Config) { c.Batch.TasksPerStep = 1 })
	var rows []string
	for i := range 8 {
		r.put(strconv.Itoa(i))
		rows = append(rows, row(strconv.Itoa(i)))
	}
	id := r.create(1, r.manifest(rows...), copyXML(plainBucket, addAES256), someReport)
	for r.status(id) != "Active" {
		continue
	}
	r.control("DELETE", "/jobs/"+id, "").expect(t, 400, "InvalidRequest")
	r.control("POST", "/jobs/"+id+"/status?requestedJobStatus=Paused", "").expect(t, 400, "InvalidArgument")
	a := r.control("POST", "/jobs/"+id+"/status?requestedJobStatus=Cancelled&statusUpdateReason=why", "")
	a.expect(t, 200, "")
	r.finish(id)
	done := r.BatchJobs()[0]
	if done.Status != "Cancelled" || done.Succeeded == 0 || done.Succeeded > 5 {
		t.Errorf("the job is %+v", done)
	}
	if reason := element(r.control("GET", "/jobs/"+id, "").body, "StatusUpdateReason"); reason != "why" {
		t.Errorf("reason is %q", reason)
	}
	for _, target := range []string{"/status?requestedJobStatus=Ready", "/priority?priority=1"} {
		r.control("POST", "/jobs/"+id+target, "").expect(t, 400, "InvalidRequest")
	}
	r.control("DELETE", "/jobs/"+id, "").expect(t, 204, "")
	r.control("GET", "/jobs/"+id, "").expect(t, 404, "NoSuchJob")
}

func TestBatchRefusesRequests(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	manifest, copied := r.manifest(row("a")), copyXML(plainBucket, addAES256)
	whole := r.jobXML(1, manifest, copied, someReport)
	r.control("POST", "/jobs", whole).expect(t, 200, "")
	r.control("POST", "/jobs", whole).expect(t, 400, "InvalidRequest")
	r.control("POST", "/jobs", "").expect(t, 400, "InvalidRequest")
	for part, replacement := range map[string]string{
		manifest: "", copied: "", someReport: "", "<Operation>": "<Operation></Operation><Operation>",
		"STANDARD": "STANDARD", "AES256": "SM4", "Add": "Keep", "AllTasks": "Some",
		"COSBatchOperations_CSV_V1": "CSV", "COSPutObjectCopy>": "COSRewrite>",
	} {
		damaged := strings.ReplaceAll(r.jobXML(1, manifest, copied, someReport), part, replacement)
		if part == replacement {
			damaged = strings.Replace(damaged, "<TargetResource>", "<StorageClass>ARCHIVE</StorageClass><TargetResource>", 1)
		}
		r.control("POST", "/jobs", damaged).expect(t, 400, "MalformedXML")
	}
	for part, replacement := range map[string]string{
		testRole: "COS_Batch_QcsRole", "<Priority>1<": "<Priority>-1<", "token-1": "",
	} {
		r.tokens = 0
		damaged := strings.ReplaceAll(r.jobXML(1, manifest, copied, someReport), part, replacement)
		r.control("POST", "/jobs", damaged).expect(t, 400, "InvalidArgument")
	}
	r.do("GET", controlHost+"/jobs", "").expect(t, 400, "InvalidArgument")
	r.do("GET", controlHost+"/jobs", "", "x-cos-appid: 7").expect(t, 403, "AccessDenied")
	r.do("GET", "7."+strings.SplitN(controlHost, ".", 2)[1]+"/jobs", "", appIDHeader).expect(t, 403, "AccessDenied")
	r.control("PUT", "/jobs", "").expect(t, 501, "NotImplemented")
	r.control("GET", "/jobs?other=1", "").expect(t, 200, "")
	r.control("GET", "/jobs/none", "").expect(t, 404, "NoSuchJob")
	for _, query := range []string{"maxResults=0", "maxResults=1001", "jobStatuses=Done", "nextToken=x"} {
		r.control("GET", "/jobs?"+query, "").expect(t, 400, "InvalidArgument")
	}
}

func TestBatchListsByPages(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	manifest := r.manifest(row("a"))
	var created []string
	for range 4 {
		created = append([]string{r.create(1, manifest, copyXML(plainBucket, addAES256), someReport)}, created...)
	}
	var listed []string
	token, pages := "", 0
	for {
		body := r.control("GET", "/jobs?maxResults=2&nextToken="+token, "").body
		for _, member := range strings.Split(body, "<member>")[1:] {
			listed = append(listed, element(member, "JobId"))
		}
		pages++
		if token = element(body, "NextToken"); token == "" {
			break
		}
	}
	if !slices.Equal(listed, created) || pages != 3 {
		t.Errorf("listed %v in %d pages, want %v in 3: a full page has a token", listed, pages, created)
	}
	r.finish(created[0])
	body := r.control("GET", "/jobs?jobStatuses=Suspended,Cancelled", "").body
	if strings.Contains(body, "<member>") {
		t.Errorf("a filter lists others: %s", body)
	}
}

func TestBatchForgetsAfter90Days(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	id := r.create(1, r.manifest(row("a")), copyXML(plainBucket, addAES256), someReport)
	r.finish(id)
	r.clock.advance(jobLife)
	r.control("GET", "/jobs/"+id, "").expect(t, 200, "")
	r.clock.advance(time.Second)
	r.control("GET", "/jobs/"+id, "").expect(t, 404, "NoSuchJob")
	if body := r.control("GET", "/jobs", "").body; strings.Contains(body, "<member>") {
		t.Errorf("still listed: %s", body)
	}
}

func TestBatchGoesByTheClock(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t, func(c *Config) { c.Batch.Step = time.Minute })
	r.put("a")
	suspended := r.create(1, "<ConfirmationRequired>true</ConfirmationRequired>", r.manifest(row("a")),
		copyXML(plainBucket, addAES256), someReport)
	if got := r.status(suspended) + r.status(suspended); got != "NewNew" {
		t.Errorf("without time going by: %s", got)
	}
	r.clock.advance(1000 * time.Hour)
	if got := r.status(suspended); got != "Suspended" {
		t.Errorf("unconfirmed it is %s", got)
	}
	r.control("POST", "/jobs/"+suspended+"/status?requestedJobStatus=Ready", "").expect(t, 200, "")
	r.clock.advance(time.Hour)
	// Nobody polls: a job runs all the same.
	r.do("HEAD", "/a", "").check(t, "after an hour", map[string]string{
		"x-cos-server-side-encryption": "AES256",
	})
}

func TestBatchIgnoresConfirmationByItsSwitch(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t, func(c *Config) { c.Batch.IgnoreConfirmation = true })
	r.put("a")
	id := r.create(1, "<ConfirmationRequired>true</ConfirmationRequired>", r.manifest(row("a")),
		copyXML(plainBucket, addAES256), someReport)
	if got := fmt.Sprint(r.finish(id)); got != "[Preparing Ready Active Completing Complete]" {
		t.Errorf("states %s", got)
	}
}

func TestBatchFaults(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	r.put("a")
	r.put("b")
	report := "/?prefix=reports/"
	run := func(faults ...Fault) string {
		r.AddFaults(faults...)
		id := r.create(1, r.manifest(row("a"), row("b")), copyXML(plainBucket, ""), someReport)
		r.finish(id)
		return id
	}
	run(Fault{Op: "BatchReport", Code: "InternalError"})
	if body := r.must(t, "GET", report, "").body; strings.Contains(body, "<Contents>") {
		t.Errorf("a report that should be missing: %s", body)
	}
	run(Fault{Op: "BatchReport", DelayMS: 60000})
	if body := r.must(t, "GET", report, "").body; strings.Contains(body, "<Contents>") {
		t.Errorf("a report that should be late: %s", body)
	}
	r.clock.advance(time.Minute)
	if body := r.must(t, "GET", report, "").body; !strings.Contains(body, "<Contents>") {
		t.Errorf("a late report never comes: %s", body)
	}
	run(Fault{Op: "BatchTask", Skip: 1, BucketEncryption: "KMS:" + secondKMSKey})
	r.do("HEAD", "/b", "").check(t, "before the change", map[string]string{"x-cos-server-side-encryption": "-"})
	r.do("HEAD", "/a", "").check(t, "after the change", map[string]string{"x-cos-server-side-encryption": "cos/kms"})
	run(Fault{Op: "BatchTask", Key: "a", Code: "AccessDenied"})
	if jobs := r.BatchJobs(); jobs[len(jobs)-1].Failed != 1 {
		t.Errorf("the last job is %+v", jobs[len(jobs)-1])
	}
	r.AddFaults(Fault{Op: "*", Status: 500})
	if _, err := r.batch.find(&exchange{Server: r.Server, control: &controlRequest{}}); err == nil {
		t.Error("found a job without an id")
	}
	if fault := r.faults.take(opBatchTask, ""); fault != nil {
		t.Error("a fault of any request broke a task")
	}
	for _, fault := range []Fault{
		{Op: "PutObject", BucketEncryption: "none"}, {Op: "BatchTask", BucketEncryption: "KMS"},
	} {
		if fault.check() == nil {
			t.Errorf("%+v is accepted", fault)
		}
	}
}

func TestBatchOtherOperations(t *testing.T) {
	t.Parallel()
	r := newBatchRig(t)
	r.put("archived", "x-cos-storage-class: ARCHIVE")
	r.put("tagged")
	r.put("deleted")
	operation := func(key, text string) {
		t.Helper()
		r.finish(r.create(1, r.manifest(row(key)), "<Operation>"+text+"</Operation>", someReport))
		if jobs := r.BatchJobs(); jobs[len(jobs)-1].Succeeded != 1 {
			t.Errorf("%s: %+v", key, jobs[len(jobs)-1])
		}
	}
	operation("archived", "<COSInitiateRestoreObject><ExpirationInDays>2</ExpirationInDays>"+
		"<JobTier>Bulk</JobTier></COSInitiateRestoreObject>")
	operation("tagged", "<COSPutObjectTagging><TaggingDirective>Replaced</TaggingDirective><TagSet>"+
		"<COSTag><Key>k</Key><Value>v</Value></COSTag></TagSet></COSPutObjectTagging>")
	operation("deleted", "<COSDeleteObject></COSDeleteObject>")
	r.do("GET", "/archived", "").expect(t, 200, "")
	if a := r.do("GET", "/tagged?tagging", ""); !strings.Contains(a.body, "<Value>v</Value>") {
		t.Errorf("tags %s", a.body)
	}
	r.do("GET", "/deleted", "").expect(t, 404, "NoSuchKey")
}

func TestBatchConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, config := range []BatchConfig{
		{UIN: "me"},
		{Step: -1},
		{TasksPerStep: -1},
		{SelfCopy: "yes"},
		{Report: "xml"},
		{ManifestDecoding: "hex"},
		{Loses: []string{"bytes"}},
		{FailPercent: 101},
	} {
		if _, err := New(Config{Batch: config}); err == nil {
			t.Errorf("%+v is accepted", config)
		}
	}
}
