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

// Look finds out about an object. With a key it asks with that key alone; without one it asks without,
// and where COS refuses in a way that a missing key explains it tries the keyring. One request when
// the first answer is a good one. The error is what COS answered, with its code.
func (d *Data) Look(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (Found, error) {
	if key == nil {
		return d.lookWithKeyring(ctx, ref, true)
	}
	info, err := d.Client.Head(ctx, ref, key)
	return d.opened(info, key), err
}

// LookOnly is Look without the request that explains a refusal: its error may have a status only.
func (d *Data) LookOnly(
	ctx context.Context, ref cosapi.ObjectRef, key *cosapi.CustomerKey,
) (Found, error) {
	if key == nil {
		return d.lookWithKeyring(ctx, ref, false)
	}
	info, err := d.Client.HeadOnly(ctx, ref, key)
	return d.opened(info, key), err
}

func (d *Data) opened(info cosapi.ObjectInfo, key *cosapi.CustomerKey) Found {
	name, _, _ := d.Keyring.ByMD5(key.MD5())
	return Found{Info: info, Key: key, KeyName: name}
}

func (d *Data) lookWithKeyring(
	ctx context.Context, ref cosapi.ObjectRef, reason bool,
) (Found, error) {
	found, err := d.Client.Look(ctx, ref, cosapi.Ask{Ring: d.Keyring, Reason: reason})
	if err == nil && found.What != cosapi.Exists {
		err = found.Refusal
	}
	return Found{Info: found.Info, Key: found.Key, KeyName: found.KeyName}, err
}

// LookRefused is Look for an object that was refused without a key just now: it begins with the
// keyring. Found.Key is nil if no entry opens it.
func (d *Data) LookRefused(ctx context.Context, ref cosapi.ObjectRef) (Found, error) {
	ask := cosapi.Ask{Ring: d.Keyring}
	for _, name := range d.Keyring.Names() {
		key, _ := d.Keyring.ByName(name)
		ask.Keys = append(ask.Keys, &key)
	}
	found, err := d.Client.Look(ctx, ref, ask)
	return Found{Info: found.Info, Key: found.Key, KeyName: found.KeyName}, err
}
