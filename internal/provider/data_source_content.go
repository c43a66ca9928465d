package provider

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
)

// describe looks at an object and turns a failure into a diagnostic.
func describe(
	ctx context.Context, d *providerData, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (objectLook, diag.Diagnostics) {
	found, err := d.look(ctx, ref, key)
	if err == nil {
		return found, nil
	}
	try := attempt{doing: "read the object", ref: ref, endpoint: d.endpoint}
	return found, diag.Diagnostics{lookFailed(d.keyring, try, key, err)}
}

// readContent reads an object into memory, with one request where no key has to be looked for.
func readContent(
	ctx context.Context, d *providerData, ref cosapi.ObjectRef, key *cosapi.CustomerKey, limit int64,
) ([]byte, objectLook, diag.Diagnostics) {
	content, info, err := d.client.Content(ctx, ref, key, limit)
	found := objectLook{info: info, key: key}
	if err != nil && key == nil && cosapi.KeyMayHelp(err) && d.keyring.Len() > 0 {
		var ok bool
		var keyErr error
		if found, ok, keyErr = d.lookWithKeyring(ctx, ref); ok {
			content, found.info, err = d.client.Content(ctx, ref, found.key, limit)
		} else if keyErr != nil {
			err = keyErr
		}
	}
	if err != nil {
		try := attempt{doing: "read the object", ref: ref, endpoint: d.endpoint}
		return nil, found, diag.Diagnostics{contentFailed(d.keyring, try, found.key, err)}
	}
	if found.key != nil && found.keyName == "" {
		found.keyName, _, _ = d.keyring.ByMD5(found.key.MD5())
	}
	return content, found, nil
}

// lookFailed is the diagnostic for an object that could not be looked at; without a key it says
// what the keyring has to do with it.
func lookFailed(
	keyring cosapi.Keyring, try attempt, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	if key != nil {
		try.mode = cosapi.ModeSSEC
	}
	failure := try.failed(err)
	if key != nil || !cosapi.KeyMayHelp(err) {
		return failure
	}
	return diag.NewErrorDiagnostic(failure.Summary(), joinParagraphs(failure.Detail(),
		"If the object is encrypted with a customer key (SSE-C): "+keyringText(keyring)))
}

// contentFailed is lookFailed that knows what to do about an object that is too large.
func contentFailed(
	keyring cosapi.Keyring, try attempt, key *cosapi.CustomerKey, err error,
) diag.Diagnostic {
	var tooLarge *cosapi.TooLargeError
	if !errors.As(err, &tooLarge) {
		return lookFailed(keyring, try, key, err)
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

// contentValues are content and content_base64. A Terraform string is UTF-8, so other bytes have
// the second form only.
func contentValues(content []byte) (text, encoded types.String) {
	text = types.StringNull()
	if utf8.Valid(content) {
		text = types.StringValue(string(content))
	}
	return text, types.StringValue(base64.StdEncoding.EncodeToString(content))
}
