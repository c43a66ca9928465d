package providerdata

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Ready reports a provider whose configuration is not known yet. Core reads nothing before it is;
// an ephemeral resource of an unknown provider would get here.
func (d *Data) Ready() diag.Diagnostics {
	if d != nil && d.Client != nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Provider is not configured yet",
		"The provider's configuration depends on values that are known only after apply. Apply "+
			"what they depend on first, with -target.")}
}

// Found is what was found out about an object, and with which key.
type Found struct {
	Info cosapi.ObjectInfo
	// Key opened an SSE-C object; nil for other objects.
	Key *cosapi.CustomerKey
	// KeyName is the key's name if the keyring had it.
	KeyName string
}

// Look finds out about an object. With a key it asks with that key; without one it asks without,
// and where COS refuses in a way that a missing key explains it tries the keyring. One request
// when the first answer is a good one.
func (d *Data) Look(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (Found, error) {
	found, err := d.LookOnly(ctx, ref, key)
	if cosapi.StatusOf(err)/100 != 4 {
		return found, err
	}
	// The answer to a HEAD has no code; this asks again, for the reason.
	info, err := d.Client.Head(ctx, ref, key)
	return Found{Info: info, Key: key}, err
}

// LookOnly is look without the requests that explain a refusal: its error has a status only.
func (d *Data) LookOnly(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (Found, error) {
	info, err := d.Client.HeadOnly(ctx, ref, key)
	switch {
	case err == nil && key != nil:
		name, _, _ := d.Keyring.ByMD5(key.MD5())
		return Found{Info: info, Key: key, KeyName: name}, nil
	case err == nil || key != nil || !cosapi.KeyMayHelp(err):
		return Found{Info: info}, err
	}
	found, ok, keyErr := d.LookWithKeyring(ctx, ref)
	if ok || keyErr != nil {
		return found, keyErr
	}
	return Found{}, err
}

// LookWithKeyring tries each key of the keyring once. Errors that no key explains are returned.
func (d *Data) LookWithKeyring(
	ctx context.Context, ref cosapi.ObjectRef,
) (Found, bool, error) {
	for _, name := range d.Keyring.Names() {
		key, _ := d.Keyring.ByName(name)
		info, err := d.Client.HeadOnly(ctx, ref, &key)
		switch {
		case err == nil:
			return Found{Info: info, Key: &key, KeyName: name}, true, nil
		case !cosapi.KeyMayHelp(err):
			return Found{}, false, err
		}
	}
	return Found{}, false, nil
}
