package cosemu

import (
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// prepareJob checks the role and reads the manifest. What fails here ends the job before any task.
func (s *Server) prepareJob(j *job) *apiError {
	match := roleForm.FindStringSubmatch(j.request.RoleArn)
	if role := s.config.Batch.Role; match[1] != j.uin || role != "" && match[2] != role {
		return failure("AccessDenied", "COS cannot assume the role %s.", j.request.RoleArn)
	}
	if match := resourceForm.FindStringSubmatch(j.request.Manifest.Location.ObjectArn); match[1] != j.region {
		return badManifest("The manifest is not in %s.", j.region)
	}
	text, err := s.readManifest(j)
	if err != nil {
		return err
	}
	j.tasks, err = s.parseManifest(text, j.request.Manifest.Spec.Fields)
	return err
}

// readManifest reads the manifest's object, which must still be the one that the job names.
func (s *Server) readManifest(j *job) (string, *apiError) {
	location := j.request.Manifest.Location
	match := resourceForm.FindStringSubmatch(location.ObjectArn)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	b := s.store.find(match[2], match[1])
	if b == nil {
		return "", badManifest("The bucket of the manifest does not exist.")
	}
	v, err := findVersion(b, match[3], location.ObjectVersionID, nil)
	switch {
	case err != nil:
		return "", badManifest("The manifest: %s", err.message)
	case v.etag != strings.Trim(location.ETag, `"`):
		return "", badManifest("The manifest has another ETag.")
	case v.sse.mode == modeC:
		return "", badManifest("The manifest is encrypted with a customer key.")
	}
	var text strings.Builder
	_, _ = io.Copy(&text, v.body.reader(0, v.body.size))
	return text.String(), nil
}

// badManifest is a job's failure, which no request is answered with.
func badManifest(format string, args ...any) *apiError {
	return &apiError{code: "InvalidManifest", message: fmt.Sprintf(format, args...)}
}

// parseManifest reads rows of the given fields. There is no header row; a space after a comma is
// as in COS's examples (32958).
func (s *Server) parseManifest(text string, fields []string) ([]task, *apiError) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.TrimLeadingSpace = true
	reader.FieldsPerRecord = len(fields)
	reader.ReuseRecord = true
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, badManifest("The manifest is not a CSV: %s.", err)
	}
	if len(rows) == 0 {
		return nil, badManifest("The manifest is empty.")
	}
	tasks := make([]task, 0, len(rows))
	for _, row := range rows {
		var t task
		for i, field := range fields {
			switch field {
			case "Bucket":
				t.bucket = strings.TrimSpace(row[i])
			case "Key":
				t.key = s.config.Batch.ManifestDecoding.decode(row[i])
			case "VersionId":
				t.versionID = row[i]
			}
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// decode takes a key as the service reads it. What is not encoded properly is taken as it stands.
func (d BatchDecoding) decode(key string) string {
	decoded, err := key, error(nil)
	switch d {
	case BatchDecodingPercent:
		decoded, err = url.PathUnescape(key)
	case BatchDecodingPlus:
		decoded, err = url.QueryUnescape(key)
	case BatchDecodingNone:
	}
	if err != nil {
		return key
	}
	return decoded
}
