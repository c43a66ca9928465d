package object

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// seen is the object that a state and its private state describe: the one that a plan is made
// against and that Update must find. Both come from Read, or from our own last write, and reach the
// apply as they were. Of a write-only body the state hides what it could be guessed from.
func (m resourceModel) seen(known baseline) cosapi.Seen {
	observed, _ := sse.EncryptionStatus(m.Encryption)
	seen := cosapi.Seen{
		ETag: m.ETag.ValueString(), Size: -1,
		LastModified: value.ParseTime(known.LastModified),
		AnsweredAt:   value.ParseTime(known.WrittenAt),
		VersionID:    m.VersionID.ValueString(), Mode: observed.Mode, KeyMD5: observed.CustomerKeyMD5,
	}
	if !m.Size.IsNull() {
		seen.Size = m.Size.ValueInt64()
	}
	if known.Unread {
		// A listing told that it is another object, and not how that one is encrypted.
		seen.Mode, seen.KeyMD5 = "", ""
	}
	return seen
}

// sinceRead is the error for an object that somebody changed or deleted after it was read; nil for
// every other error.
func sinceRead(ref cosapi.ObjectRef, err error) diag.Diagnostic {
	var changed *cosapi.ChangedError
	if !errors.As(err, &changed) {
		return nil
	}
	what := "it was deleted since it was last read"
	if changed.What != cosapi.Deleted {
		what = "it changed since it was last read: " + changed.Proof()
	}
	return diag.NewErrorDiagnostic("The object changed after the plan", fmt.Sprintf(
		"%s in region %s: %s. Nothing was changed. Plan again, with refresh, to see what it is now.",
		ref, ref.Region, what))
}
