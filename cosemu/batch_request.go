package cosemu

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
)

// createJobXML is the body of CreateJob (33781). DescribeJob answers with most of it.
type createJobXML struct {
	XMLName              xml.Name          `xml:"CreateJobRequest"`
	ClientRequestToken   string            `xml:"ClientRequestToken"`
	ConfirmationRequired string            `xml:"ConfirmationRequired"`
	Description          string            `xml:"Description"`
	Manifest             *jobManifestXML   `xml:"Manifest"`
	Operations           []jobOperationXML `xml:"Operation"`
	Priority             string            `xml:"Priority"`
	Report               *jobReportXML     `xml:"Report"`
	RoleArn              string            `xml:"RoleArn"`
}

type jobManifestXML struct {
	Location struct {
		ETag            string `xml:"ETag"`
		ObjectArn       string `xml:"ObjectArn"`
		ObjectVersionID string `xml:"ObjectVersionId,omitempty"`
	} `xml:"Location"`
	Spec struct {
		Fields []string `xml:"Fields>member,omitempty"`
		Format string   `xml:"Format"`
	} `xml:"Spec"`
}

// jobOperationXML has exactly one member that is not nil.
type jobOperationXML struct {
	Copy    *copyTaskXML    `xml:"COSPutObjectCopy"`
	Restore *restoreTaskXML `xml:"COSInitiateRestoreObject"`
	Delete  *struct{}       `xml:"COSDeleteObject"`
	Tagging *tagTaskXML     `xml:"COSPutObjectTagging"`
}

// copyTaskXML is COSPutObjectCopy (33786).
type copyTaskXML struct {
	AccessControlDirective  string           `xml:"AccessControlDirective,omitempty"`
	AccessControlGrants     *taskGrantsXML   `xml:"AccessControlGrants"`
	CannedAccessControlList string           `xml:"CannedAccessControlList,omitempty"`
	PrefixReplace           bool             `xml:"PrefixReplace,omitempty"`
	ResourcesPrefix         string           `xml:"ResourcesPrefix,omitempty"`
	TargetKeyPrefix         string           `xml:"TargetKeyPrefix,omitempty"`
	MetadataDirective       string           `xml:"MetadataDirective,omitempty"`
	ModifiedSince           string           `xml:"ModifiedSinceConstraint,omitempty"`
	UnmodifiedSince         string           `xml:"UnModifiedSinceConstraint,omitempty"`
	NewMetadata             *taskMetadataXML `xml:"NewObjectMetadata"`
	TaggingDirective        string           `xml:"TaggingDirective,omitempty"`
	NewTagging              *taskTagsXML     `xml:"NewObjectTagging"`
	StorageClass            string           `xml:"StorageClass,omitempty"`
	TargetResource          string           `xml:"TargetResource"`
}

type taskGrantsXML struct {
	Grants []struct {
		Grantee struct {
			DisplayName    string `xml:"DisplayName,omitempty"`
			Identifier     string `xml:"Identifier"`
			TypeIdentifier string `xml:"TypeIdentifier"`
		} `xml:"Grantee"`
		Permission string `xml:"Permission"`
	} `xml:"COSGrant"`
}

type taskMetadataXML struct {
	CacheControl       string `xml:"CacheControl,omitempty"`
	ContentDisposition string `xml:"ContentDisposition,omitempty"`
	ContentEncoding    string `xml:"ContentEncoding,omitempty"`
	ContentType        string `xml:"ContentType,omitempty"`
	Expires            string `xml:"HttpExpiresDate,omitempty"`
	SSEAlgorithm       string `xml:"SSEAlgorithm,omitempty"`
	User               []tag  `xml:"UserMetadata>member,omitempty"`
}

type taskTagsXML struct {
	Tags []tag `xml:"COSTag"`
}

type restoreTaskXML struct {
	Days int    `xml:"ExpirationInDays"`
	Tier string `xml:"JobTier"`
}

type tagTaskXML struct {
	Directive string       `xml:"TaggingDirective"`
	TagSet    *taskTagsXML `xml:"TagSet"`
}

type jobReportXML struct {
	Bucket      string `xml:"Bucket"`
	Enabled     string `xml:"Enabled"`
	Format      string `xml:"Format"`
	Prefix      string `xml:"Prefix,omitempty"`
	ReportScope string `xml:"ReportScope"`
}

// The only formats that this package knows.
const (
	manifestCSV          = "COSBatchOperations_CSV_V1"
	manifestInventory    = "COSInventoryReport_CSV_V1"
	reportCSV            = "Report_CSV_V1"
	maxTokenBytes        = 64
	maxDescriptionBytes  = 256
	maxReportPrefixBytes = 256
)

var (
	roleForm = regexp.MustCompile(`^qcs::cam::uin/([0-9]+):roleName/(.+)$`)
	// resourceForm is a bucket, or an object in it: qcs::cos:<region>:[uid/<appid>]:<bucket>[/<key>].
	resourceForm = regexp.MustCompile(
		`^qcs::cos:([a-z0-9-]+):(?:uid/[0-9]+)?:([a-z0-9-]+)(?:/(.*))?$`)
)

// check refuses a request that could never be a job (33781, 33787).
func (j *createJobXML) check() *apiError {
	priority, err := strconv.ParseInt(j.Priority, 10, 32)
	switch {
	case j.ClientRequestToken == "" || len(j.ClientRequestToken) > maxTokenBytes:
		return invalid("ClientRequestToken must have 1 to %d bytes.", maxTokenBytes)
	case len(j.Description) > maxDescriptionBytes:
		return invalid("Description must have at most %d bytes.", maxDescriptionBytes)
	case j.Priority == "":
		return failure("InvalidRequest", "Priority is missing.")
	case err != nil || priority < 0:
		return invalid("Priority must be from 0 to 2147483647.")
	case !slices.Contains([]string{"", "true", "false"}, j.ConfirmationRequired):
		return invalid("ConfirmationRequired must be true or false.")
	case !roleForm.MatchString(j.RoleArn):
		return invalid("RoleArn must be qcs::cam::uin/<uin>:roleName/<role>.")
	case len(j.Operations) != 1:
		return failure("MalformedXML", "Operation is needed once.")
	}
	for _, check := range []func() *apiError{
		j.checkManifest, j.checkReport, j.Operations[0].check,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (j *createJobXML) checkManifest() *apiError {
	if j.Manifest == nil {
		return failure("MalformedXML", "Manifest is missing.")
	}
	match := resourceForm.FindStringSubmatch(j.Manifest.Location.ObjectArn)
	switch spec := j.Manifest.Spec; {
	case spec.Format == manifestInventory:
		return failure("NotImplemented", "Inventories as manifests are not modelled.")
	case spec.Format != manifestCSV:
		return failure("MalformedXML", "Manifest: there is no format %q.", spec.Format)
	case !slices.Contains(spec.Fields, "Bucket") || !slices.Contains(spec.Fields, "Key"):
		return failure("MalformedXML", "Manifest: the fields Bucket and Key are needed.")
	case match == nil || match[3] == "":
		return failure("MalformedXML", "Manifest: ObjectArn names no object.")
	case j.Manifest.Location.ETag == "":
		return failure("MalformedXML", "Manifest: ETag is missing.")
	}
	for _, field := range j.Manifest.Spec.Fields {
		if !slices.Contains([]string{"Ignore", "Bucket", "Key", "VersionId"}, field) {
			return failure("MalformedXML", "Manifest: there is no field %q.", field)
		}
	}
	return nil
}

func (j *createJobXML) checkReport() *apiError {
	switch r := j.Report; {
	case r == nil:
		return failure("MalformedXML", "Report is missing.")
	case r.Enabled == "false":
		return nil
	case r.Enabled != "true":
		return failure("MalformedXML", "Report: Enabled must be true or false.")
	case r.Format != reportCSV:
		return failure("MalformedXML", "Report: there is no format %q.", r.Format)
	case r.ReportScope != "AllTasks" && r.ReportScope != "FailedTasksOnly":
		return failure("MalformedXML", "Report: there is no scope %q.", r.ReportScope)
	case !isBucketResource(r.Bucket):
		return failure("MalformedXML", "Report: %q is not a bucket.", r.Bucket)
	case len(r.Prefix) > maxReportPrefixBytes:
		return invalid("Report: Prefix must have at most %d bytes.", maxReportPrefixBytes)
	}
	return nil
}

func isBucketResource(text string) bool {
	match := resourceForm.FindStringSubmatch(text)
	return match != nil && match[3] == ""
}

// check demands exactly one operation and what it needs (33786, 38607).
func (o jobOperationXML) check() *apiError {
	given := 0
	for _, is := range []bool{o.Copy != nil, o.Restore != nil, o.Delete != nil, o.Tagging != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return failure("MalformedXML", "Operation needs exactly one known member.")
	case o.Copy != nil:
		return o.Copy.check()
	case o.Restore != nil && (o.Restore.Days < 1 || o.Restore.Days > 365):
		return failure("MalformedXML", "Operation: ExpirationInDays must be from 1 to 365.")
	case o.Restore != nil && o.Restore.Tier != "Bulk" && o.Restore.Tier != "Standard":
		return failure("MalformedXML", "Operation: JobTier must be Bulk or Standard.")
	case o.Tagging != nil && o.Tagging.TagSet == nil:
		return failure("MalformedXML", "Operation: TagSet is missing.")
	}
	return nil
}

func (c *copyTaskXML) check() *apiError {
	directives := []string{"", "Copy", "Replaced", "Add"}
	malformed := func(name, value string) *apiError {
		return failure("MalformedXML", "Operation: %s cannot be %q.", name, value)
	}
	switch {
	case !isBucketResource(c.TargetResource):
		return malformed("TargetResource", c.TargetResource)
	case !slices.Contains([]string{"", "STANDARD", "STANDARD_IA"}, c.StorageClass):
		return malformed("StorageClass", c.StorageClass)
	case !slices.Contains(directives, c.MetadataDirective):
		return malformed("MetadataDirective", c.MetadataDirective)
	case !slices.Contains(directives, c.TaggingDirective):
		return malformed("TaggingDirective", c.TaggingDirective)
	case !slices.Contains(directives, c.AccessControlDirective):
		return malformed("AccessControlDirective", c.AccessControlDirective)
	case !slices.Contains([]string{"", "private", "public-read"}, c.CannedAccessControlList):
		return malformed("CannedAccessControlList", c.CannedAccessControlList)
	case c.NewMetadata != nil && c.NewMetadata.SSEAlgorithm != "" &&
		c.NewMetadata.SSEAlgorithm != "AES256":
		return malformed("SSEAlgorithm", c.NewMetadata.SSEAlgorithm)
	case !isSeconds(c.ModifiedSince):
		return malformed("ModifiedSinceConstraint", c.ModifiedSince)
	case !isSeconds(c.UnmodifiedSince):
		return malformed("UnModifiedSinceConstraint", c.UnmodifiedSince)
	}
	return nil
}

// isSeconds reports Unix seconds, or nothing at all.
func isSeconds(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return text == "" || err == nil
}
