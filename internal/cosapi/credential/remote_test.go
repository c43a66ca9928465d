package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInstanceRoleCredentials(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(time.Hour).Truncate(time.Second)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/latest/meta-data/cam/security-credentials/deploy" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"TmpSecretId": "AKIDtmp", "TmpSecretKey": "key", "Token": "token",
			"ExpiredTime": %d, "Expiration": "later", "Code": "Success"}`, expires.Unix())
	}))
	t.Cleanup(server.Close)
	got, err := InstanceRole(Instance{Name: "deploy", Endpoint: server.URL}).
		Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.SecretID != "AKIDtmp" || got.SecretKey.Reveal() != "key" ||
		got.Token.Reveal() != "token" || !got.Expires.Equal(expires) {
		t.Errorf("credentials of %q expire %v, want AKIDtmp and %v",
			got.SecretID, got.Expires, expires)
	}
}

func TestInstanceRoleErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status     int
		body, want string
	}{
		"no such role": {404, "", "no such role"},
		"refused":      {403, "", "answered 403 Forbidden"},
		"failed code":  {200, `{"Code": "Failed", "TmpSecretKey": "canary"}`, `code "Failed"`},
		"not JSON":     {200, `canary`, "not JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(
				func(w http.ResponseWriter, _ *http.Request) {
					requests++
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.body)
				}))
			t.Cleanup(server.Close)
			_, err := InstanceRole(Instance{Name: "deploy", Endpoint: server.URL}).
				Credentials(t.Context())
			expectCredentialsError(t, err, tt.want, "deploy")
			if requests != 1 {
				t.Errorf("requests = %d, want 1", requests)
			}
		})
	}
}

// fakeSTS records the last request and answers as STS does.
type fakeSTS struct {
	*httptest.Server
	header http.Header
	body   map[string]any
}

func newFakeSTS(t *testing.T, answer string) *fakeSTS {
	t.Helper()
	fake := &fakeSTS{}
	fake.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fake.header, fake.body = r.Header.Clone(), map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&fake.body); err != nil {
			t.Errorf("STS request body: %v", err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(fake.Close)
	return fake
}

func (f *fakeSTS) service() STS { return STS{Endpoint: f.URL, Region: "ap-beijing"} }

func stsAnswer(expires time.Time) string {
	return fmt.Sprintf(`{"Response": {"Credentials": {"Token": "token", "TmpSecretId": "AKIDtmp",
		"TmpSecretKey": "key"}, "ExpiredTime": %d, "RequestId": "r-1"}}`, expires.Unix())
}

func expectSession(t *testing.T, source Source, expires time.Time) {
	t.Helper()
	got, err := source.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.SecretID != "AKIDtmp" || got.SecretKey.Reveal() != "key" ||
		got.Token.Reveal() != "token" || got.Expires.Unix() != expires.Unix() {
		t.Errorf("credentials of %q expire %v, want AKIDtmp and %v",
			got.SecretID, got.Expires, expires)
	}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(time.Hour)
	fake := newFakeSTS(t, stsAnswer(expires))
	base := Static("AKIDbase", "base-key", "base-token")
	expectSession(t, AssumeRole(base, fake.service(), Role{
		RoleARN: "qcs::cam::uin/1:roleName/deploy", SessionName: "ci", Duration: 900,
		Policy: `{"version":"2.0"}`, ExternalID: "x-1", SourceIdentity: "100", SerialNumber: "mfa",
		TokenCode: NewSecret("123456"),
	}), expires)
	want := map[string]any{
		"RoleArn": "qcs::cam::uin/1:roleName/deploy", "RoleSessionName": "ci",
		"DurationSeconds": 900.0, "Policy": "%7B%22version%22%3A%222.0%22%7D",
		"ExternalId": "x-1", "SourceIdentity": "100", "SerialNumber": "mfa", "TokenCode": "123456",
	}
	if diff := cmp.Diff(want, fake.body); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if got := fake.header.Get("X-TC-Action"); got != "AssumeRole" {
		t.Errorf("action = %q, want AssumeRole", got)
	}
	if got := fake.header.Get("X-TC-Token"); got != "base-token" {
		t.Errorf("token = %q, want the base's", got)
	}
	if got := fake.header.Get("Authorization"); !strings.Contains(got, "Credential=AKIDbase/") {
		t.Errorf("authorization = %q, want it signed by the base", got)
	}
}

func TestAssumeRoleLeavesOutWhatIsNotSet(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(time.Hour)
	fake := newFakeSTS(t, stsAnswer(expires))
	expectSession(t, AssumeRole(Static("AKIDbase", "k", ""), fake.service(),
		Role{RoleARN: "arn", SessionName: "terraform"}), expires)
	want := map[string]any{
		"RoleArn": "arn", "RoleSessionName": "terraform", "DurationSeconds": 7200.0,
	}
	if diff := cmp.Diff(want, fake.body); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestWebIdentityReadsTheTokenFileAndSignsNothing(t *testing.T) {
	t.Parallel()
	expires := time.Now().Add(time.Hour)
	fake := newFakeSTS(t, stsAnswer(expires))
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("oidc-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expectSession(t, AssumeRoleWithWebIdentity(fake.service(), WebIdentity{
		RoleARN: "arn", SessionName: "ci", ProviderID: "github", TokenFile: file,
	}), expires)
	want := map[string]any{
		"RoleArn": "arn", "RoleSessionName": "ci", "DurationSeconds": 7200.0,
		"ProviderId": "github", "WebIdentityToken": "oidc-token",
	}
	if diff := cmp.Diff(want, fake.body); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if got := fake.header.Get("Authorization"); got != "SKIP" {
		t.Errorf("authorization = %q, want SKIP", got)
	}
}

func TestRefusedRoleIsACredentialsError(t *testing.T) {
	t.Parallel()
	fake := newFakeSTS(t, `{"Response": {"Error": {"Code": "UnauthorizedOperation",
		"Message": "not allowed"}, "RequestId": "r-2"}}`)
	base := Static("AKIDbase", "canary-key", "canary-token")
	_, err := AssumeRole(base, fake.service(),
		Role{RoleARN: "arn", SessionName: "ci"}).Credentials(t.Context())
	expectCredentialsError(t, err, "UnauthorizedOperation", "arn", "AKIDbase", "r-2")

	_, err = AssumeRoleWithWebIdentity(fake.service(), WebIdentity{
		RoleARN: "arn", SessionName: "ci", ProviderID: "github", Token: NewSecret("canary-oidc"),
	}).Credentials(t.Context())
	expectCredentialsError(t, err, "UnauthorizedOperation", "arn", "github")
}

func TestMissingTokenFileIsACredentialsError(t *testing.T) {
	t.Parallel()
	_, err := AssumeRoleWithWebIdentity(STS{}, WebIdentity{
		RoleARN: "arn", ProviderID: "github", TokenFile: filepath.Join(t.TempDir(), "gone"),
	}).Credentials(t.Context())
	expectCredentialsError(t, err, "gone", "github")
}

func TestAssumeRoleKeepsTheErrorOfItsBase(t *testing.T) {
	t.Parallel()
	base := lastResortOf(t, &stand{})
	_, err := AssumeRole(base, STS{}, Role{RoleARN: "arn"}).
		Credentials(t.Context())
	expectCredentialsError(t, err, "tried: the moon: dark")
}

func expectCredentialsError(t *testing.T, err error, wants ...string) {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("error = %v, want a *Error", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("error shows a secret: %q", err)
	}
}
