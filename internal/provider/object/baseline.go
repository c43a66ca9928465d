package object

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// baselineKey is where private state keeps the baseline.
const baselineKey = "baseline"

// baseline is what was last applied or seen and has no place in the state. It holds no secret:
// private state is readable by everybody who can read the state. What is absent is unknown.
type baseline struct {
	// KeyMD5 is the SSE-C key that was last applied.
	KeyMD5 string `json:"key_md5,omitempty"`
	// AskedAlgorithm was asked for and ReportedAlgorithm answered: COS may have another name for
	// the same thing.
	AskedAlgorithm    string `json:"asked_algorithm,omitempty"`
	ReportedAlgorithm string `json:"reported_algorithm,omitempty"`
	// LastModified is the object's when it was last seen, and HeadAt when it was last asked for,
	// both by COS's clock.
	LastModified string `json:"last_modified,omitempty"`
	HeadAt       string `json:"head_at,omitempty"`
	// WrittenAt is when a write was answered, by COS's clock, that did not say LastModified.
	WrittenAt string `json:"written_at,omitempty"`
	// Rewritten says that somebody else has written the object since it was last written from
	// here. Of a write-only body nothing else would tell.
	Rewritten bool `json:"rewritten,omitempty"`
	// Adopted says that the object was there when it was to be created, and was not written from
	// here since.
	Adopted bool `json:"adopted,omitempty"`
	// Keep says of an entry to be destroyed that another entry of the state holds the same object.
	Keep bool `json:"keep,omitempty"`
	// Endpoint is where the object was last seen.
	Endpoint string `json:"endpoint,omitempty"`
	// ContentType is what was last applied; "" if the object was never written from here.
	ContentType string `json:"content_type,omitempty"`
	// Unread says that a listing showed another object than the one last read, and that no key at
	// hand could read it: the key whose MD5 is in the state may not be its key any more.
	Unread bool `json:"unread,omitempty"`
	// Class is the storage class, where the state has none: after an import.
	Class string `json:"class,omitempty"`
	// Restored says that an archived object was readable when it was last seen.
	Restored bool `json:"restored,omitempty"`
	// KeyringMD5s are the keys by name as the last refresh found them.
	KeyringMD5s map[string]string `json:"keyring_md5s,omitempty"`
	// File is the fact of source, FileHashedAt when it was hashed.
	File         *cosapi.FileFact `json:"file,omitempty"`
	FileHashedAt string           `json:"file_hashed_at,omitempty"`
	// CopySourceETag and CopySourceVersionID are the source of the last copy.
	CopySourceETag      string `json:"copy_source_etag,omitempty"`
	CopySourceVersionID string `json:"copy_source_version_id,omitempty"`
}

// writeTolerance is how far the clocks of COS's machines may be apart.
const writeTolerance = 5 * time.Second

// seen records the Last-Modified of the object.
func (b *baseline) seen(modified time.Time) {
	b.LastModified, b.WrittenAt = value.FormatTime(modified), ""
}

// writtenSince reports a Last-Modified later than what was last seen or, where the object was not
// seen since it was written, than that write. It compares in whole seconds: a HEAD has no finer
// ones, whatever listings show.
func (b baseline) writtenSince(modified time.Time) bool {
	seen, written := value.ParseTime(b.LastModified), value.ParseTime(b.WrittenAt)
	return !seen.IsZero() && modified.Truncate(time.Second).After(seen) ||
		!written.IsZero() && modified.After(written.Add(writeTolerance))
}

// privateReader and privateWriter are the two sides of private state in requests and answers.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readBaseline returns the zero value if there is none, as for a new object. One that cannot be read
// is none: everything in it can be found out again.
func readBaseline(ctx context.Context, private privateReader) (baseline, diag.Diagnostics) {
	text, diags := private.GetKey(ctx, baselineKey)
	var known baseline
	if diags.HasError() || len(text) == 0 || json.Unmarshal(text, &known) != nil {
		return baseline{}, diags
	}
	return known, diags
}

// write stores the baseline.
func (b baseline) write(ctx context.Context, private privateWriter) diag.Diagnostics {
	text, err := json.Marshal(b)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Cannot store private state",
			"This is a defect of the provider; please report it: "+err.Error())}
	}
	return private.SetKey(ctx, baselineKey, text)
}
