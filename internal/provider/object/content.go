package object

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// lookAt looks at an object and turns a failure into a diagnostic.
func lookAt(
	ctx context.Context, d *providerdata.Data, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (providerdata.Found, diag.Diagnostics) {
	found, err := d.Look(ctx, ref, key)
	if err == nil {
		return found, nil
	}
	try := diagnose.Attempt{Doing: "read the object", Ref: ref, Endpoint: d.Endpoint}
	return found, diag.Diagnostics{diagnose.LookFailed(d.Keyring, try, key, err)}
}

// readContent reads an object into memory, with one request where no key has to be looked for.
func readContent(
	ctx context.Context, d *providerdata.Data,
	ref cosapi.ObjectRef, key *cosapi.CustomerKey, limit int64,
) ([]byte, providerdata.Found, diag.Diagnostics) {
	content, info, err := d.Client.Content(ctx, ref, key, limit)
	found := providerdata.Found{Info: info, Key: key}
	if err != nil && key == nil && cosapi.KeyMayHelp(err) && d.Keyring.Len() > 0 {
		opened, lookErr := d.LookRefused(ctx, ref)
		switch {
		case lookErr != nil:
			err = lookErr
		case opened.Key != nil:
			found = opened
			content, found.Info, err = d.Client.Content(ctx, ref, found.Key, limit)
		}
	}
	if err != nil {
		try := diagnose.Attempt{Doing: "read the object", Ref: ref, Endpoint: d.Endpoint}
		return nil, found, diag.Diagnostics{contentFailed(d.Keyring, try, found.Key, err)}
	}
	if found.Key != nil && found.KeyName == "" {
		found.KeyName, _, _ = d.Keyring.ByMD5(found.Key.MD5())
	}
	return content, found, nil
}

// contentFailed is diagnose.LookFailed that knows what to do about an object that is too large.
func contentFailed(
	keyring cosapi.Keyring, try diagnose.Attempt, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	var tooLarge *cosapi.TooLargeError
	if !errors.As(err, &tooLarge) {
		return diagnose.LookFailed(keyring, try, key, err)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("max_bytes"), "Object is too large",
		fmt.Sprintf("%s has %d bytes, and max_bytes allows %d. Raise max_bytes (up to %d), or "+
			"read the object into a file with output_path of the data source "+
			"cos_encrypted_object.", tooLarge.Ref, tooLarge.Size, tooLarge.Max, maxMaxBytes))
}

func maxBytes(configured types.Int64) int64 {
	if configured.IsNull() {
		return defaultMaxBytes
	}
	return configured.ValueInt64()
}

// contentValues are content and content_base64. A Terraform string is UTF-8 in NFC, so other bytes have
// the second form only.
func contentValues(content []byte) (text, encoded types.String, diags diag.Diagnostics) {
	text = types.StringNull()
	switch {
	case !utf8.Valid(content):
	case !address.IsNFC(content):
		diags.AddWarning("Content is not handed out as text", "The content is not in Unicode NFC. "+
			"Terraform turns every text into NFC, so that content would have other bytes than the "+
			"object. It is null; use content_base64.")
	default:
		text = types.StringValue(string(content))
	}
	return text, types.StringValue(base64.StdEncoding.EncodeToString(content)), diags
}
