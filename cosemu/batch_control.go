package cosemu

import (
	"encoding/xml"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// controlRequest is what a request of the control host is about.
type controlRequest struct{ uin, appID, jobID string }

// splitControlHost takes <uin>.cos-control.<region>.<domain>[:port] apart (33781).
func splitControlHost(hostport string) (uin, region string, ok bool) {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, suffix := range hostSuffixes {
		if rest, found := strings.CutSuffix(host, suffix); found {
			uin, region, found = strings.Cut(rest, ".cos-control.")
			return uin, region, found && uinForm.MatchString(uin) && region != ""
		}
	}
	return "", "", false
}

// controlOps are the operations of the control host.
var controlOps = map[routeKey]routeEntry{
	{"POST", "/jobs"}:          {"CreateJob", createJob},
	{"GET", "/jobs"}:           {"ListJobs", listJobs},
	{"GET", "/jobs/"}:          {"DescribeJob", describeJob},
	{"DELETE", "/jobs/"}:       {"DeleteJob", deleteJob},
	{"POST", "/jobs/priority"}: {"UpdateJobPriority", updateJobPriority},
	{"POST", "/jobs/status"}:   {"UpdateJobStatus", updateJobStatus},
}

// controlMark is a path without the job's id, which it returns as well.
func controlMark(path string) (mark, jobID string) {
	rest, found := strings.CutPrefix(path, "/jobs/")
	if !found {
		return path, ""
	}
	jobID, action, _ := strings.Cut(rest, "/")
	return "/jobs/" + action, jobID
}

// identifyControl is identify for the hosts of COS Batch; other hosts without a bucket are the
// account's.
func (x *exchange) identifyControl() (string, handler, *apiError) {
	uin, region, ok := splitControlHost(x.r.Host)
	if !ok {
		return x.identifyService()
	}
	mark, jobID := controlMark(x.r.URL.Path)
	x.entry.Region, x.entry.Key = region, jobID
	entry, known := controlOps[routeKey{x.r.Method, mark}]
	if !known || !slices.Contains(x.config.Regions, region) {
		return notImplemented, nil, failure("NotImplemented",
			"%s %s is not modelled by this emulator.", x.r.Method, x.r.URL.RequestURI())
	}
	x.control = &controlRequest{uin: uin, appID: x.r.Header.Get("x-cos-appid"), jobID: jobID}
	return entry.op, entry.handle, nil
}

// carryOutControl checks whose jobs a request is about and handles it, the engine locked.
func (x *exchange) carryOutControl(handle handler) {
	if err := x.checkAccount(); err != nil {
		x.fail(err)
		return
	}
	x.batch.mu.Lock()
	defer x.batch.mu.Unlock()
	err := handle(x)
	if x.config.Batch.Step <= 0 {
		x.batch.step(x.Server)
		x.batch.deliver(x.Server, x.config.Now())
	}
	if err != nil {
		x.fail(err)
	}
}

// checkAccount demands x-cos-appid (33787), and that it and the host are this account's.
func (x *exchange) checkAccount() *apiError {
	if x.control.appID == "" || len(x.control.appID) > maxTokenBytes {
		return invalid("x-cos-appid must have 1 to %d bytes.", maxTokenBytes)
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	for _, b := range x.store.buckets {
		if strings.HasSuffix(b.name, "-"+x.control.appID) && x.control.uin == x.config.Batch.UIN {
			return nil
		}
	}
	return failure("AccessDenied", "Access Denied.")
}

// find returns the job that a request names. Jobs of another region are none.
func (e *batchEngine) find(x *exchange) (*job, *apiError) {
	now := x.config.Now()
	for _, j := range e.jobs {
		if j.id == x.control.jobID && j.region == x.entry.Region && !j.forgotten(now) {
			return j, nil
		}
	}
	return nil, failure("NoSuchJob", "The specified job does not exist.")
}

func createJob(x *exchange) *apiError {
	if x.r.ContentLength == 0 {
		return failure("InvalidRequest", "The body is empty.")
	}
	var request createJobXML
	if err := x.readXML(&request); err != nil {
		return err
	}
	if err := request.check(); err != nil {
		return err
	}
	j, err := x.batch.add(x.Server, x, request)
	if err != nil {
		return err
	}
	x.entry.Key = j.id
	x.answerXML(struct {
		XMLName xml.Name `xml:"CreateJobResult"`
		JobID   string   `xml:"JobId"`
	}{JobID: j.id})
	return nil
}

// progressXML counts tasks. They are counted once the manifest was read.
type progressXML struct {
	Failed    int `xml:"NumberOfTasksFailed"`
	Succeeded int `xml:"NumberOfTasksSucceeded"`
	Total     int `xml:"TotalNumberOfTasks"`
}

func (j *job) progress() progressXML {
	return progressXML{Failed: j.failed, Succeeded: j.succeeded, Total: len(j.tasks)}
}

// jobFailureXML is there and empty for jobs that did not fail.
type jobFailureXML struct {
	Code   string `xml:"FailureCode"`
	Reason string `xml:"FailureReason"`
}

type jobXML struct {
	ConfirmationRequired string          `xml:"ConfirmationRequired"`
	CreationTime         string          `xml:"CreationTime"`
	Description          string          `xml:"Description"`
	Failure              jobFailureXML   `xml:"FailureReasons>JobFailure"`
	JobID                string          `xml:"JobId"`
	Manifest             *jobManifestXML `xml:"Manifest"`
	Operation            jobOperationXML `xml:"Operation"`
	Priority             int64           `xml:"Priority"`
	Progress             progressXML     `xml:"ProgressSummary"`
	Report               *jobReportXML   `xml:"Report"`
	RoleArn              string          `xml:"RoleArn"`
	Status               jobState        `xml:"Status"`
	StatusUpdateReason   string          `xml:"StatusUpdateReason"`
	SuspendedCause       string          `xml:"SuspendedCause"`
	SuspendedDate        string          `xml:"SuspendedDate"`
	TerminationDate      string          `xml:"TerminationDate"`
}

func describeJob(x *exchange) *apiError {
	j, err := x.batch.find(x)
	if err != nil {
		return err
	}
	document := jobXML{
		ConfirmationRequired: j.request.ConfirmationRequired, CreationTime: jobTime(j.created),
		Description: j.request.Description, JobID: j.id, Manifest: j.request.Manifest,
		Operation: j.request.Operations[0], Priority: j.priority, Progress: j.progress(),
		Report: j.request.Report, RoleArn: j.request.RoleArn, Status: j.state,
		StatusUpdateReason: j.reason, SuspendedDate: jobTime(j.suspended),
		TerminationDate: jobTime(j.ended),
	}
	if j.failure != nil {
		document.Failure = jobFailureXML{Code: j.failure.code, Reason: j.failure.message}
	}
	if !j.suspended.IsZero() {
		document.SuspendedCause = "Awaiting confirmation"
	}
	x.answerXML(struct {
		XMLName xml.Name `xml:"DescribeJobResult"`
		Job     jobXML   `xml:"Job"`
	}{Job: document})
	return nil
}

// jobTime is a moment in the form of 33782; "" for none.
func jobTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

type jobMemberXML struct {
	CreationTime    string      `xml:"CreationTime"`
	Description     string      `xml:"Description"`
	JobID           string      `xml:"JobId"`
	Operation       string      `xml:"Operation"`
	Priority        int64       `xml:"Priority"`
	Progress        progressXML `xml:"ProgressSummary"`
	Status          jobState    `xml:"Status"`
	TerminationDate string      `xml:"TerminationDate"`
}

// listJobs answers pages, the newest job first. NextToken is the last job of a full page, also if
// no page follows (33783).
func listJobs(x *exchange) *apiError {
	wanted, limit, err := x.listJobsQuery()
	if err != nil {
		return err
	}
	var document struct {
		XMLName   xml.Name       `xml:"ListJobsResult"`
		Members   []jobMemberXML `xml:"Jobs>member"`
		NextToken string         `xml:"NextToken,omitempty"`
	}
	listed := x.batch.listed(x)
	if token := x.query["nexttoken"]; token != "" {
		at := slices.IndexFunc(listed, func(j *job) bool { return j.id == token })
		if at < 0 {
			return invalid("There is no nextToken %q.", token)
		}
		listed = listed[at+1:]
	}
	for _, j := range listed {
		if len(wanted) > 0 && !slices.Contains(wanted, string(j.state)) {
			continue
		}
		document.Members = append(document.Members, j.member())
		if len(document.Members) == limit {
			document.NextToken = j.id
			break
		}
	}
	x.answerXML(document)
	return nil
}

func (x *exchange) listJobsQuery() (wanted []string, limit int, err *apiError) {
	limit = maxListKeys
	if text, given := x.query["maxresults"]; given {
		n, bad := strconv.Atoi(text)
		if bad != nil || n < 1 || n > maxListKeys {
			return nil, 0, invalid("maxResults must be from 1 to %d.", maxListKeys)
		}
		limit = n
	}
	if text := x.query["jobstatuses"]; text != "" {
		wanted = strings.Split(text, ",")
	}
	for _, state := range wanted {
		if !slices.Contains(jobStates, jobState(state)) {
			return nil, 0, invalid("There is no job status %q.", state)
		}
	}
	return wanted, limit, nil
}

// listed are the region's jobs that are not forgotten, the newest first.
func (e *batchEngine) listed(x *exchange) []*job {
	now := x.config.Now()
	var jobs []*job
	for _, j := range slices.Backward(e.jobs) {
		if j.region == x.entry.Region && j.appID == x.control.appID && !j.forgotten(now) {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func (j *job) member() jobMemberXML {
	operation := "COSPutObjectCopy"
	switch op := j.request.Operations[0]; {
	case op.Restore != nil:
		operation = "COSInitiateRestoreObject"
	case op.Delete != nil:
		operation = "COSDeleteObject"
	case op.Tagging != nil:
		operation = "COSPutObjectTagging"
	}
	return jobMemberXML{
		CreationTime: jobTime(j.created), Description: j.request.Description, JobID: j.id,
		Operation: operation, Priority: j.priority, Progress: j.progress(), Status: j.state,
		TerminationDate: jobTime(j.ended),
	}
}

func updateJobPriority(x *exchange) *apiError {
	j, err := x.batch.find(x)
	if err != nil {
		return err
	}
	text, given := x.query["priority"]
	priority, bad := strconv.ParseInt(text, 10, 32)
	switch {
	case !given:
		return failure("InvalidRequest", "priority is missing.")
	case bad != nil || priority < 0:
		return invalid("priority must be from 0 to 2147483647.")
	case j.state.final():
		return failure("InvalidRequest", "The job has ended.")
	}
	j.priority = priority
	x.answerXML(struct {
		XMLName  xml.Name `xml:"UpdateJobPriorityResult"`
		JobID    string   `xml:"JobId"`
		Priority int64    `xml:"Priority"`
	}{JobID: j.id, Priority: j.priority})
	return nil
}

// updateJobStatus confirms a suspended job or cancels one (33785).
func updateJobStatus(x *exchange) *apiError {
	j, err := x.batch.find(x)
	if err != nil {
		return err
	}
	wanted := jobState(x.query["requestedjobstatus"])
	ends := j.state == jobCompleting || j.state == jobFailing
	switch {
	case wanted != jobReady && wanted != jobCancelled:
		return invalid("requestedJobStatus must be Ready or Cancelled.")
	case j.state.final() || ends:
		return failure("InvalidRequest", "The job has ended.")
	case wanted == jobReady && j.state != jobSuspended:
		return failure("InvalidRequest", "A job that is %s cannot become Ready.", j.state)
	case wanted == jobReady:
		j.state = jobReady
	default:
		j.state = jobCancelling
	}
	j.reason = x.query["statusupdatereason"]
	x.answerXML(struct {
		XMLName xml.Name `xml:"UpdateJobStatusResult"`
		JobID   string   `xml:"JobId"`
		Status  jobState `xml:"Status"`
		Reason  string   `xml:"StatusUpdateReason"`
	}{JobID: j.id, Status: wanted, Reason: j.reason})
	return nil
}

// deleteJob removes a job that has ended (74109).
func deleteJob(x *exchange) *apiError {
	j, err := x.batch.find(x)
	if err != nil {
		return err
	}
	if !j.state.final() {
		return failure("InvalidRequest", "A job that is %s cannot be deleted.", j.state)
	}
	x.batch.jobs = slices.DeleteFunc(x.batch.jobs, func(other *job) bool { return other == j })
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// ControlEndpointTemplate returns the URL template of COS Batch on the HTTPS listener with {uin}
// and {region} left to fill in; empty without that listener.
func (s *Server) ControlEndpointTemplate() string {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return ""
	}
	return "https://{uin}.cos-control.{region}.localhost:" + port
}
