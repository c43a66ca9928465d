package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// providerData is what the configured provider hands to resources, data sources, ephemeral
// resources and actions. It is shared by all of them and read-only but for its members that say
// otherwise.
type providerData struct {
	// client is nil while some of the configuration that it needs is unknown.
	client *cosapi.Client
	// unknown reports that client is nil for that reason. It happens only while planning.
	unknown bool
	// region is the provider's default, "" if there is none.
	region        string
	regionUnknown bool
	// keyring is customer_keys; with keyringUnknown it lacks the keys that are not known yet.
	keyring        cosapi.Keyring
	keyringUnknown bool
	// endpoint is the template in use, recorded in the baseline of objects.
	endpoint string
	// written is what this process has written so far.
	written *writtenObjects
	// refresher answers refreshes from listings; nil unless refresh_mode is "list".
	refresher *cosapi.ListRefresher
	// auditSlots bounds the objects that all audits look at side by side.
	auditSlots chan struct{}
	// secrets returns the credentials that log lines must not show. A func, because no format
	// verb prints what a func returns.
	secrets func() []string
}

// anyUnknown reports that some of the configuration is not known yet.
func (d *providerData) anyUnknown() bool {
	return d.unknown || d.regionUnknown || d.keyringUnknown
}

// maskSecrets returns a context whose log lines show neither the provider's credentials, nor the
// keyring's keys, nor the given keys, in any spelling. Masks live in the context of one RPC: call
// it first in each, before anything is logged.
func (d *providerData) maskSecrets(
	ctx context.Context, keys ...cosapi.CustomerKey,
) context.Context {
	var secrets []string
	if d != nil {
		secrets = append(secrets, d.secrets()...)
		for _, name := range d.keyring.Names() {
			key, _ := d.keyring.ByName(name)
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

// providerDataFrom takes providerData out of a Configure request's ProviderData. It returns nil
// before the provider is configured, which is the case while Terraform only validates.
func providerDataFrom(value any) (*providerData, diag.Diagnostics) {
	if value == nil {
		return nil, nil
	}
	data, ok := value.(*providerData)
	if !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data",
			fmt.Sprintf("Got %T. This is a defect of the provider; please report it.", value))}
	}
	return data, nil
}
