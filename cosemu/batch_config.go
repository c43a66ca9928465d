package cosemu

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// BatchConfig describes the account's COS Batch (documents 33781 to 33787). The zero value runs
// jobs. What COS's documents leave open is a choice here, and its zero value is no statement
// about COS.
type BatchConfig struct {
	// UIN is the number of the root account, which names the control host; default DefaultUIN.
	UIN string
	// Role is the name of the role that jobs run as. A job that names another one fails while it
	// is prepared. "" accepts every role.
	Role string
	// Step is how long a job stays in a state, by Config.Now. 0 moves every job on by one state
	// with each request of the control host, so that a client that polls sees each state once.
	Step time.Duration
	// TasksPerStep is how many tasks an active job carries out in one step; default 1000.
	TasksPerStep int
	// SelfCopy says whether a copy task may have its own source as its target.
	SelfCopy BatchSelfCopy
	// IgnoreDefaultEncryption makes copy tasks without an SSEAlgorithm write plain objects,
	// whatever the target bucket's default encryption is.
	IgnoreDefaultEncryption bool
	// Report is the layout of completion reports.
	Report BatchReport
	// ManifestDecoding is what is done to the keys of a manifest.
	ManifestDecoding BatchDecoding
	// IgnoreConstraints makes copy tasks ignore ModifiedSinceConstraint and
	// UnModifiedSinceConstraint: a service that reads another format of time.
	IgnoreConstraints bool
	// IgnoreConfirmation makes jobs begin although they are created with ConfirmationRequired,
	// which COS documents for its console only.
	IgnoreConfirmation bool
	// Loses are what copy tasks lose in spite of their directives: acl, tags, metadata,
	// content-type or class.
	Loses []string
	// FailPercent of all tasks fail with InternalError, spread evenly.
	FailPercent int
}

// DefaultUIN is the root account's number if Config names none.
const DefaultUIN = "100000000001"

// BatchSelfCopy says how a job may copy objects onto themselves.
type BatchSelfCopy string

// The answers to copies of objects onto themselves.
const (
	BatchSelfCopyAllow    BatchSelfCopy = "allow"
	BatchSelfCopyRefuse   BatchSelfCopy = "refuse"    // as PUT Object - Copy refuses it
	BatchSelfCopyNeedsAdd BatchSelfCopy = "needs-add" // MetadataDirective must be Add or Replaced
)

// BatchReport is a layout of completion reports.
type BatchReport string

// The layouts of reports.
const (
	BatchReportS3Like BatchReport = "s3like" // <prefix>/job-<id>/manifest.json and results/*.csv
	BatchReportFlat   BatchReport = "flat"   // <prefix>/<id>.csv with a header row
	BatchReportNone   BatchReport = "none"
)

// BatchDecoding is what is done to keys of a manifest before they are used.
type BatchDecoding string

// The decodings of keys.
const (
	BatchDecodingPercent BatchDecoding = "percent" // %20 is a space
	BatchDecodingPlus    BatchDecoding = "plus"    // so is +
	BatchDecodingNone    BatchDecoding = "none"
)

const defaultTasksPerStep = 1000

var (
	uinForm = regexp.MustCompile(`^[0-9]{1,20}$`)
	// batchLosses are what BatchConfig.Loses may name.
	batchLosses = []string{"acl", "tags", "metadata", "content-type", "class"}
)

func (c BatchConfig) withDefaults() BatchConfig {
	if c.UIN == "" {
		c.UIN = DefaultUIN
	}
	if c.TasksPerStep == 0 {
		c.TasksPerStep = defaultTasksPerStep
	}
	if c.SelfCopy == "" {
		c.SelfCopy = BatchSelfCopyAllow
	}
	if c.Report == "" {
		c.Report = BatchReportS3Like
	}
	if c.ManifestDecoding == "" {
		c.ManifestDecoding = BatchDecodingPercent
	}
	return c
}

// check refuses what no account can be, after withDefaults.
func (c BatchConfig) check() error {
	switch {
	case !uinForm.MatchString(c.UIN):
		return fmt.Errorf("batch: UIN %q is not a number", c.UIN)
	case c.Step < 0 || c.TasksPerStep < 0:
		return fmt.Errorf("batch: step %s and tasks per step %d must not be negative", c.Step,
			c.TasksPerStep)
	case c.FailPercent < 0 || c.FailPercent > 100:
		return fmt.Errorf("batch: %d percent of the tasks cannot fail", c.FailPercent)
	}
	for _, loss := range c.Loses {
		if !slices.Contains(batchLosses, loss) {
			return fmt.Errorf("batch: a task cannot lose %q", loss)
		}
	}
	return c.checkChoices()
}

func (c BatchConfig) checkChoices() error {
	selfCopies := []BatchSelfCopy{
		BatchSelfCopyAllow, BatchSelfCopyRefuse, BatchSelfCopyNeedsAdd,
	}
	reports := []BatchReport{BatchReportS3Like, BatchReportFlat, BatchReportNone}
	decodings := []BatchDecoding{BatchDecodingPercent, BatchDecodingPlus, BatchDecodingNone}
	switch {
	case !slices.Contains(selfCopies, c.SelfCopy):
		return fmt.Errorf("batch: self-copy is allow, refuse or needs-add, not %q", c.SelfCopy)
	case !slices.Contains(reports, c.Report):
		return fmt.Errorf("batch: a report is s3like, flat or none, not %q", c.Report)
	case !slices.Contains(decodings, c.ManifestDecoding):
		return fmt.Errorf("batch: manifest decoding is percent, plus or none, not %q",
			c.ManifestDecoding)
	}
	return nil
}

func (c BatchConfig) loses(what string) bool { return slices.Contains(c.Loses, what) }
