package provider

import (
	"context"
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// staticFamilies are the families of environment variables that give an API key. A key, its
// SecretId and its token are always taken from one family: a token of one key does not fit
// another.
var staticFamilies = []struct{ id, key, token string }{
	{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN"},
	{"COS_SECRET_ID", "COS_SECRET_KEY", "COS_SECURITY_TOKEN"},
}

// credentialSource decides where credentials come from. What is configured wins over what the
// environment says, and in each the order is: web identity, API key, tccli profile, instance
// role; then a TKE pod's identity; then the default tccli profile. A role is assumed on top of
// whatever was found.
func (s *providerSetup) credentialSource(ctx context.Context) credential.Source {
	if s.credentialsUnknown() {
		s.unknown = true
		return nil
	}
	role := oneBlock[assumeRoleModel](ctx, s, s.config.AssumeRole)
	web := oneBlock[webIdentityModel](ctx, s, s.config.WebIdentity)
	if s.unknown {
		return nil
	}
	source, usedRole := s.configuredSource(web), web != nil
	if source == nil {
		source, usedRole = s.environmentSource()
	}
	if role == nil && !usedRole {
		if arn, _ := s.fromEnvironment("role_arn"); arn != "" {
			role = &assumeRoleModel{}
		}
	}
	if role == nil {
		return source
	}
	return s.assumeRole(source, *role)
}

func (s *providerSetup) credentialsUnknown() bool {
	for _, value := range []types.String{
		s.config.SecretID, s.config.SecretKey, s.config.SecurityToken, s.config.Profile,
		s.config.SharedCredentialsDir, s.config.CAMRoleName,
	} {
		if value.IsUnknown() {
			return true
		}
	}
	return s.config.AssumeRole.IsUnknown() || s.config.WebIdentity.IsUnknown()
}

// oneBlock decodes a block that may be there once.
func oneBlock[M any](ctx context.Context, s *providerSetup, list types.List) *M {
	var models []M
	s.diags.Append(list.ElementsAs(ctx, &models, true)...)
	if len(models) == 0 {
		return nil
	}
	return &models[0]
}

// configuredSource is the source that the provider block names, nil if it names none.
func (s *providerSetup) configuredSource(web *webIdentityModel) credential.Source {
	switch {
	case web != nil:
		return s.webIdentity(*web)
	case s.config.SecretID.ValueString() != "" || s.config.SecretKey.ValueString() != "":
		return s.configuredKey()
	case s.config.Profile.ValueString() != "" || s.config.SharedCredentialsDir.ValueString() != "":
		return credential.Profile(s.profile())
	case s.config.CAMRoleName.ValueString() != "":
		return s.instanceRole(s.config.CAMRoleName.ValueString())
	}
	return nil
}

// configuredKey is the API key of the provider block; its half that is missing there may come
// from the environment.
func (s *providerSetup) configuredKey() credential.Source {
	id, key := s.config.SecretID.ValueString(), s.config.SecretKey.ValueString()
	for _, family := range staticFamilies {
		if id == "" {
			id = s.env(family.id)
		}
		if key == "" {
			key = s.env(family.key)
		}
	}
	if id == "" {
		s.diags.AddAttributeError(path.Root("secret_id"), "Credentials are incomplete",
			"secret_key is set, but secret_id is not, neither here nor in TENCENTCLOUD_SECRET_ID "+
				"or COS_SECRET_ID.")
	}
	if key == "" {
		s.diags.AddAttributeError(path.Root("secret_key"), "Credentials are incomplete",
			"secret_id is set, but secret_key is not, neither here nor in "+
				"TENCENTCLOUD_SECRET_KEY or COS_SECRET_KEY.")
	}
	return credential.Static(id, key, s.config.SecurityToken.ValueString())
}

// environmentSource is the source that the environment names, or the default profile.
// webIdentity reports that TENCENTCLOUD_ASSUME_ROLE_ARN is used up by a web identity.
func (s *providerSetup) environmentSource() (source credential.Source, webIdentity bool) {
	if s.hasWebIdentityVariables() {
		return s.webIdentity(webIdentityModel{}), true
	}
	for _, family := range staticFamilies {
		id, key := s.env(family.id), s.env(family.key)
		if id != "" && key != "" {
			return credential.Static(id, key, s.token(s.env(family.token))), false
		}
		if id != "" || key != "" {
			s.diags.AddError("Credentials are incomplete", fmt.Sprintf(
				"Of the environment variables %s and %s only one is set.", family.id, family.key))
			return nil, false
		}
	}
	if name, _ := s.fromEnvironment("profile"); name != "" {
		return credential.Profile(s.profile()), false
	}
	if name, _ := s.fromEnvironment("cam_role_name"); name != "" {
		return s.instanceRole(name), false
	}
	if s.env("TKE_ROLE_ARN") != "" && s.env("TKE_WEB_IDENTITY_TOKEN_FILE") != "" {
		return s.podIdentity(), false
	}
	dir, name := s.profile()
	return credential.LastResort(dir, name, triedSources), false
}

// triedSources is what a missing-credentials error lists, in the order of environmentSource.
var triedSources = []string{
	"secret_id and secret_key, profile, cam_role_name and assume_role_with_web_identity of the " +
		"provider block: not set",
	"TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, COS_SECRET_ID and COS_SECRET_KEY: not set",
	"TENCENTCLOUD_PROFILE, TENCENTCLOUD_CAM_ROLE_NAME, " +
		"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN(_FILE), TKE_ROLE_ARN: not set",
}

func (s *providerSetup) hasWebIdentityVariables() bool {
	token, _ := s.fromEnvironment("web_identity_token")
	file, _ := s.fromEnvironment("web_identity_token_file")
	return token != "" || file != ""
}

// token prefers a configured token over the environment's.
func (s *providerSetup) token(fromEnvironment string) string {
	if token := s.config.SecurityToken.ValueString(); token != "" {
		return token
	}
	return fromEnvironment
}

// profile is the tccli profile in use.
func (s *providerSetup) profile() (dir, name string) {
	dir = s.text("shared_credentials_dir", s.config.SharedCredentialsDir)
	name = s.text("profile", s.config.Profile)
	if name == "" {
		name = "default"
	}
	return dir, name
}

// profileRegion is the region that the tccli profile names, where one is named at all, and the name
// of the profile.
func (s *providerSetup) profileRegion() (region, profile string) {
	if s.config.Profile.IsUnknown() || s.config.SharedCredentialsDir.IsUnknown() {
		return "", ""
	}
	if s.text("profile", s.config.Profile) == "" {
		return "", ""
	}
	dir, name := s.profile()
	return credential.ProfileRegion(dir, name), name
}

func (s *providerSetup) instanceRole(name string) credential.Source {
	endpoint, _ := s.fromEnvironment("metadata_endpoint")
	return credential.InstanceRole(credential.Instance{Name: name, Endpoint: endpoint})
}

func (s *providerSetup) podIdentity() credential.Source {
	sts := s.sts()
	if region := s.env("TKE_REGION"); region != "" {
		sts.Region = region
	}
	return credential.AssumeRoleWithWebIdentity(sts, credential.WebIdentity{
		RoleARN:     s.env("TKE_ROLE_ARN"),
		ProviderID:  s.env("TKE_PROVIDER_ID"),
		TokenFile:   s.env("TKE_WEB_IDENTITY_TOKEN_FILE"),
		SessionName: s.sessionName(types.StringNull()),
	})
}

func (s *providerSetup) webIdentity(web webIdentityModel) credential.Source {
	identity := credential.WebIdentity{
		RoleARN:     s.text("role_arn", web.RoleARN),
		ProviderID:  s.text("provider_id", web.ProviderID),
		TokenFile:   s.text("web_identity_token_file", web.TokenFile),
		SessionName: s.sessionName(web.SessionName),
		Duration:    s.sessionDuration(web.SessionDuration),
	}
	if web.TokenFile.ValueString() == "" {
		identity.Token = credential.NewSecret(s.text("web_identity_token", web.Token))
	}
	at := path.Root("assume_role_with_web_identity")
	s.require(at, "role_arn", web.RoleARN, identity.RoleARN)
	s.require(at, "provider_id", web.ProviderID, identity.ProviderID)
	if identity.Token.IsZero() && identity.TokenFile == "" {
		s.require(at, "web_identity_token_file", web.TokenFile, "")
	}
	return credential.AssumeRoleWithWebIdentity(s.sts(), identity)
}

func (s *providerSetup) assumeRole(
	base credential.Source, role assumeRoleModel,
) credential.Source {
	assumed := credential.Role{
		RoleARN:        s.text("role_arn", role.RoleARN),
		SessionName:    s.sessionName(role.SessionName),
		Duration:       s.sessionDuration(role.SessionDuration),
		Policy:         s.text("policy", role.Policy),
		ExternalID:     s.text("external_id", role.ExternalID),
		SourceIdentity: s.text("source_identity", role.SourceIdentity),
		SerialNumber:   s.text("serial_number", role.SerialNumber),
		TokenCode:      credential.NewSecret(s.text("token_code", role.TokenCode)),
	}
	s.require(path.Root("assume_role"), "role_arn", role.RoleARN, assumed.RoleARN)
	return credential.AssumeRole(base, s.sts(), assumed)
}

// require reports a member of a block that is set neither there nor in the environment.
func (s *providerSetup) require(block path.Path, name string, given types.String, value string) {
	if value != "" || given.IsUnknown() {
		return
	}
	s.diags.AddAttributeError(block.AtListIndex(0).AtName(name), "Role is incomplete",
		fmt.Sprintf("%s needs %s, here or in the environment variable %s.",
			block, name, environmentOf[name][0]))
}

func (s *providerSetup) sessionName(configured types.String) string {
	if name := s.text("session_name", configured); name != "" {
		return name
	}
	return "terraform"
}

func (s *providerSetup) sessionDuration(configured types.Int64) int64 {
	return s.number("session_duration", configured, 1, maxSessionDuration)
}

// sts is where roles are assumed.
func (s *providerSetup) sts() credential.STS {
	endpoint, _ := s.fromEnvironment("sts_endpoint")
	return credential.STS{Endpoint: endpoint, Region: s.region(), CABundle: s.bundle}
}

// secrets are the credentials that this process was given, for log masks.
func (s *providerSetup) secrets() []string {
	secrets := []string{
		s.config.SecretKey.ValueString(), s.config.SecurityToken.ValueString(),
		s.env("TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"),
	}
	for _, family := range staticFamilies {
		secrets = append(secrets, s.env(family.key), s.env(family.token))
	}
	escaped := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		escaped = append(escaped, url.QueryEscape(secret))
	}
	return append(secrets, escaped...)
}
