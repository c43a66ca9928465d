// Package providerdata is what the configured provider hands to everything else. The framework
// calls it ProviderData.
package providerdata

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// KeyList is a key as maskSecrets takes it, nothing for nil.
func KeyList(key *cosapi.CustomerKey) []cosapi.CustomerKey {
	if key == nil {
		return nil
	}
	return []cosapi.CustomerKey{*key}
}

// Data is what the configured provider hands to resources, data sources, ephemeral
// resources and actions. It is shared by all of them and read-only but for its members that say
// otherwise.
type Data struct {
	// Client is nil while some of the configuration that it needs is unknown.
	Client *cosapi.Client
	// Unknown reports that client is nil for that reason. It happens only while planning.
	Unknown bool
	// Region is the provider's default, "" if there is none.
	Region        string
	RegionUnknown bool
	// Keyring is customer_keys; with keyringUnknown it lacks the keys that are not known yet.
	Keyring        cosapi.Keyring
	KeyringUnknown bool
	// Endpoint is the template in use, recorded in the baseline of objects.
	Endpoint string
	// Written is what this process has written so far.
	Written *Written
	// Refresher answers refreshes from listings; nil unless refresh_mode is "list".
	Refresher *cosapi.ListRefresher
	// Version is the provider's.
	Version string
	// Prefixes is what cos_encrypted_prefix has planned in this process.
	Prefixes *sync.Map
	// AuditSlots bounds the objects that all audits look at side by side.
	AuditSlots chan struct{}
	// Secrets returns the credentials that log lines must not show. A func, because no format
	// verb prints what a func returns.
	Secrets func() []string
}

// AnyUnknown reports that some of the configuration is not known yet.
func (d *Data) AnyUnknown() bool {
	return d.Unknown || d.RegionUnknown || d.KeyringUnknown
}

// MaskSecrets returns a context whose log lines show neither the provider's credentials, nor the
// keyring's keys, nor the given keys, in any spelling. Masks live in the context of one RPC: call
// it first in each, before anything is logged.
func (d *Data) MaskSecrets(
	ctx context.Context, keys ...cosapi.CustomerKey,
) context.Context {
	var secrets []string
	if d != nil {
		secrets = append(secrets, d.Secrets()...)
		for _, name := range d.Keyring.Names() {
			key, _ := d.Keyring.ByName(name)
			secrets = append(secrets, key.Redactions()...)
		}
	}
	for _, key := range keys {
		if !key.IsZero() {
			secrets = append(secrets, key.Redactions()...)
		}
	}
	// An empty mask would match between any two letters.
	masks := secrets[:0]
	for _, secret := range secrets {
		if secret != "" {
			masks = append(masks, secret)
		}
	}
	if len(masks) == 0 {
		return ctx
	}
	return tflog.MaskLogStrings(ctx, masks...)
}

// From takes Data out of a Configure request's ProviderData. It returns nil
// before the provider is configured, which is the case while Terraform only validates.
func From(value any) (*Data, diag.Diagnostics) {
	if value == nil {
		return nil, nil
	}
	data, ok := value.(*Data)
	if !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data",
			fmt.Sprintf("Got %T. This is a defect of the provider; please report it.", value))}
	}
	return data, nil
}

// WithOwnFields gives one log call fields of its own. Masking changes the fields of the context in
// place (terraform-plugin-log v0.11.0), so that two calls at a time with one context would end the
// process: a concurrent write to a map cannot be recovered from. Adding no filter copies them.
func WithOwnFields(ctx context.Context) context.Context { return tflog.OmitLogWithFieldKeys(ctx) }
