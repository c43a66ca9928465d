package object

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// take stores what COS reports of the object in state and baseline.
func (f *objectRefresh) take(info cosapi.ObjectInfo) {
	wasImported := f.imported()
	f.known.Rewritten = f.known.Rewritten || f.isAnother(info)
	f.takeFacts(info)
	takeHeaders(&f.state, info.Headers)
	f.known.Class = ""
	if wasImported {
		// Core prints what the state has into generated configuration, where it would pin the class.
		f.state.StorageClass, f.known.Class = types.StringNull(), info.StorageClass
		f.completeImport(info)
	}
	hideSecretBody(&f.state, info.Encryption.Mode)
	f.known.Restored, f.known.Unread = info.Restore.Restored, false
	f.known.seen(info.LastModified)
	f.known.HeadAt = value.FormatTime(f.data.Client.Now())
	if wasImported || f.known.KeyMD5 == "" {
		f.known.KeyMD5 = info.Encryption.CustomerKeyMD5
	}
}

// isAnother reports that the object is not the one that was last written or seen, by whatever is
// recorded of that one: an upload's answer has no Last-Modified, a write-only body hides its ETag.
func (f *objectRefresh) isAnother(info cosapi.ObjectInfo) bool {
	seen := value.ParseTime(f.known.LastModified)
	return !f.state.ETag.IsNull() && info.ETag != f.state.ETag.ValueString() ||
		!f.state.VersionID.IsNull() && info.VersionID != f.state.VersionID.ValueString() ||
		!seen.IsZero() && info.LastModified.Unix() != seen.Unix() ||
		f.known.writtenSince(info.LastModified)
}

// takeFacts stores the computed attributes.
func (f *objectRefresh) takeFacts(info cosapi.ObjectInfo) {
	unchanged := info.ETag == f.state.ETag.ValueString() &&
		info.Size == f.state.Size.ValueInt64() &&
		value.FormatTime(info.LastModified) == f.known.LastModified
	// Old objects have no CRC64: the recorded one stands while nothing else has moved.
	if info.CRC64 != "" || !unchanged {
		f.state.CRC64ECMA = value.StringOrNull(info.CRC64)
	}
	f.state.ID = types.StringValue(f.ref.Bucket + "/" + f.ref.Key)
	f.state.Region = types.StringValue(f.ref.Region)
	f.state.URL = types.StringValue(f.data.Client.URL(f.ref))
	f.state.ETag = types.StringValue(info.ETag)
	f.state.Size = types.Int64Value(info.Size)
	f.state.VersionID = value.StringOrNull(info.VersionID)
	f.state.StorageClass = types.StringValue(info.StorageClass)
	f.state.Encryption = sse.EncryptionObject(info.Encryption)
}

// takeHeaders stores the object's headers and metadata. No metadata stays null or {} as the state
// has it, because both mean the same to COS.
func takeHeaders(state *resourceModel, headers cosapi.ObjectHeaders) {
	state.ContentType = value.StringOrNull(headers.ContentType)
	state.CacheControl = value.StringOrNull(headers.CacheControl)
	state.ContentDisposition = value.StringOrNull(headers.ContentDisposition)
	state.ContentEncoding = value.StringOrNull(headers.ContentEncoding)
	state.ContentLanguage = value.StringOrNull(headers.ContentLanguage)
	state.Expires = value.StringOrNull(headers.Expires)
	state.Metadata = value.MapOrNull(state.Metadata, headers.Metadata)
}

// refreshTags reads the tags where they are managed, and at import.
func (f *objectRefresh) refreshTags(ctx context.Context, wasImported bool) diag.Diagnostics {
	if f.state.Tags.IsNull() && !wasImported {
		return nil
	}
	tags, err := f.data.Client.Tags(ctx, f.ref)
	if err != nil {
		return f.partDiagnostics(err, "read the tags of the object", "cos:GetObjectTagging",
			path.Root("tags"))
	}
	f.state.Tags = value.MapOrNull(f.state.Tags, tags)
	return nil
}

// refreshACL reads the ACL where it is managed, and at import. Grants that are no canned ACL show
// as "custom".
func (f *objectRefresh) refreshACL(ctx context.Context, wasImported bool) diag.Diagnostics {
	if f.state.ACL.IsNull() && !wasImported {
		return nil
	}
	acl, err := f.data.Client.ACL(ctx, f.ref)
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
	tried.Doing, tried.At = doing, at
	switch cosapi.Classify(err) {
	case cosapi.ClassPermission:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, "Could not "+doing,
			tried.Answer(err)+" The credentials lack "+action+"; the state was kept.")}
	case cosapi.ClassNotFound:
		return nil
	}
	return diag.Diagnostics{tried.Failed(err)}
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
