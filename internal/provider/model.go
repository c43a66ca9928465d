package provider

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// providerModel is the provider block.
type providerModel struct {
	Region               types.String `tfsdk:"region"`
	SecretID             types.String `tfsdk:"secret_id"`
	SecretKey            types.String `tfsdk:"secret_key"`
	SecurityToken        types.String `tfsdk:"security_token"`
	Profile              types.String `tfsdk:"profile"`
	SharedCredentialsDir types.String `tfsdk:"shared_credentials_dir"`
	CAMRoleName          types.String `tfsdk:"cam_role_name"`
	Endpoint             types.String `tfsdk:"endpoint"`
	EndpointBucket       types.String `tfsdk:"endpoint_bucket"`
	EndpointRegion       types.String `tfsdk:"endpoint_region"`
	CopySourceEndpoint   types.String `tfsdk:"copy_source_endpoint"`
	CustomCABundle       types.String `tfsdk:"custom_ca_bundle"`
	CustomerKeys         types.Map    `tfsdk:"customer_keys"`
	MaxRetries           types.Int64  `tfsdk:"max_retries"`
	PartSize             types.Int64  `tfsdk:"part_size"`
	TransferConcurrency  types.Int64  `tfsdk:"transfer_concurrency"`
	RefreshMode          types.String `tfsdk:"refresh_mode"`
	RequestIDHeader      types.String `tfsdk:"request_id_header"`
	ResponseTimeout      types.Int64  `tfsdk:"response_timeout"`
	MinTransferRate      types.Int64  `tfsdk:"min_transfer_rate"`
	CopyTimeout          types.Int64  `tfsdk:"copy_timeout"`
	AssumeRole           types.List   `tfsdk:"assume_role"`
	WebIdentity          types.List   `tfsdk:"assume_role_with_web_identity"`
	SAML                 types.List   `tfsdk:"assume_role_with_saml"`
	AllowedAccountIDs    types.Set    `tfsdk:"allowed_account_ids"`
	ForbiddenAccountIDs  types.Set    `tfsdk:"forbidden_account_ids"`
}

// assumeRoleModel is the assume_role block.
type assumeRoleModel struct {
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
	Policy          types.String `tfsdk:"policy"`
	ExternalID      types.String `tfsdk:"external_id"`
	SourceIdentity  types.String `tfsdk:"source_identity"`
	SerialNumber    types.String `tfsdk:"serial_number"`
	TokenCode       types.String `tfsdk:"token_code"`
}

// webIdentityModel is the assume_role_with_web_identity block.
type webIdentityModel struct {
	RoleARN         types.String `tfsdk:"role_arn"`
	RoleARNFile     types.String `tfsdk:"role_arn_file"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
	ProviderID      types.String `tfsdk:"provider_id"`
	Token           types.String `tfsdk:"web_identity_token"`
	TokenFile       types.String `tfsdk:"web_identity_token_file"`
}

// samlModel is the assume_role_with_saml block.
type samlModel struct {
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
	PrincipalARN    types.String `tfsdk:"principal_arn"`
	Assertion       types.String `tfsdk:"saml_assertion"`
}

// validate finds what is wrong in the block whatever the environment says. An unknown value is
// never wrong.
func (m providerModel) validate(ctx context.Context) diag.Diagnostics {
	var diags diag.Diagnostics
	_, _, keyDiags := decodeKeyring(ctx, m.CustomerKeys)
	for _, d := range keyDiags {
		if d.Severity() == diag.SeverityError { // Configure gives the warnings.
			diags.Append(d)
		}
	}
	if endpoint := m.Endpoint.ValueString(); endpoint != "" && !m.EndpointBucket.IsUnknown() &&
		!m.EndpointRegion.IsUnknown() {
		diags.Append(checkEndpoint(
			endpoint, m.EndpointBucket.ValueString(), m.EndpointRegion.ValueString(), "")...)
	}
	return diags
}

// decodeKeyring turns customer_keys into a keyring. unknown reports that at least one key is not
// known yet; the keyring then holds the others.
func decodeKeyring(
	ctx context.Context, keys types.Map,
) (keyring cosapi.Keyring, unknown bool, diags diag.Diagnostics) {
	if keys.IsUnknown() {
		return cosapi.NewKeyring(nil), true, nil
	}
	values := map[string]types.String{}
	diags.Append(keys.ElementsAs(ctx, &values, false)...)
	parsed := map[string]cosapi.CustomerKey{}
	for _, name := range value.SortedNames(values) {
		value := values[name]
		if value.IsUnknown() {
			unknown = true
			continue
		}
		key, err := cosapi.ParseCustomerKey(value.ValueString())
		at := path.Root("customer_keys").AtMapKey(name)
		switch {
		case err != nil:
			diags.AddAttributeError(at, "SSE-C key is not usable",
				fmt.Sprintf("customer_keys[%q]: %s.", name, err))
			continue
		case key.LowEntropy():
			diags.AddAttributeWarning(at, "SSE-C key is easy to guess",
				fmt.Sprintf("customer_keys[%q] has few different bytes. Its MD5 identifies it in "+
					"state and plans, so anybody who reads those can find the key by trying. "+
					"Use 32 random bytes.", name))
		}
		parsed[name] = key
	}
	return cosapi.NewKeyring(parsed), unknown, diags
}

// checkEndpoint refuses an endpoint that cannot work. bucket and region are endpoint_bucket
// and endpoint_region; variable is the
// environment variable that the endpoint came from, "" for the configuration.
func checkEndpoint(template, bucket, region, variable string) diag.Diagnostics {
	err := cosapi.ValidateEndpoint(template, bucket, region)
	if err == nil {
		return nil
	}
	detail := diagnose.Sentence(err)
	if variable != "" {
		detail = fmt.Sprintf("The environment variable %s: %s", variable, detail)
	}
	switch {
	case strings.HasPrefix(strings.ToLower(template), "http://"):
		detail += " SSE-C keys and bodies would be readable on their way. For an emulator or a " +
			"private cloud with a certificate of its own set custom_ca_bundle."
	case bucket == "" && !strings.Contains(template, "{bucket}"):
		detail += " Set endpoint_bucket."
	case region == "" && !strings.Contains(template, "{region}"):
		detail += " Set endpoint_region."
	}
	return diag.Diagnostics{
		diag.NewAttributeErrorDiagnostic(path.Root("endpoint"), "Endpoint is not usable", detail),
	}
}

// isFamiliarEndpoint reports whether an endpoint is one of Tencent's or on this machine.
func isFamiliarEndpoint(template string) bool {
	// Braces are not legal in a URL's host; any letters do in their place.
	parsed, err := url.Parse(strings.NewReplacer("{bucket}", "b", "{region}", "r").Replace(template))
	if err != nil {
		return false
	}
	return isFamiliarHost(parsed.Hostname(),
		[]string{"myqcloud.com", "tencentcos.cn", "tencentcos.com", "localhost"})
}

// isFamiliarHost reports whether a host is one of the domains, below one, or on this machine.
func isFamiliarHost(name string, domains []string) bool {
	host := strings.TrimSuffix(strings.ToLower(name), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	return slices.ContainsFunc(domains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}
