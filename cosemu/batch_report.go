package cosemu

import (
	"bytes"
	"crypto/md5"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// opBatchReport is the name of reports for faults: an error leaves the report out, a delay makes
// it late by the emulator's clock.
const opBatchReport = "BatchReport"

// pendingReport is a report that will be written.
type pendingReport struct{ due time.Time }

// newReport is the report that a job which ended will have; nil for none.
func (s *Server) newReport(j *job) *pendingReport {
	if j.request.Report.Enabled != "true" || s.config.Batch.Report == BatchReportNone {
		return nil
	}
	fault := s.faults.take(opBatchReport, "")
	switch {
	case fault == nil:
		return &pendingReport{due: s.config.Now()}
	case fault.DelayMS > 0:
		return &pendingReport{
			due: s.config.Now().Add(time.Duration(fault.DelayMS) * time.Millisecond),
		}
	}
	return nil
}

// writeReport puts the report's files where the job wants them, as any object is put.
func (s *Server) writeReport(j *job) {
	match := resourceForm.FindStringSubmatch(j.request.Report.Bucket)
	s.store.mu.Lock()
	b := s.store.find(match[2], match[1])
	s.store.mu.Unlock()
	if b == nil {
		return
	}
	for key, body := range s.reportFiles(j) {
		if prefix := j.request.Report.Prefix; prefix != "" {
			key = prefix + "/" + key
		}
		x := s.inside(b, http.MethodPut, task{key: key}, body)
		_ = x.carryOutInside(putObject) // the job ended long ago; nobody hears of it
	}
}

// reportFiles are the files of a report below its prefix.
func (s *Server) reportFiles(j *job) map[string][]byte {
	if s.config.Batch.Report == BatchReportFlat {
		return map[string][]byte{j.id + ".csv": j.flatReport()}
	}
	results := j.s3Report()
	sum := md5.Sum(results)
	digest := hex.EncodeToString(sum[:])
	name := "job-" + j.id + "/results/" + digest + ".csv"
	manifest, _ := json.Marshal(map[string]any{
		"Format": reportCSV, "ReportCreationDate": j.ended.UTC().Format(time.RFC3339),
		"ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
		"Results":      []map[string]string{{"Key": name, "MD5Checksum": digest}},
	})
	return map[string][]byte{name: results, "job-" + j.id + "/manifest.json": manifest}
}

// reported are the results that the job's scope asks for.
func (j *job) reported() []taskResult {
	if j.request.Report.ReportScope == "AllTasks" {
		return j.results
	}
	var failed []taskResult
	for _, result := range j.results {
		if result.err != nil {
			failed = append(failed, result)
		}
	}
	return failed
}

// s3Report has the columns that S3's reports have, without a header row.
func (j *job) s3Report() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, r := range j.reported() {
		status, code, http, message := "succeeded", "", "200", "Successful"
		if r.err != nil {
			status, code, message = "failed", r.err.code, r.err.message
			http = strconv.Itoa((&Fault{Code: r.err.code}).status())
		}
		_ = w.Write([]string{r.bucket, url.PathEscape(r.key), r.versionID, status, code, http, message})
	}
	w.Flush()
	return b.Bytes()
}

// flatReport has what 32961 says a report has, in another order, and a header row.
func (j *job) flatReport() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"ObjectName", "VersionId", "StatusCode", "ErrorDescription"})
	for _, r := range j.reported() {
		status, message := "200", ""
		if r.err != nil {
			status = strconv.Itoa((&Fault{Code: r.err.code}).status())
			message = r.err.code + ": " + r.err.message
		}
		_ = w.Write([]string{r.key, r.versionID, status, message})
	}
	w.Flush()
	return b.Bytes()
}
