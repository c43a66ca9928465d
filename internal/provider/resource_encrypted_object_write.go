package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// withDeadline bounds ctx by a timeout of the timeouts block; 0 means none, as there is no
// deadline for transfers unless somebody sets one.
func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// ref names the object of a plan or state whose identity is known. Without a region of its own it
// is in the provider's.
func (m encryptedObjectModel) ref(region string) cosapi.ObjectRef {
	if own := m.Region.ValueString(); own != "" {
		region = own
	}
	return cosapi.ObjectRef{
		Region: region, Bucket: m.Bucket.ValueString(), Key: m.Key.ValueString(),
	}
}

// encryption is the encryption that the sse block asks for, with the key of SSE-C looked up.
// unknown says that the keyring lacks keys that are not known yet; remembered is the KMS key to use
// where the block names none.
func (c sseChoice) encryption(
	keyring cosapi.Keyring, unknown bool, remembered types.String,
) (cosapi.Encryption, diag.Diagnostics) {
	switch c.mode {
	case cosapi.ModeSSECOS:
		algorithm := c.algorithm.ValueString()
		if algorithm == "" {
			algorithm = "AES256"
		}
		return cosapi.SSECOS{Algorithm: algorithm}, nil
	case cosapi.ModeSSEKMS:
		keyID := c.kmsKeyID
		if keyID.IsNull() || keyID.IsUnknown() {
			keyID = remembered
		}
		return cosapi.SSEKMS{
			KeyID: keyID.ValueString(), Context: stringMap(c.kmsContext),
		}, nil
	case cosapi.ModeSSEC:
		resolved, diags := c.resolveKey(keyring, unknown)
		if !resolved.ok && !diags.HasError() {
			diags.Append(missingKey(resolved, keyring))
		}
		return cosapi.SSEC{Key: resolved.key}, diags
	default:
		return nil, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("sse"),
			"Encryption is not chosen", "The sse block has neither cos nor kms nor c.")}
	}
}

// stringMap is a map of strings in Go; nil for null, so that nil and empty stay apart.
func stringMap(value types.Map) map[string]string {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	elements := make(map[string]string, len(value.Elements()))
	for name, element := range value.Elements() {
		if text, ok := element.(types.String); ok {
			elements[name] = text.ValueString()
		}
	}
	return elements
}

// objectHeaders are the headers and the metadata that a model asks for.
func objectHeaders(model encryptedObjectModel) cosapi.ObjectHeaders {
	return cosapi.ObjectHeaders{
		ContentType:        model.ContentType.ValueString(),
		CacheControl:       model.CacheControl.ValueString(),
		ContentDisposition: model.ContentDisposition.ValueString(),
		ContentEncoding:    model.ContentEncoding.ValueString(),
		ContentLanguage:    model.ContentLanguage.ValueString(),
		Expires:            model.Expires.ValueString(),
		Metadata:           stringMap(model.Metadata),
	}
}

// writeOptions is everything that a plan stores beside the bytes. What is not managed is absent:
// Update fills in what has to survive.
func writeOptions(plan encryptedObjectModel, encryption cosapi.Encryption) cosapi.WriteOptions {
	options := cosapi.WriteOptions{
		Encryption:   encryption,
		Headers:      objectHeaders(plan),
		StorageClass: plan.StorageClass.ValueString(),
		Tags:         stringMap(plan.Tags),
	}
	if !plan.ACL.IsNull() {
		options.ACL = &cosapi.ACL{Canned: plan.ACL.ValueString()}
	}
	return options
}

// warningsOf turns the warnings of a write into diagnostics.
func warningsOf(ref cosapi.ObjectRef, result cosapi.WriteResult) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, warning := range result.Warnings {
		diags.AddAttributeWarning(path.Root("sse"), "COS reports another encryption name",
			ref.String()+": "+warning)
	}
	return diags
}
