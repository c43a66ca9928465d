package provider

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// roleService stands for STS and for the metadata service. It keeps what it was asked.
type roleService struct {
	*httptest.Server
	action string
	body   map[string]any
	path   string
}

func newRoleService(t *testing.T) *roleService {
	t.Helper()
	service := &roleService{}
	expires := time.Now().Add(time.Hour).Unix()
	service.Server = httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			service.action, service.path = r.Header.Get("X-TC-Action"), r.URL.Path
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
