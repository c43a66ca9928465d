package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// objectAddress is the four arguments that name an object.
type objectAddress struct {
	bucket, key, region, versionID types.String
}

// ready reports a provider whose configuration is not known yet. Core reads nothing before it is;
// an ephemeral resource of an unknown provider would get here.
func (d *providerData) ready() diag.Diagnostics {
	if d != nil && d.client != nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Provider is not configured yet",
		"The provider's configuration depends on values that are known only after apply. Apply "+
			"what they depend on first, with -target.")}
}

// resolve names the object of an address; without a region it is in that one, the provider's.
func (a objectAddress) resolve(
	region string, regionAt path.Path,
) (cosapi.ObjectRef, diag.Diagnostics) {
	ref := cosapi.ObjectRef{
		Bucket: a.bucket.ValueString(), Key: a.key.ValueString(),
		Region: a.region.ValueString(), VersionID: a.versionID.ValueString(),
	}
	if ref.Region == "" {
		ref.Region = region
	}
	if ref.Region != "" {
		return ref, nil
	}
	return ref, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(regionAt, "Region is missing",
		"Set region here, or in the provider block, or in the environment variable "+
			"TENCENTCLOUD_REGION.")}
}

// objectLook is what was found out about an object, and with which key.
type objectLook struct {
	info cosapi.ObjectInfo
	// key opened an SSE-C object; nil for other objects.
	key *cosapi.CustomerKey
	// keyName is the key's name if the keyring had it.
	keyName string
}

// look finds out about an object. With a key it asks with that key; without one it asks without,
// and where COS refuses in a way that a missing key explains it tries the keyring. One request
// when the first answer is a good one.
func (d *providerData) look(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (objectLook, error) {
	found, err := d.lookOnly(ctx, ref, key)
	if cosapi.StatusOf(err)/100 != 4 {
		return found, err
	}
	// The answer to a HEAD has no code; this asks again, for the reason.
	info, err := d.client.Head(ctx, ref, key)
	return objectLook{info: info, key: key}, err
}

// lookOnly is look without the requests that explain a refusal: its error has a status only.
func (d *providerData) lookOnly(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (objectLook, error) {
	info, err := d.client.HeadOnly(ctx, ref, key)
	switch {
	case err == nil && key != nil:
		name, _, _ := d.keyring.ByMD5(key.MD5())
		return objectLook{info: info, key: key, keyName: name}, nil
	case err == nil || key != nil || !cosapi.KeyMayHelp(err):
		return objectLook{info: info}, err
	}
	found, ok, keyErr := d.lookWithKeyring(ctx, ref)
	if ok || keyErr != nil {
		return found, keyErr
	}
	return objectLook{}, err
}

// lookWithKeyring tries each key of the keyring once. Errors that no key explains are returned.
func (d *providerData) lookWithKeyring(
	ctx context.Context, ref cosapi.ObjectRef,
) (objectLook, bool, error) {
	for _, name := range d.keyring.Names() {
		key, _ := d.keyring.ByName(name)
		info, err := d.client.HeadOnly(ctx, ref, &key)
		switch {
		case err == nil:
			return objectLook{info: info, key: &key, keyName: name}, true, nil
		case !cosapi.KeyMayHelp(err):
			return objectLook{}, false, err
		}
	}
	return objectLook{}, false, nil
}

// keyringText lists the names in the keyring for messages.
func keyringText(keyring cosapi.Keyring) string {
	if keyring.Len() == 0 {
		return "The provider's customer_keys are empty."
	}
	return fmt.Sprintf("None of the provider's customer_keys (%s) opens it.",
		strings.Join(keyring.Names(), ", "))
}

// decodeOpeningSSE reads an sse block that only names a key; false without one.
func decodeOpeningSSE(at path.Path, list types.List) (customerKeyChoice, bool) {
	c := listMember(onlyBlock(list), "c")
	return decodeCustomerKey(at.AtListIndex(0).AtName("c").AtListIndex(0), c), isPresent(c)
}

// textMap is a map of strings as a value; an empty one is empty, not null.
func textMap(texts map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(texts))
	for name, text := range texts {
		elements[name] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, elements)
}

// keyList is a key as maskSecrets takes it, nothing for nil.
func keyList(key *cosapi.CustomerKey) []cosapi.CustomerKey {
	if key == nil {
		return nil
	}
	return []cosapi.CustomerKey{*key}
}
