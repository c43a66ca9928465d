package audit

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Tally counts objects and their bytes.
type Tally struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

func (t *Tally) add(bytes int64) {
	t.Objects++
	t.Bytes += bytes
}

// Reason says why an object that is not as expected cannot be rewritten, or why one could not be
// looked at.
type Reason string

// The reasons.
const (
	ReasonArchived    Reason = "archived"             // it has to be restored first
	ReasonDenied      Reason = "denied"               // a permission is missing
	ReasonTooLarge    Reason = "too_large_for_engine" // no engine takes objects of its size
	ReasonCustomerKey Reason = "customer_key"         // its SSE-C key is not at hand
	ReasonLocked      Reason = "locked"               // object lock protects it
	ReasonAppendable  Reason = "appendable"           // a copy would end appending to it
	ReasonSymlink     Reason = "symlink"              // a copy would replace the link
	ReasonNoncurrent  Reason = "noncurrent"           // copying it would make it current
	ReasonError       Reason = "error"                // COS failed

	// The reasons for not knowing beside denied and error.
	reasonChanging Reason = "changing" // its listing and its HEAD do not agree
	reasonVanished Reason = "vanished" // listed twice and not found
	reasonKey      Reason = "key"      // its name is none that can be asked for
)

// Sample is an object by name, percent-encoded where Terraform could not carry the name.
type Sample struct {
	Key       string                  `json:"key"`
	VersionID string                  `json:"version_id,omitempty"`
	Size      int64                   `json:"size"`
	Found     cosapi.EncryptionStatus `json:"-"`
	Problem   string                  `json:"problem"`
	Blocked   Reason                  `json:"blocked,omitempty"`
}

const (
	// maxSamples is how many violations are named; maxGroups how many encryptions, classes and
	// folders are told apart before the rest is counted together.
	maxSamples = 5
	maxGroups  = 200
)

// Other is the group of what has no group of its own.
const Other = "(other)"

// Findings is what an audit found. Total counts every object that was seen under the prefix but for
// those excluded: those proven, those in violation and those unknown.
type Findings struct {
	Total      Tally
	Violations Tally
	Excluded   Tally
	Unknown    Tally
	// UnknownBy counts the unknown by reason. Together with NotLooked, objects for which the budget
	// did not reach, they are Unknown.
	UnknownBy map[Reason]int64
	NotLooked int64
	// Vanished is how many objects were listed and gone when they were looked at: nobody's loss,
	// but said.
	Vanished int64
	// Unnamable is how many objects have keys that Terraform cannot carry: it would change them
	// to another Unicode form, or they break COS's own rules. UnnamableKeys names a few,
	// percent-encoded.
	Unnamable     int64
	UnnamableKeys []string

	ByEncryption map[cosapi.EncryptionStatus]*Tally // keys: OtherEncryption beyond maxGroups
	ByClass      map[string]*Tally
	ByFolder     map[string]*Tally // by first folder below the prefix

	// Blocked counts violations and unknown objects that nothing will be done about, by reason.
	Blocked map[Reason]*Tally
	// Pending is what a rewrite would take; see Bill.
	Pending Bill
	Samples []Sample

	// Complete: the listing came to its end and every object was looked at or is in Unknown by a
	// reason of its own. Stopped says why not.
	Complete bool
	Stopped  string

	ListedAt, EndedAt time.Time // by COS's clock

	// What it took: pages, objects looked at, objects proven by their rows, rows of objects that
	// are gone, and requests, repeated tries not counted.
	Lists, Heads, Proven, Dropped int64
	Requests                      int64
	// Rewritten is what an engine rewrote, Changed what was left because it changed meanwhile,
	// Deferred what an engine took and has not finished.
	Rewritten Tally
	Changed   int64
	Deferred  int64
	// Failures are the first few errors of rewrites.
	Failures []string

	// ListingSHA256 is a digest of all that the listing said and that was found.
	ListingSHA256 string
	// Ledger is the next ledger, nil where none was written; Warnings say why.
	Ledger   *Ledger
	Warnings []string
}

// Bill is what rewriting takes.
type Bill struct {
	Tally
	Requests    int64
	ByEngine    map[string]int64 // objects
	NewVersions int64            // objects of which an earlier version stays, and is paid for
	// Early counts objects of classes for which a rewrite may be billed as an early deletion.
	Early int64
}

// OtherEncryption is the group of encryptions beyond the first 200.
var OtherEncryption = cosapi.EncryptionStatus{Mode: Other}

// UnknownEncryption is the group of objects whose encryption could not be seen.
var UnknownEncryption = cosapi.EncryptionStatus{Mode: "UNKNOWN"}

func newFindings() *Findings {
	return &Findings{
		UnknownBy: map[Reason]int64{}, ByEncryption: map[cosapi.EncryptionStatus]*Tally{},
		ByClass: map[string]*Tally{}, ByFolder: map[string]*Tally{}, Blocked: map[Reason]*Tally{},
		Pending: Bill{ByEngine: map[string]int64{}},
	}
}

// Compliant reports that every object was seen to be as expected.
func (f *Findings) Compliant() bool {
	return f.Complete && f.Violations.Objects == 0 && f.Unknown.Objects == 0
}

// group counts an object in its group, and beyond maxGroups in the rest.
func group[K comparable](groups map[K]*Tally, key, other K, bytes int64) {
	tally, ok := groups[key]
	if !ok && len(groups) >= maxGroups {
		key = other
		tally, ok = groups[key]
	}
	if !ok {
		tally = &Tally{}
		groups[key] = tally
	}
	tally.add(bytes)
}

// folderOf is the first folder below the prefix, "" for an object right below it.
func folderOf(prefix, key string) string {
	rest := strings.TrimPrefix(key, prefix)
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return key[:len(key)-len(rest)+i+1]
	}
	return ""
}

// EncodeKey is a key as it is shown where Terraform could not carry it: percent-encoded, slashes
// left.
func EncodeKey(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(key), "+", "%20"), "%2F", "/")
}

// earlyDeletion are the classes with a least storage time (document 33417).
var earlyDeletion = []string{"STANDARD_IA", "ARCHIVE", "DEEP_ARCHIVE"}

func mayCostEarly(class string) bool {
	return slices.Contains(earlyDeletion, strings.TrimPrefix(strings.ToUpper(class), "MAZ_"))
}
