package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// emptyProvider is a provider block without arguments.
func emptyProvider() providerModel {
	return providerModel{
		CustomerKeys: types.MapNull(types.StringType),
		AssumeRole:   types.ListNull(assumeRoleType), WebIdentity: types.ListNull(webIdentityType),
		SAML:              types.ListNull(samlType),
		AllowedAccountIDs: types.SetNull(types.StringType), ForbiddenAccountIDs: types.SetNull(types.StringType),
	}
}

var (
	assumeRoleType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"role_arn": types.StringType, "session_name": types.StringType,
		"session_duration": types.Int64Type, "policy": types.StringType,
		"external_id": types.StringType, "source_identity": types.StringType,
		"serial_number": types.StringType, "token_code": types.StringType,
	}}
	webIdentityType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"role_arn": types.StringType, "session_name": types.StringType,
		"role_arn_file":    types.StringType,
		"session_duration": types.Int64Type, "provider_id": types.StringType,
		"web_identity_token": types.StringType, "web_identity_token_file": types.StringType,
	}}
	samlType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"role_arn": types.StringType, "session_name": types.StringType,
		"session_duration": types.Int64Type, "principal_arn": types.StringType,
		"saml_assertion": types.StringType,
	}}
)

// blockOf is a list with one block; members that are not given are null.
func blockOf(t *testing.T, typ types.ObjectType, members map[string]attr.Value) types.List {
	t.Helper()
	all := map[string]attr.Value{}
	for name, member := range typ.AttrTypes {
		all[name] = types.StringNull()
		if member == types.Int64Type {
			all[name] = types.Int64Null()
		}
	}
	for name, value := range members {
		all[name] = value
	}
	return types.ListValueMust(typ, []attr.Value{types.ObjectValueMust(typ.AttrTypes, all)})
}

// setupOf is a setup in an environment of the test's own, in which there is nothing else: no
// profile of whoever runs the test, and no metadata service.
func setupOf(config providerModel, env map[string]string) *providerSetup {
	all := merged(map[string]string{
		"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": filepath.Join("testdata", "none"),
		"TF_COS_METADATA_ENDPOINT":            "http://127.0.0.1:1",
	}, env)
	return &providerSetup{
		config: config, version: "1.2.3", terraform: "1.11.4",
		env: func(name string) string { return all[name] },
	}
}

func accounts(ids ...string) types.Set {
	var all []attr.Value
	for _, id := range ids {
		all = append(all, text(id))
	}
	return types.SetValueMust(types.StringType, all)
}

func text(value string) types.String { return types.StringValue(value) }

func diagTexts(diags diag.Diagnostics) string {
	var texts []string
	for _, d := range diags {
		at := ""
		if located, ok := d.(diag.DiagnosticWithPath); ok {
			at = " [" + located.Path().String() + "]"
		}
		texts = append(texts, fmt.Sprintf("%s %s%s: %s", d.Severity(), d.Summary(), at, d.Detail()))
	}
	return strings.Join(texts, "\n")
}

func TestSettingsPreferConfigurationThenEnvironmentInOrder(t *testing.T) {
	t.Parallel()
	both := map[string]string{"TENCENTCLOUD_REGION": "ap-first", "COS_REGION": "ap-second"}
	tests := map[string]struct {
		configured types.String
		env        map[string]string
		want       string
	}{
		"configured":     {text("ap-config"), both, "ap-config"},
		"empty is unset": {text(""), both, "ap-first"},
		"first variable": {types.StringNull(), both, "ap-first"},
		"second variable": {
			types.StringNull(), map[string]string{"COS_REGION": "ap-second"}, "ap-second",
		},
		"nothing": {types.StringNull(), nil, ""},
		"unknown": {types.StringUnknown(), both, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			config.Region = tt.configured
			data, diags := setupOf(config, tt.env).data(t.Context())
			if diags.HasError() || data.Region != tt.want {
				t.Errorf("region = %q, %s, want %q", data.Region, diagTexts(diags), tt.want)
			}
			if data.RegionUnknown != tt.configured.IsUnknown() || data.Client == nil {
				t.Errorf("regionUnknown = %v, client %v", data.RegionUnknown, data.Client)
			}
		})
	}
}

func TestUnknownConfigurationIsNoErrorAndBuildsNoClient(t *testing.T) {
	t.Parallel()
	unknown := types.StringUnknown()
	tests := map[string]func(*providerModel){
		"secret_id":              func(m *providerModel) { m.SecretID = unknown },
		"secret_key":             func(m *providerModel) { m.SecretKey = unknown },
		"security_token":         func(m *providerModel) { m.SecurityToken = unknown },
		"profile":                func(m *providerModel) { m.Profile = unknown },
		"shared_credentials_dir": func(m *providerModel) { m.SharedCredentialsDir = unknown },
		"cam_role_name":          func(m *providerModel) { m.CAMRoleName = unknown },
		"endpoint":               func(m *providerModel) { m.Endpoint = unknown },
		"endpoint_bucket":        func(m *providerModel) { m.EndpointBucket = unknown },
		"endpoint_region":        func(m *providerModel) { m.EndpointRegion = unknown },
		"copy_source_endpoint":   func(m *providerModel) { m.CopySourceEndpoint = unknown },
		"custom_ca_bundle":       func(m *providerModel) { m.CustomCABundle = unknown },
		"max_retries":            func(m *providerModel) { m.MaxRetries = types.Int64Unknown() },
		"part_size":              func(m *providerModel) { m.PartSize = types.Int64Unknown() },
		"transfer_concurrency":   func(m *providerModel) { m.TransferConcurrency = types.Int64Unknown() },
		"refresh_mode":           func(m *providerModel) { m.RefreshMode = unknown },
		"request_id_header":      func(m *providerModel) { m.RequestIDHeader = unknown },
		"response_timeout":       func(m *providerModel) { m.ResponseTimeout = types.Int64Unknown() },
		"min_transfer_rate":      func(m *providerModel) { m.MinTransferRate = types.Int64Unknown() },
		"copy_timeout":           func(m *providerModel) { m.CopyTimeout = types.Int64Unknown() },
		"assume_role": func(m *providerModel) {
			m.AssumeRole = types.ListUnknown(assumeRoleType)
		},
		"SAML":                  func(m *providerModel) { m.SAML = types.ListUnknown(samlType) },
		"allowed_account_ids":   func(m *providerModel) { m.AllowedAccountIDs = types.SetUnknown(types.StringType) },
		"forbidden_account_ids": func(m *providerModel) { m.ForbiddenAccountIDs = types.SetUnknown(types.StringType) },
		"an account": func(m *providerModel) {
			m.AllowedAccountIDs = types.SetValueMust(types.StringType, []attr.Value{unknown})
		},
		"role_arn_file": func(m *providerModel) {
			m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
				"role_arn_file": unknown, "web_identity_token": text("t"),
			})
		},
		"saml_assertion": func(m *providerModel) {
			m.SAML = blockOf(t, samlType, map[string]attr.Value{
				"role_arn": text("arn"), "principal_arn": text("p"), "saml_assertion": unknown,
			})
		},
		"web identity": func(m *providerModel) {
			m.WebIdentity = types.ListUnknown(webIdentityType)
		},
		"role_arn": func(m *providerModel) {
			m.AssumeRole = blockOf(t, assumeRoleType, map[string]attr.Value{"role_arn": unknown})
		},
		"token_file": func(m *providerModel) {
			m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
				"role_arn": text("arn"), "provider_id": text("p"),
				"web_identity_token_file": unknown,
			})
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			change(&config)
			data, diags := setupOf(config, nil).data(t.Context())
			if diags.HasError() || len(config.validate(t.Context())) > 0 {
				t.Fatalf("unknown is an error: %s", diagTexts(diags))
			}
			if data.Client != nil || !data.Unknown || !data.AnyUnknown() {
				t.Errorf("client = %v, unknown = %v", data.Client, data.Unknown)
			}
		})
	}
}

func TestEndpointIsCheckedWhereverItComesFrom(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		endpoint, bucket string
		wants            []string // of the diagnostics; none: accepted silently
		warning          bool     // only when it comes from the environment
	}{
		"default":     {"", "", nil, false},
		"own region":  {"https://{bucket}.cos.{region}.tencentcos.cn", "", nil, false},
		"localhost":   {"https://{bucket}.cos.{region}.localhost:9443", "", nil, false},
		"loopback":    {"https://127.0.0.1:9443", "b-1", nil, false},
		"IPv6":        {"https://[::1]:9443", "b-1", nil, false},
		"gateway":     {"https://{bucket}.gateway.example.com", "", nil, true},
		"lookalike":   {"https://{bucket}.notmyqcloud.com", "", nil, true},
		"plain http":  {"http://{bucket}.cos.{region}.myqcloud.com", "", []string{"https"}, false},
		"upper case":  {"HTTP://{bucket}.example.com", "", []string{"https"}, false},
		"no scheme":   {"{bucket}.example.com", "", []string{"endpoint"}, false},
		"other":       {"ftp://{bucket}.example.com", "", []string{"https"}, false},
		"no {bucket}": {"https://files.example.com", "", []string{"endpoint_bucket"}, false},
	}
	for name, tt := range tests {
		for _, origin := range []string{"configuration", "environment"} {
			t.Run(name+"/"+origin, func(t *testing.T) {
				t.Parallel()
				config, env := emptyProvider(), map[string]string{}
				config.EndpointBucket, config.EndpointRegion = text(tt.bucket), text("ap-guangzhou")
				if origin == "configuration" {
					config.Endpoint = text(tt.endpoint)
				} else {
					env["COS_ENDPOINT"] = tt.endpoint
				}
				_, diags := setupOf(config, env).data(t.Context())
				checkEndpointDiags(t, diags, tt.wants, tt.warning && origin == "environment")
				if origin == "configuration" && len(tt.wants) > 0 && tt.bucket == "" {
					checkEndpointDiags(t, config.validate(t.Context()), tt.wants, false)
				}
			})
		}
	}
}

func checkEndpointDiags(t *testing.T, diags diag.Diagnostics, wants []string, warning bool) {
	t.Helper()
	got := diagTexts(diags)
	if diags.HasError() != (len(wants) > 0) || (diags.WarningsCount() > 0) != warning {
		t.Fatalf("diagnostics = %q, want error %v, warning %v", got, wants, warning)
	}
	if len(diags) > 0 && !strings.Contains(got, "[endpoint]") {
		t.Errorf("diagnostics = %q, want them at endpoint", got)
	}
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("diagnostics = %q, want %q", got, want)
		}
	}
	if warning && !strings.Contains(got, "COS_ENDPOINT") {
		t.Errorf("warning = %q, want it to name the variable", got)
	}
}

func TestKeyringIsParsedAndItsErrorsNameTheElement(t *testing.T) {
	t.Parallel()
	const good = "q8Vw2Lk0ZpT5yRb7XcN3mHs9DfGj1aEu"
	keys := map[string]attr.Value{
		"good":    text(good),
		"newline": text(good + "\n"),
		"null":    types.StringNull(),
		"later":   types.StringUnknown(),
		"weak":    text(strings.Repeat("a", 32)),
	}
	config := emptyProvider()
	config.CustomerKeys = types.MapValueMust(types.StringType, keys)
	data, diags := setupOf(config, nil).data(t.Context())
	if !data.KeyringUnknown {
		t.Error("a key is unknown, and keyringUnknown is false")
	}
	if diff := cmp.Diff([]string{"good", "weak"}, data.Keyring.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	got := diagTexts(diags)
	for _, want := range []string{
		`Error SSE-C key is not usable [customer_keys["newline"]]`, "trailing newline",
		`Error SSE-C key is not usable [customer_keys["null"]]`,
		`Warning SSE-C key is easy to guess [customer_keys["weak"]]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("diagnostics = %s\nwant %q", got, want)
		}
	}
	if strings.Contains(got, good) || len(diags) != 3 {
		t.Errorf("diagnostics = %s\nwant three without any key", got)
	}
	if validated := config.validate(t.Context()); validated.ErrorsCount() != 2 {
		t.Errorf("validate = %s, want the two errors", diagTexts(validated))
	}
}

func TestUnknownKeyringStillBuildsAClient(t *testing.T) {
	t.Parallel()
	config := emptyProvider()
	config.CustomerKeys = types.MapUnknown(types.StringType)
	data, diags := setupOf(config, nil).data(t.Context())
	if len(diags) > 0 || !data.KeyringUnknown || data.Client == nil || data.Unknown {
		t.Errorf("keyringUnknown = %v, client %v, %s",
			data.KeyringUnknown, data.Client, diagTexts(diags))
	}
}

func TestNumbersFromTheEnvironmentAreChecked(t *testing.T) {
	t.Parallel()
	one := func(name, value string) map[string]string { return map[string]string{name: value} }
	tests := map[string]struct {
		env  map[string]string
		want cosapi.Config // the fields that are compared
		fail string
	}{
		"defaults": {nil, cosapi.Config{}, ""},
		"all": {map[string]string{
			"TF_COS_MAX_RETRIES": "7", "TF_COS_PART_SIZE": "1048576",
			"TF_COS_TRANSFER_CONCURRENCY": "3", "TF_COS_COPY_THRESHOLD": "9",
			"TF_COS_COPY_PART_SIZE": "2097152", "TF_COS_CHECKPOINT_DIR": "/checkpoints",
			"TF_COS_RESPONSE_TIMEOUT": "90", "TF_COS_MIN_TRANSFER_RATE": "512",
			"TF_COS_COPY_TIMEOUT": "7200",
		}, cosapi.Config{
			MaxRetries: 7, PartSize: 1 << 20, TransferConcurrency: 3, CopyThreshold: 9,
			CopyPartSize: 2 << 20, CheckpointDir: "/checkpoints",
			HeaderTimeout: 90 * time.Second, MinRate: 512, CopyTimeout: 2 * time.Hour,
		}, ""},
		"no retries": {
			map[string]string{"TF_COS_MAX_RETRIES": "0"}, cosapi.Config{MaxRetries: -1}, "",
		},
		"no least rate": {one("TF_COS_MIN_TRANSFER_RATE", "0"), cosapi.Config{MinRate: -1}, ""},
		"no patience": {
			one("TF_COS_RESPONSE_TIMEOUT", "0"), cosapi.Config{}, "TF_COS_RESPONSE_TIMEOUT",
		},
		"no number":     {one("TF_COS_PART_SIZE", "16 MiB"), cosapi.Config{}, "TF_COS_PART_SIZE"},
		"too small":     {one("TF_COS_PART_SIZE", "1000"), cosapi.Config{}, "TF_COS_PART_SIZE"},
		"too many":      {one("TF_COS_MAX_RETRIES", "101"), cosapi.Config{}, "TF_COS_MAX_RETRIES"},
		"unknown mode":  {one("TF_COS_REFRESH_MODE", "fast"), cosapi.Config{}, "TF_COS_REFRESH_MODE"},
		"no checkpoint": {one("TF_COS_CHECKPOINT_DIR", "off"), cosapi.Config{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"TF_COS_CHECKPOINT_DIR": "off"}
			for name, value := range tt.env {
				env[name] = value
			}
			_, diags := setupOf(emptyProvider(), env).data(t.Context())
			if failed := diagTexts(diags); diags.HasError() != (tt.fail != "") ||
				!strings.Contains(failed, tt.fail) {
				t.Fatalf("diagnostics = %q, want %q", failed, tt.fail)
			}
			if tt.fail != "" {
				return
			}
			got := setupOf(emptyProvider(), env).clientConfig(t.Context())
			compared := cosapi.Config{
				MaxRetries: got.MaxRetries, PartSize: got.PartSize,
				TransferConcurrency: got.TransferConcurrency, CopyThreshold: got.CopyThreshold,
				CopyPartSize: got.CopyPartSize, CheckpointDir: got.CheckpointDir,
				HeaderTimeout: got.HeaderTimeout, MinRate: got.MinRate, CopyTimeout: got.CopyTimeout,
			}
			want, compares := fmt.Sprintf("%+v", tt.want), fmt.Sprintf("%+v", compared)
			if diff := cmp.Diff(want, compares); diff != "" {
				t.Errorf("client configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfiguredNumberWinsOverTheEnvironment(t *testing.T) {
	t.Parallel()
	config := emptyProvider()
	config.MaxRetries, config.PartSize = types.Int64Value(0), types.Int64Value(2<<20)
	env := map[string]string{"TF_COS_MAX_RETRIES": "9", "TF_COS_PART_SIZE": "1048576"}
	got := setupOf(config, env).clientConfig(t.Context())
	if got.MaxRetries != -1 || got.PartSize != 2<<20 {
		t.Errorf("max_retries = %d, part_size = %d, want -1 (none) and %d",
			got.MaxRetries, got.PartSize, 2<<20)
	}
}

func TestRequestIDHeaderTellsEmptyFromUnset(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		configured types.String
		header     string
		any        bool
		warning    string
	}{
		"unset": {types.StringNull(), "", false, ""},
		"named": {text("x-cloud-request"), "x-cloud-request", false, ""},
		"none":  {text(""), "", true, "[request_id_header]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			config.RequestIDHeader = tt.configured
			setup := setupOf(config, nil)
			got := setup.clientConfig(t.Context())
			if got.RequestIDHeader != tt.header || got.BelieveAnyAnswer != tt.any {
				t.Errorf("header %q, any %t", got.RequestIDHeader, got.BelieveAnyAnswer)
			}
			warned := diagTexts(setup.diags)
			if setup.diags.HasError() || !strings.Contains(warned, tt.warning) ||
				(tt.warning == "") != (warned == "") {
				t.Errorf("diagnostics = %q, want %q", warned, tt.warning)
			}
		})
	}
}

func TestUserAgentNamesVersions(t *testing.T) {
	t.Parallel()
	got := setupOf(emptyProvider(), map[string]string{"TF_APPEND_USER_AGENT": " ci/7 "}).userAgent()
	if want := "Terraform/1.11.4 terraform-provider-cos/1.2.3 ci/7"; got != want {
		t.Errorf("user agent = %q, want %q", got, want)
	}
}

func TestMissingCABundleIsAnErrorAtItsArgument(t *testing.T) {
	t.Parallel()
	config := emptyProvider()
	config.CustomCABundle = text(filepath.Join(t.TempDir(), "gone.pem"))
	_, diags := setupOf(config, nil).data(t.Context())
	if got := diagTexts(diags); !strings.Contains(got, "[custom_ca_bundle]") ||
		!strings.Contains(got, "gone.pem") {
		t.Errorf("diagnostics = %q, want custom_ca_bundle and the file", got)
	}
}

func TestCredentialSourceOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"work", "default"} {
		content := fmt.Sprintf(`{"secretId": "AKID-%s", "secretKey": "k"}`, name)
		file := filepath.Join(dir, name+".credential")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{
		"TENCENTCLOUD_SECRET_ID": "AKID-env", "TENCENTCLOUD_SECRET_KEY": "k-env",
		"TENCENTCLOUD_SECURITY_TOKEN": "t-env", "COS_SECRET_ID": "AKID-cos",
		"COS_SECRET_KEY": "k-cos", "COS_SECURITY_TOKEN": "t-cos", "TENCENTCLOUD_PROFILE": "work",
		"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": dir,
	}
	without := func(names ...string) map[string]string {
		rest := maps.Clone(env)
		for _, name := range names {
			delete(rest, name)
		}
		return rest
	}
	tencent := []string{
		"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN",
	}
	all := append([]string{"COS_SECRET_ID", "COS_SECRET_KEY", "COS_SECURITY_TOKEN"}, tencent...)
	tests := map[string]struct {
		change func(*providerModel)
		env    map[string]string
		want   string // id key token
	}{
		"configured key": {func(m *providerModel) {
			m.SecretID, m.SecretKey = text("AKID-config"), text("k-config")
		}, env, "AKID-config k-config "},
		"configured token": {func(m *providerModel) {
			m.SecretID, m.SecretKey = text("AKID-config"), text("k-config")
			m.SecurityToken = text("t-config")
		}, env, "AKID-config k-config t-config"},
		"half configured": {
			func(m *providerModel) { m.SecretID = text("AKID-config") }, env,
			"AKID-config k-env ",
		},
		"configured profile": {
			func(m *providerModel) { m.Profile = text("work") }, env,
			"AKID-work k ",
		},
		"first family":    {nil, env, "AKID-env k-env t-env"},
		"second family":   {nil, without(tencent...), "AKID-cos k-cos t-cos"},
		"profile":         {nil, without(all...), "AKID-work k "},
		"default profile": {nil, without(append(all, "TENCENTCLOUD_PROFILE")...), "AKID-default k "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			if tt.change != nil {
				tt.change(&config)
			}
			setup := setupOf(config, tt.env)
			got, err := setup.credentialSource(t.Context()).Credentials(t.Context())
			if err != nil || setup.diags.HasError() {
				t.Fatalf("error %v, diagnostics %s", err, diagTexts(setup.diags))
			}
			text := fmt.Sprintf("%s %s %s", got.SecretID, got.SecretKey.Reveal(), got.Token.Reveal())
			if text != tt.want {
				t.Errorf("credentials = %q, want %q", text, tt.want)
			}
		})
	}
}

func TestWithoutCredentialsTheErrorSaysWhatWasTried(t *testing.T) {
	t.Parallel()
	config := emptyProvider()
	config.SharedCredentialsDir = types.StringNull()
	setup := setupOf(config, map[string]string{
		"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": t.TempDir(),
	})
	data, diags := setup.data(t.Context())
	if diags.HasError() || data.Client == nil {
		t.Fatalf("missing credentials fail Configure: %s", diagTexts(diags))
	}
	_, err := data.Client.Head(t.Context(), cosapi.ObjectRef{
		Region: "ap-guangzhou", Bucket: "examplebucket-1250000000", Key: "k",
	}, nil)
	var failure *credential.Error
	if !errors.As(err, &failure) {
		t.Fatalf("error = %v, want a *credential.Error", err)
	}
	for _, want := range []string{
		"secret_id", "TENCENTCLOUD_SECRET_ID", "COS_SECRET_ID", "TKE_ROLE_ARN", "default.credential",
		"the role of the instance (http://127.0.0.1:1): no answer",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
}

func TestIncompleteCredentialsAreErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*providerModel)
		env    map[string]string
		want   string
	}{
		"id alone": {func(m *providerModel) { m.SecretID = text("a") }, nil, "[secret_key]"},
		"key alone": {
			func(m *providerModel) { m.SecretKey = text("canary") }, nil, "[secret_id]",
		},
		"id alone in the environment": {
			nil, map[string]string{"COS_SECRET_ID": "a"}, "COS_SECRET_KEY",
		},
		"role without ARN": {func(m *providerModel) {
			m.SecretID, m.SecretKey = text("a"), text("canary")
			m.AssumeRole = blockOf(t, assumeRoleType, nil)
		}, nil, "[assume_role[0].role_arn]"},
		"SAML without an assertion": {func(m *providerModel) {
			m.SAML = blockOf(t, samlType, map[string]attr.Value{
				"role_arn": text("arn"), "principal_arn": text("idp"),
			})
		}, nil, "[assume_role_with_saml[0].saml_assertion]"},
		"SAML without a provider": {func(m *providerModel) {
			m.SAML = blockOf(t, samlType, map[string]attr.Value{
				"role_arn": text("arn"), "saml_assertion": text("canary"),
			})
		}, nil, "TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"},
		"account of a web identity": {func(m *providerModel) {
			m.AllowedAccountIDs = accounts("1")
			m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
				"role_arn": text("arn"), "web_identity_token": text("canary"),
			})
		}, nil, "[allowed_account_ids]"},
		"account of a SAML session": {
			func(m *providerModel) { m.ForbiddenAccountIDs = accounts("1") },
			map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "canary", "TENCENTCLOUD_ASSUME_ROLE_ARN": "arn",
				"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN": "idp",
			},
			"[forbidden_account_ids]",
		},
		"account of a pod": {
			func(m *providerModel) { m.AllowedAccountIDs = accounts("1") },
			map[string]string{"TKE_ROLE_ARN": "arn", "TKE_WEB_IDENTITY_TOKEN_FILE": "f"},
			"[allowed_account_ids]",
		},
		"STS that is no URL": {
			nil,
			map[string]string{"TF_COS_STS_ENDPOINT": "sts.example.com"},
			"TF_COS_STS_ENDPOINT",
		},
		"identity without token": {func(m *providerModel) {
			m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
				"role_arn": text("arn"), "provider_id": text("p"),
			})
		}, nil, "[assume_role_with_web_identity[0].web_identity_token_file]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			if tt.change != nil {
				tt.change(&config)
			}
			_, diags := setupOf(config, tt.env).data(context.Background())
			got := diagTexts(diags)
			if !diags.HasError() || !strings.Contains(got, tt.want) || strings.Contains(got, "canary") {
				t.Errorf("diagnostics = %q, want an error with %s and no secret", got, tt.want)
			}
		})
	}
}

func TestRegionIsCheckedWhereItComesFrom(t *testing.T) {
	t.Parallel()
	const bad = "x@127.0.0.1:1/"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "work.credential"),
		[]byte(`{"secretId": "id", "secretKey": "key"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "work.configure"),
		[]byte(`{"_sys_param": {"region": "`+bad+`"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		region types.String
		env    map[string]string
		want   string
	}{
		"attribute": {text(bad), nil, "[region]: region: a region"},
		"first variable": {
			types.StringNull(),
			map[string]string{"TENCENTCLOUD_REGION": bad},
			"The environment variable TENCENTCLOUD_REGION says",
		},
		"second variable": {
			types.StringNull(),
			map[string]string{"COS_REGION": bad},
			"The environment variable COS_REGION says",
		},
		"profile": {
			types.StringNull(), map[string]string{
				"TENCENTCLOUD_PROFILE": "work", "TENCENTCLOUD_SHARED_CREDENTIALS_DIR": dir,
			}, "The .configure file of the tccli profile work says",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := emptyProvider()
			config.Region = tt.region
			data, diags := setupOf(config, tt.env).data(t.Context())
			if text := diagTexts(diags); !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
			if data.Client != nil {
				t.Error("there is a client all the same")
			}
		})
	}
}

// A variable that is blank is one that somebody forgot to fill in.
func TestBlankVariablesAreUnset(t *testing.T) {
	t.Parallel()
	data, diags := setupOf(emptyProvider(), map[string]string{
		"TENCENTCLOUD_REGION": "  ", "COS_REGION": "ap-second", "COS_ENDPOINT": "\t",
		"TF_COS_MAX_RETRIES": " ", "TENCENTCLOUD_SECRET_ID": " ", "TENCENTCLOUD_SECRET_KEY": "\n",
		"COS_SECRET_ID": "id", "COS_SECRET_KEY": "key", "COS_CA_BUNDLE": " ",
	}).data(t.Context())
	if diags.HasError() || data.Region != "ap-second" || data.Client == nil {
		t.Errorf("region = %q, %s", data.Region, diagTexts(diags))
	}
}

// Without {region} an endpoint leads to one region whatever a resource says.
func TestEndpointWithoutARegionServesOne(t *testing.T) {
	t.Parallel()
	configure := func(region string) (*providerdata.Data, diag.Diagnostics) {
		config := emptyProvider()
		config.Endpoint = text("https://{bucket}.cos.example.com")
		if region != "" {
			config.EndpointRegion = text(region)
		}
		config.SecretID, config.SecretKey = text("id"), text("key")
		return setupOf(config, nil).data(t.Context())
	}
	if _, diags := configure(""); !strings.Contains(diagTexts(diags), "Set endpoint_region") {
		t.Errorf("error = %q, want one that asks for endpoint_region", diagTexts(diags))
	}
	if _, diags := configure("AP-Guangzhou"); !diags.HasError() {
		t.Error("a region that is none is taken")
	}
	data, diags := configure("ap-guangzhou")
	if diags.HasError() {
		t.Fatal(diagTexts(diags))
	}
	_, err := data.Client.Head(t.Context(), cosapi.ObjectRef{
		Region: "ap-beijing", Bucket: "examplebucket-1250000000", Key: "k",
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "serves only the region ap-guangzhou") {
		t.Errorf("error = %v, want one that names the region", err)
	}
}
