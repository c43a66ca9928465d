package cosemu

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// task is one row of a manifest.
type task struct {
	bucket, key, versionID string
}

// taskResult is how a task ended; err is nil for success.
type taskResult struct {
	task
	err *apiError
}

// opBatchTask is the name of tasks for faults. Tasks are no requests and not in the journal.
const opBatchTask = "BatchTask"

// runTask carries out a task with the handlers that serve requests.
func (s *Server) runTask(j *job, t task) taskResult {
	err := s.taskFault(j, t)
	if err == nil {
		err = s.carryOutTask(j, t)
	}
	return taskResult{task: t, err: err}
}

// taskFault is the failure that was scripted or configured for a task.
func (s *Server) taskFault(j *job, t task) *apiError {
	fault := s.faults.take(opBatchTask, t.key)
	switch percent := s.config.Batch.FailPercent; {
	case fault != nil && fault.BucketEncryption != "":
		s.changeDefault(t.bucket, j.region, fault.BucketEncryption)
	case fault != nil:
		return fault.error()
	case j.done*percent/100 != (j.done+1)*percent/100:
		return failure("InternalError", "A configured failure of the emulator.")
	}
	return nil
}

// changeDefault sets a bucket's default encryption: somebody did it while a job ran.
func (s *Server) changeDefault(bucketName, region, to string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	b := s.store.find(bucketName, region)
	if b == nil {
		return
	}
	var configured *defaultEncryption
	if algorithm, key, _ := strings.Cut(to, ":"); algorithm != "none" {
		configured = &defaultEncryption{algorithm: algorithm, kmsKeyID: key}
	}
	_ = s.store.updateBucket(b, func(b *bucket) { b.encryption = configured })
}

func (s *Server) carryOutTask(j *job, t task) *apiError {
	b, err := s.taskBucket(j, t)
	if err != nil {
		return err
	}
	switch op := j.request.Operations[0]; {
	case op.Copy != nil:
		return s.copyTask(j, t, b, op.Copy)
	case op.Restore != nil:
		body := marshalXML(restoreXML{Days: op.Restore.Days, Tier: op.Restore.Tier})
		return s.inside(b, http.MethodPost, t, body).carryOutInside(restoreObject)
	case op.Tagging != nil:
		var document taggingXML
		document.TagSet.Tags = op.Tagging.TagSet.Tags
		return s.inside(b, http.MethodPut, t, marshalXML(document)).carryOutInside(putTagging)
	default:
		return s.inside(b, http.MethodDelete, t, nil).carryOutInside(deleteObject)
	}
}

// taskBucket is the bucket of a task. All objects of a job are in one bucket (32960), in the job's
// region (32956).
func (s *Server) taskBucket(j *job, t task) (*bucket, *apiError) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	b := s.store.find(t.bucket, j.region)
	switch {
	case t.bucket != j.tasks[0].bucket:
		return nil, failure("InvalidRequest", "A job is for the objects of one bucket.")
	case b == nil:
		return nil, failure("NoSuchBucket", "The bucket does not exist in %s.", j.region)
	}
	return b, nil
}

// inside is a request of the service itself.
func (s *Server) inside(b *bucket, method string, t task, body []byte) *exchange {
	query := ""
	if t.versionID != "" {
		query = "versionId=" + url.QueryEscape(t.versionID)
	}
	r := &http.Request{
		Method: method, Host: b.name + ".cos." + b.region + ".localhost",
		URL: &url.URL{Path: "/" + t.key, RawQuery: query}, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	x := s.newExchange(&deafWriter{header: http.Header{}}, r)
	x.w.onHeader = func() {}
	x.secure, x.bucket = true, b
	x.entry.Bucket, x.entry.Region, x.entry.Key = b.name, b.region, t.key
	return x
}

func (x *exchange) carryOutInside(handle handler) *apiError { return handle(x) }

// copyTask copies by PUT Object - Copy (33786).
func (s *Server) copyTask(j *job, t task, source *bucket, c *copyTaskXML) *apiError {
	target, err := s.targetBucket(c.TargetResource)
	if err != nil {
		return err
	}
	found, err := s.taskSource(source, t)
	if err != nil {
		return err
	}
	to := task{bucket: target.name, key: c.targetKey(t.key)}
	self := target == source && to.key == t.key
	if err := s.config.Batch.checkSelfCopy(self, c); err != nil {
		return err
	}
	x := s.inside(target, http.MethodPut, to, nil)
	s.copyHeaders(x.r.Header, c, source, t, found)
	if c.sse() == "" && s.config.Batch.IgnoreDefaultEncryption {
		x.fault = &Fault{DropEncryption: true}
	}
	return x.carryOutInside(copyObject)
}

func (c BatchConfig) checkSelfCopy(self bool, op *copyTaskXML) *apiError {
	refused := failure("InvalidRequest", "The object would be copied onto itself.")
	added := op.MetadataDirective == "Add" || op.MetadataDirective == "Replaced"
	switch {
	case !self, c.SelfCopy == BatchSelfCopyAllow, c.SelfCopy == BatchSelfCopyNeedsAdd && added:
		return nil
	}
	return refused
}

func (s *Server) targetBucket(resource string) (*bucket, *apiError) {
	match := resourceForm.FindStringSubmatch(resource)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if b := s.store.find(match[2], match[1]); b != nil {
		return b, nil
	}
	return nil, failure("NoSuchBucket", "The target bucket does not exist.")
}

// taskSource is the source as it is when its task begins.
func (s *Server) taskSource(b *bucket, t task) (version, *apiError) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	v, err := findVersion(b, t.key, t.versionID, nil)
	if err != nil {
		return version{}, err
	}
	return *v, nil
}

// targetKey renames by prefix.
func (c *copyTaskXML) targetKey(key string) string {
	if c.PrefixReplace {
		key = strings.TrimPrefix(key, c.ResourcesPrefix)
	}
	return c.TargetKeyPrefix + key
}

func (c *copyTaskXML) sse() string {
	if c.NewMetadata == nil {
		return ""
	}
	return c.NewMetadata.SSEAlgorithm
}

// copyHeaders are the headers of a task's PUT Object - Copy. What is kept of the source is sent as
// a replacement, because that is the form in which a copy onto itself is served.
func (s *Server) copyHeaders(header http.Header, c *copyTaskXML, b *bucket, t task, source version) {
	location := b.name + ".cos." + b.region + ".myqcloud.com/" + url.PathEscape(t.key)
	if t.versionID != "" {
		location += "?versionId=" + url.QueryEscape(t.versionID)
	}
	header.Set("x-cos-copy-source", location)
	header.Set("x-cos-metadata-directive", "Replaced")
	header.Set("x-cos-tagging-directive", "Replaced")
	if !s.config.Batch.loses("class") && c.StorageClass != "" {
		header.Set(headerClass, c.StorageClass)
	}
	if c.sse() != "" {
		header.Set(headerSSE, c.sse())
	}
	if !s.config.Batch.IgnoreConstraints {
		setSince(header, "x-cos-copy-source-If-Modified-Since", c.ModifiedSince)
		setSince(header, "x-cos-copy-source-If-Unmodified-Since", c.UnmodifiedSince)
	}
	c.metadataHeaders(header, source, s.config.Batch)
	if !s.config.Batch.loses("tags") {
		c.tagHeader(header, source)
	}
	if !s.config.Batch.loses("acl") {
		c.aclHeaders(header, source)
	}
}

// setSince writes a constraint, which is in Unix seconds, as a date.
func setSince(header http.Header, name, seconds string) {
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
		header.Set(name, time.Unix(n, 0).UTC().Format(http.TimeFormat))
	}
}

// metadataHeaders are the source's, the request's or, with Add, both.
func (c *copyTaskXML) metadataHeaders(header http.Header, source version, config BatchConfig) {
	if c.MetadataDirective != "Replaced" {
		for name, value := range source.headers {
			if name != "Content-Type" || !config.loses("content-type") {
				header.Set(name, value)
			}
		}
		for name, value := range source.metadata {
			if !config.loses("metadata") {
				header.Set(metadataPrefix+name, value)
			}
		}
	}
	added := c.MetadataDirective == "Replaced" || c.MetadataDirective == "Add"
	if c.NewMetadata == nil || !added {
		return
	}
	for name, value := range map[string]string{
		"Cache-Control": c.NewMetadata.CacheControl, "Content-Type": c.NewMetadata.ContentType,
		"Content-Disposition": c.NewMetadata.ContentDisposition, "Expires": c.NewMetadata.Expires,
		"Content-Encoding": c.NewMetadata.ContentEncoding,
	} {
		if value != "" {
			header.Set(name, value)
		}
	}
	for _, pair := range c.NewMetadata.User {
		header.Set(metadataPrefix+strings.TrimPrefix(pair.Key, metadataPrefix), pair.Value)
	}
}

// tagHeader keeps, replaces or adds tags. The source's are kept without a directive.
func (c *copyTaskXML) tagHeader(header http.Header, source version) {
	tags := map[string]string{}
	if c.TaggingDirective != "Replaced" {
		for _, t := range source.tags {
			tags[t.Key] = t.Value
		}
	}
	if c.NewTagging != nil && c.TaggingDirective != "" && c.TaggingDirective != "Copy" {
		for _, t := range c.NewTagging.Tags {
			tags[t.Key] = t.Value
		}
	}
	values := url.Values{}
	for name, value := range maps.All(tags) {
		values.Set(name, value)
	}
	if len(values) > 0 {
		header.Set("x-cos-tagging", values.Encode())
	}
}

// aclHeaders keep, replace or add permissions. Without a directive the target has the default.
func (c *copyTaskXML) aclHeaders(header http.Header, source version) {
	var grants []grant
	if c.AccessControlDirective == "Copy" || c.AccessControlDirective == "Add" {
		if source.acl.canned != "" {
			header.Set("x-cos-acl", source.acl.canned)
		}
		grants = append(grants, source.acl.grants...)
	}
	if c.AccessControlDirective == "Replaced" || c.AccessControlDirective == "Add" {
		if c.CannedAccessControlList != "" {
			header.Set("x-cos-acl", c.CannedAccessControlList)
		}
		grants = append(grants, c.newGrants()...)
	}
	for _, known := range grantHeaders {
		var ids []string
		for _, g := range grants {
			if g.permission == known.permission {
				ids = append(ids, fmt.Sprintf("id=%q", g.grantee))
			}
		}
		if len(ids) > 0 {
			header.Set(known.header, strings.Join(ids, ","))
		}
	}
}

func (c *copyTaskXML) newGrants() []grant {
	if c.AccessControlGrants == nil {
		return nil
	}
	var grants []grant
	for _, g := range c.AccessControlGrants.Grants {
		grants = append(grants, grant{g.Permission, g.Grantee.Identifier})
	}
	return grants
}

// isDefault reports a default encryption as faults name it.
func isDefault(text string) bool {
	algorithm, key, hasKey := strings.Cut(text, ":")
	switch algorithm {
	case "none", "AES256", "SM4":
		return !hasKey
	case "KMS":
		return key != ""
	}
	return false
}

// isBatchWork reports what COS Batch does by itself. Faults of any request leave it alone.
func isBatchWork(op string) bool { return op == opBatchTask || op == opBatchReport }
