package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// formatTime and parseTime are how the baseline keeps times; "" is the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// take stores what COS reports of the object in state and baseline.
func (f *objectRefresh) take(info cosapi.ObjectInfo) {
	wasImported := f.imported()
	f.known.Rewritten = f.known.Rewritten || f.isAnother(info)
	f.takeFacts(info)
	takeHeaders(&f.state, info.Headers)
	if wasImported {
		f.completeImport(info)
	}
	hideSecretBody(&f.state, info.Encryption.Mode)
	f.known.Restored, f.known.Unread = info.Restore.Restored, false
	f.known.seen(info.LastModified)
	f.known.HeadAt = formatTime(f.data.client.Now())
	if wasImported || f.known.KeyMD5 == "" {
		f.known.KeyMD5 = info.Encryption.CustomerKeyMD5
	}
}

// isAnother reports that the object is not the one that was last written or seen, by whatever is
// recorded of that one: an upload's answer has no Last-Modified, a write-only body hides its ETag.
func (f *objectRefresh) isAnother(info cosapi.ObjectInfo) bool {
	seen := parseTime(f.known.LastModified)
	return !f.state.ETag.IsNull() && info.ETag != f.state.ETag.ValueString() ||
		!f.state.VersionID.IsNull() && info.VersionID != f.state.VersionID.ValueString() ||
		!seen.IsZero() && info.LastModified.Unix() != seen.Unix() ||
		f.known.writtenSince(info.LastModified)
}

// takeFacts stores the computed attributes.
func (f *objectRefresh) takeFacts(info cosapi.ObjectInfo) {
	unchanged := info.ETag == f.state.ETag.ValueString() &&
		info.Size == f.state.Size.ValueInt64() &&
		formatTime(info.LastModified) == f.known.LastModified
	// Old objects have no CRC64: the recorded one stands while nothing else has moved.
	if info.CRC64 != "" || !unchanged {
		f.state.CRC64ECMA = stringOrNull(info.CRC64)
	}
	f.state.ID = types.StringValue(f.ref.Bucket + "/" + f.ref.Key)
	f.state.Region = types.StringValue(f.ref.Region)
	f.state.URL = types.StringValue(f.data.client.URL(f.ref))
	f.state.ETag = types.StringValue(info.ETag)
	f.state.Size = types.Int64Value(info.Size)
	f.state.VersionID = stringOrNull(info.VersionID)
	f.state.StorageClass = types.StringValue(info.StorageClass)
	f.state.Encryption = encryptionObject(info.Encryption)
}

// takeHeaders stores the object's headers and metadata. No metadata stays null or {} as the state
// has it, because both mean the same to COS.
func takeHeaders(state *encryptedObjectModel, headers cosapi.ObjectHeaders) {
	state.ContentType = stringOrNull(headers.ContentType)
	state.CacheControl = stringOrNull(headers.CacheControl)
	state.ContentDisposition = stringOrNull(headers.ContentDisposition)
	state.ContentEncoding = stringOrNull(headers.ContentEncoding)
	state.ContentLanguage = stringOrNull(headers.ContentLanguage)
	state.Expires = stringOrNull(headers.Expires)
	state.Metadata = mapOrNull(state.Metadata, headers.Metadata)
}

// mapOrNull is found as a map; where nothing was found an empty map of the state stays empty and
// anything else becomes null.
func mapOrNull(state types.Map, found map[string]string) types.Map {
	if len(found) == 0 && (state.IsNull() || state.IsUnknown()) {
		return types.MapNull(types.StringType)
	}
	elements := make(map[string]attr.Value, len(found))
	for name, value := range found {
		elements[name] = types.StringValue(value)
	}
	if len(elements) == 0 && len(state.Elements()) > 0 {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, elements)
}

// refreshTags reads the tags where they are managed, and at import.
func (f *objectRefresh) refreshTags(ctx context.Context, wasImported bool) diag.Diagnostics {
	if f.state.Tags.IsNull() && !wasImported {
		return nil
	}
	tags, err := f.data.client.Tags(ctx, f.ref)
	if err != nil {
		return f.partDiagnostics(err, "read the tags of the object", "cos:GetObjectTagging",
			path.Root("tags"))
	}
	f.state.Tags = mapOrNull(f.state.Tags, tags)
	return nil
}

// refreshACL reads the ACL where it is managed, and at import. Grants that are no canned ACL show
// as "custom".
func (f *objectRefresh) refreshACL(ctx context.Context, wasImported bool) diag.Diagnostics {
	if f.state.ACL.IsNull() && !wasImported {
		return nil
	}
	acl, err := f.data.client.ACL(ctx, f.ref)
	if err != nil {
		return f.partDiagnostics(err, "read the ACL of the object", "cos:GetObjectACL",
			path.Root("acl"))
	}
	switch {
	case wasImported && (acl.IsDefault() || acl.Canned == ""):
		// No canned ACL can say it, so a generated configuration leaves it alone.
		f.state.ACL = types.StringNull()
	case acl.IsDefault():
		f.state.ACL = types.StringValue("default")
	case acl.Canned == "":
		f.state.ACL = types.StringValue("custom")
	default:
		f.state.ACL = types.StringValue(acl.Canned)
	}
	return nil
}

// partDiagnostics reports a failed look at tags or ACL: a lack of permission is a warning, and
// the state keeps what it has.
func (f *objectRefresh) partDiagnostics(
	err error, doing, action string, at path.Path,
) diag.Diagnostics {
	tried := f.attempt()
	tried.doing, tried.at = doing, at
	switch cosapi.Classify(err) {
	case cosapi.ClassPermission:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, "Could not "+doing,
			tried.answer(err)+" The credentials lack "+action+"; the state was kept.")}
	case cosapi.ClassNotFound:
		return nil
	}
	return diag.Diagnostics{tried.failed(err)}
}

// refreshFile looks at the file again, so that the plan and the apply after it agree on its bytes.
// A file that cannot be read is for the plan to report.
func (f *objectRefresh) refreshFile(ctx context.Context) {
	name := f.state.Source.ValueString()
	if name == "" {
		f.known.File = nil
		return
	}
	known, changed := currentFile(ctx, f.known, name)
	if changed {
		f.known = known
	}
}
