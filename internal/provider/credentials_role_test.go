package provider

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// roleService stands for STS and for the metadata service. It keeps what it was asked.
type roleService struct {
	*httptest.Server
	action string
	body   map[string]any
	path   string

	identities atomic.Int64 // how often GetCallerIdentity was asked
}

func newRoleService(t *testing.T) *roleService {
	t.Helper()
	service := &roleService{}
	expires := time.Now().Add(time.Hour).Unix()
	service.Server = httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			service.action, service.path = r.Header.Get("X-TC-Action"), r.URL.Path
			if service.action == "GetCallerIdentity" {
				service.identities.Add(1)
				_, _ = io.WriteString(w, `{"Response": {"AccountId": "100"}}`)
				return
			}
			credentials := `"TmpSecretId": "AKID-role", "TmpSecretKey": "k", "Token": "t"`
			if r.Method == http.MethodGet {
				fmt.Fprintf(w, `{%s, "ExpiredTime": %d, "Code": "Success"}`, credentials, expires)
				return
			}
			service.body = map[string]any{}
			if err := json.NewDecoder(r.Body).Decode(&service.body); err != nil {
				t.Errorf("request body: %v", err)
			}
			_, _ = io.WriteString(w, fmt.Sprintf(
				`{"Response": {"Credentials": {%s}, "ExpiredTime": %d}}`, credentials, expires))
		}))
	t.Cleanup(service.Close)
	return service
}

// roleCase is one way to a role, with the request that it leads to.
type roleCase struct {
	change func(*providerModel)
	env    map[string]string
	action string
	body   map[string]any
}

func roleCases(t *testing.T, token string) map[string]roleCase {
	t.Helper()
	key := map[string]string{"TENCENTCLOUD_SECRET_ID": "AKID-env", "TENCENTCLOUD_SECRET_KEY": "k"}
	return map[string]roleCase{
		"configured role": {
			change: func(m *providerModel) {
				m.AssumeRole = blockOf(t, assumeRoleType, map[string]attr.Value{
					"role_arn": text("arn-config"), "session_duration": types.Int64Value(900),
				})
			},
			env: merged(key, map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_ARN":         "arn-env",
				"TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID": "x-1",
			}),
			action: "AssumeRole",
			body: map[string]any{
				"RoleArn": "arn-config", "RoleSessionName": "terraform", "DurationSeconds": 900.0,
				"ExternalId": "x-1",
			},
		},
		"role of the environment": {
			env: merged(key, map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_ARN":              "arn-env",
				"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME":     "ci",
				"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION": "1800",
			}),
			action: "AssumeRole",
			body: map[string]any{
				"RoleArn": "arn-env", "RoleSessionName": "ci", "DurationSeconds": 1800.0,
			},
		},
		"configured identity": {
			change: func(m *providerModel) {
				m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
					"role_arn": text("arn"), "provider_id": text("github"),
					"web_identity_token_file": text(token),
				})
			},
			env: merged(key, map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_ARN":                "arn-env",
				"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN": "stale",
			}),
			action: "AssumeRoleWithWebIdentity",
			body: map[string]any{
				"RoleArn": "arn", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
				"ProviderId": "github", "WebIdentityToken": "oidc",
			},
		},
	}
}

// federatedCases are the roles that a profile names or that need no key.
func federatedCases(t *testing.T) map[string]roleCase {
	t.Helper()
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	profile := file("default.credential",
		`{"secretId": "AKID-file", "secretKey": "k", "role-arn": "arn-profile"}`)
	assertion := map[string]any{
		"RoleArn": "arn", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
		"PrincipalArn": "idp", "SAMLAssertion": "assertion",
	}
	return map[string]roleCase{
		"role of the default profile": {
			env:    map[string]string{"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": filepath.Dir(profile)},
			action: "AssumeRole",
			body: map[string]any{
				"RoleArn": "arn-profile", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
			},
		},
		"configured assertion": {
			change: func(m *providerModel) {
				m.SAML = blockOf(t, samlType, map[string]attr.Value{
					"role_arn": text("arn"), "principal_arn": text("idp"),
					"saml_assertion": text("assertion"),
				})
			},
			env:    map[string]string{"TENCENTCLOUD_SECRET_ID": "AKID-env", "TENCENTCLOUD_SECRET_KEY": "k"},
			action: "AssumeRoleWithSAML", body: assertion,
		},
		"assertion of the environment": {
			env: map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION": "assertion",
				"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN":  "idp",
				"TENCENTCLOUD_ASSUME_ROLE_ARN":            "arn",
			},
			action: "AssumeRoleWithSAML", body: assertion,
		},
		"identity whose role is in a file": {
			change: func(m *providerModel) {
				m.WebIdentity = blockOf(t, webIdentityType, map[string]attr.Value{
					"role_arn_file":           text(file("role", `{"role_arn": "arn-file"}`)),
					"web_identity_token_file": text(file("token", `{"web_identity_token": "oidc"}`)),
				})
			},
			env:    map[string]string{"TENCENTCLOUD_ASSUME_ROLE_ARN": "arn-env"},
			action: "AssumeRoleWithWebIdentity",
			body: map[string]any{
				"RoleArn": "arn-file", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
				"ProviderId": "OIDC", "WebIdentityToken": "oidc",
			},
		},
	}
}

// identityCases are the roles that a token opens, without a key.
func identityCases(token string) map[string]roleCase {
	return map[string]roleCase{
		"identity of the environment": {
			env: map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_ARN":                     "arn-env",
				"TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID":             "github",
				"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE": token,
			},
			action: "AssumeRoleWithWebIdentity",
			body: map[string]any{
				"RoleArn": "arn-env", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
				"ProviderId": "github", "WebIdentityToken": "oidc",
			},
		},
		"identity of a pod": {
			env: map[string]string{
				"TKE_ROLE_ARN": "arn-pod", "TKE_PROVIDER_ID": "tke", "TKE_REGION": "ap-beijing",
				"TKE_WEB_IDENTITY_TOKEN_FILE": token,
			},
			action: "AssumeRoleWithWebIdentity",
			body: map[string]any{
				"RoleArn": "arn-pod", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
				"ProviderId": "tke", "WebIdentityToken": "oidc",
			},
		},
	}
}

func TestRolesComeFromConfigurationAndEnvironment(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("oidc"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := roleCases(t, token)
	maps.Copy(cases, identityCases(token))
	maps.Copy(cases, federatedCases(t))
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newRoleService(t)
			config := emptyProvider()
			if tt.change != nil {
				tt.change(&config)
			}
			env := merged(tt.env, map[string]string{"TF_COS_STS_ENDPOINT": service.URL})
			expectRole(t, setupOf(config, env))
			if service.action != tt.action {
				t.Errorf("action = %q, want %q", service.action, tt.action)
			}
			if diff := cmp.Diff(tt.body, service.body); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstanceRoleComesFromTheMetadataService(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"configuration", "environment"} {
		t.Run(origin, func(t *testing.T) {
			t.Parallel()
			service := newRoleService(t)
			config := emptyProvider()
			env := map[string]string{"TF_COS_METADATA_ENDPOINT": service.URL}
			if origin == "configuration" {
				config.CAMRoleName = text("deploy")
			} else {
				env["TENCENTCLOUD_CAM_ROLE_NAME"] = "deploy"
			}
			expectRole(t, setupOf(config, env))
			if want := "/latest/meta-data/cam/security-credentials/deploy"; service.path != want {
				t.Errorf("path = %q, want %q", service.path, want)
			}
		})
	}
}

func TestInstanceRoleIsFoundLast(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 2)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if strings.HasSuffix(r.URL.Path, "/") {
			_, _ = io.WriteString(w, "deploy")
			return
		}
		fmt.Fprintf(w, `{"TmpSecretId": "AKID-role", "TmpSecretKey": "k", "Token": "t", "Code": "Success",
			"ExpiredTime": %d}`, time.Now().Add(time.Hour).Unix())
	}))
	t.Cleanup(service.Close)
	env := map[string]string{"TF_COS_METADATA_ENDPOINT": service.URL}
	expectRole(t, setupOf(emptyProvider(), env))
	const folder = "/latest/meta-data/cam/security-credentials/"
	if first, second := <-asked, <-asked; first != folder || second != folder+"deploy" {
		t.Errorf("asked for %s, %s", first, second)
	}
}

// countedCOS answers HEAD and counts.
func countedCOS(t *testing.T) (*httptest.Server, *atomic.Int64, string) {
	t.Helper()
	requests := &atomic.Int64{}
	cos := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("x-cos-request-id", "r")
		w.Header().Set("ETag", `"e"`)
	}))
	t.Cleanup(cos.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: cos.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return cos, requests, ca
}

func TestAccountIsCheckedOnceBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		allowed, forbidden types.Set
		refused            bool
	}{
		"allowed":       {accounts("99", "100"), types.SetNull(types.StringType), false},
		"not allowed":   {accounts("99"), types.SetNull(types.StringType), true},
		"forbidden":     {types.SetNull(types.StringType), accounts("100"), true},
		"not forbidden": {types.SetNull(types.StringType), accounts("99"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newRoleService(t)
			cos, requests, ca := countedCOS(t)
			config := emptyProvider()
			config.AllowedAccountIDs, config.ForbiddenAccountIDs = tt.allowed, tt.forbidden
			config.Endpoint, config.EndpointBucket = text(cos.URL), text("examplebucket-1250000000")
			config.EndpointRegion = text("ap-guangzhou")
			config.CustomCABundle, config.MaxRetries = text(ca), types.Int64Value(0)
			data, diags := setupOf(config, map[string]string{
				"TENCENTCLOUD_SECRET_ID": "AKID", "TENCENTCLOUD_SECRET_KEY": "k",
				"TF_COS_STS_ENDPOINT": service.URL,
			}).data(t.Context())
			if len(diags) > 0 {
				t.Fatal(diagTexts(diags))
			}
			ref := cosapi.ObjectRef{Region: "ap-guangzhou", Bucket: "examplebucket-1250000000", Key: "k"}
			for range 3 {
				_, err := data.Client.HeadOnly(t.Context(), ref, nil)
				if errors.Is(err, credential.ErrAccount) != tt.refused {
					t.Errorf("error = %v, want a refusal: %v", err, tt.refused)
				}
			}
			if got := requests.Load(); (got > 0) == tt.refused {
				t.Errorf("%d requests to COS, refused %v", got, tt.refused)
			}
			if got := service.identities.Load(); got != 1 {
				t.Errorf("STS was asked %d times, want once", got)
			}
		})
	}
}

func TestServicesThatAreElsewhereAreWarnedOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variable, endpoint string
		want               []string
	}{
		"STS":                 {"TF_COS_STS_ENDPOINT", "https://sts.internal.tencentcloudapi.com", nil},
		"STS on this machine": {"TF_COS_STS_ENDPOINT", "http://127.0.0.1:1", nil},
		"STS in the clear": {
			"TF_COS_STS_ENDPOINT", "http://sts.tencentcloudapi.com", []string{"plain http"},
		},
		"STS elsewhere": {
			"TF_COS_STS_ENDPOINT", "https://sts.example.com", []string{"neither Tencent Cloud's"},
		},
		"STS elsewhere in the clear": {
			"TF_COS_STS_ENDPOINT", "http://sts.example.com", []string{"neither", "plain http"},
		},
		"metadata":                 {"TF_COS_METADATA_ENDPOINT", "http://metadata.tencentyun.com", nil},
		"metadata on this machine": {"TF_COS_METADATA_ENDPOINT", "http://localhost:1", nil},
		"metadata elsewhere": {
			"TF_COS_METADATA_ENDPOINT", "http://metadata.example.com", []string{"neither", "plain http"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diags := setupOf(emptyProvider(), map[string]string{
				"TENCENTCLOUD_ASSUME_ROLE_ARN": "arn", tt.variable: tt.endpoint,
			}).data(t.Context())
			got := diagTexts(diags)
			if diags.HasError() || len(diags) != min(1, len(tt.want)) {
				t.Fatalf("diagnostics = %s", got)
			}
			for _, want := range append(tt.want, tt.variable) {
				if len(tt.want) > 0 && !strings.Contains(got, want) {
					t.Errorf("warning = %s, want %s", got, want)
				}
			}
		})
	}
}

func TestRegionOfTheDefaultProfileCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := []byte(`{"_sys_param": {"region": "ap-beijing"}}`)
	if err := os.WriteFile(filepath.Join(dir, "default.configure"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"TENCENTCLOUD_SHARED_CREDENTIALS_DIR": dir}
	data, diags := setupOf(emptyProvider(), env).data(t.Context())
	if len(diags) > 0 || data.Region != "ap-beijing" {
		t.Errorf("region = %q, %s", data.Region, diagTexts(diags))
	}
	env["COS_REGION"] = "ap-shanghai"
	if data, _ := setupOf(emptyProvider(), env).data(t.Context()); data.Region != "ap-shanghai" {
		t.Errorf("region = %q, want the variable's", data.Region)
	}
}

func expectRole(t *testing.T, setup *providerSetup) {
	t.Helper()
	source := setup.credentialSource(t.Context())
	if setup.diags.HasError() {
		t.Fatal(diagTexts(setup.diags))
	}
	got, err := source.Credentials(t.Context())
	if err != nil || got.SecretID != "AKID-role" {
		t.Errorf("credentials = %q, error %v, want AKID-role", got.SecretID, err)
	}
}

func merged(maps ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, one := range maps {
		for name, value := range one {
			all[name] = value
		}
	}
	return all
}
