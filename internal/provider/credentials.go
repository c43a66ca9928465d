package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"

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

// A found source is where credentials come from.
type foundSource struct {
	credential.Source
	// federated sessions are a role's already, and STS tells nobody whose they are: SAML and web
	// identity.
	federated bool
}

// credentialSource decides where credentials come from. What is configured wins over what the
// environment says, and in each the order is: web identity, SAML, API key, tccli profile, instance
// role; then a TKE pod's identity; then the default tccli profile; then the instance's role,
// whatever its name. A role is assumed on top of whatever was found. The page index has the same as
// a table.
func (s *providerSetup) credentialSource(ctx context.Context) credential.Source {
	if s.credentialsUnknown() {
		s.unknown = true
		return nil
	}
	role := oneBlock[assumeRoleModel](ctx, s, s.config.AssumeRole)
	web := oneBlock[webIdentityModel](ctx, s, s.config.WebIdentity)
	saml := oneBlock[samlModel](ctx, s, s.config.SAML)
	if s.unknown {
		return nil
	}
	found := s.configuredSource(web, saml)
	if found.Source == nil {
		found = s.environmentSource()
	}
	if found.Source == nil {
		return nil
	}
	if arn, _ := s.fromEnvironment("role_arn"); role == nil && !found.federated && arn != "" {
		role = &assumeRoleModel{}
	}
	source := found.Source
	if role != nil {
		source = s.assumeRole(source, *role)
	}
	return s.inAccounts(ctx, source, found.federated)
}

// inAccounts holds the source to allowed_account_ids and forbidden_account_ids.
func (s *providerSetup) inAccounts(
	ctx context.Context, source credential.Source, federated bool,
) credential.Source {
	accounts := credential.Accounts{
		Allowed:   s.texts(ctx, s.config.AllowedAccountIDs),
		Forbidden: s.texts(ctx, s.config.ForbiddenAccountIDs),
	}
	if accounts.IsZero() {
		return source
	}
	if federated {
		s.diags.AddAttributeError(path.Root(s.accountArgument()), "The account cannot be checked",
			"The credentials come from SAML or a web identity, and STS does not say which account "+
				"such sessions belong to. Leave allowed_account_ids and forbidden_account_ids out: the "+
				"ARN of the role names its account.")
	}
	return credential.InAccounts(source, s.sts(), accounts)
}

func (s *providerSetup) accountArgument() string {
	if s.config.AllowedAccountIDs.IsNull() {
		return "forbidden_account_ids"
	}
	return "allowed_account_ids"
}

// texts is a set of texts, all of them known.
func (s *providerSetup) texts(ctx context.Context, set types.Set) []string {
	var values []types.String
	s.diags.Append(set.ElementsAs(ctx, &values, true)...)
	all := make([]string, 0, len(values))
	for _, value := range values {
		s.unknown = s.unknown || value.IsUnknown()
		all = append(all, value.ValueString())
	}
	return all
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
	return s.config.AssumeRole.IsUnknown() || s.config.WebIdentity.IsUnknown() ||
		s.config.SAML.IsUnknown() || s.config.AllowedAccountIDs.IsUnknown() ||
		s.config.ForbiddenAccountIDs.IsUnknown()
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

// configuredSource is the source that the provider block names, without a Source if it names none.
func (s *providerSetup) configuredSource(web *webIdentityModel, saml *samlModel) foundSource {
	switch {
	case web != nil:
		return foundSource{s.webIdentity(*web), true}
	case saml != nil:
		return foundSource{s.saml(*saml), true}
	case s.config.SecretID.ValueString() != "" || s.config.SecretKey.ValueString() != "":
		return foundSource{s.configuredKey(), false}
	case s.config.Profile.ValueString() != "" || s.config.SharedCredentialsDir.ValueString() != "":
		return foundSource{credential.FromProfile(s.profile()), false}
	case s.config.CAMRoleName.ValueString() != "":
		return foundSource{credential.InstanceRole(s.instance(s.config.CAMRoleName.ValueString())), false}
	}
	return foundSource{}
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

// environmentSource is the source that the environment names, or the last resort. Without a Source
// there is an error.
func (s *providerSetup) environmentSource() foundSource {
	if s.hasVariable("web_identity_token") || s.hasVariable("web_identity_token_file") {
		return foundSource{s.webIdentity(webIdentityModel{}), true}
	}
	if s.hasVariable("saml_assertion") {
		return foundSource{s.saml(samlModel{}), true}
	}
	for _, family := range staticFamilies {
		id, key := s.env(family.id), s.env(family.key)
		if id != "" && key != "" {
			return foundSource{credential.Static(id, key, s.token(s.env(family.token))), false}
		}
		if id != "" || key != "" {
			s.diags.AddError("Credentials are incomplete", fmt.Sprintf(
				"Of the environment variables %s and %s only one is set.", family.id, family.key))
			return foundSource{}
		}
	}
	if s.hasVariable("profile") {
		return foundSource{credential.FromProfile(s.profile()), false}
	}
	if name, _ := s.fromEnvironment("cam_role_name"); name != "" {
		return foundSource{credential.InstanceRole(s.instance(name)), false}
	}
	if s.env("TKE_ROLE_ARN") != "" && s.env("TKE_WEB_IDENTITY_TOKEN_FILE") != "" {
		return foundSource{s.podIdentity(), true}
	}
	return foundSource{credential.LastResort(s.profile(), s.instance(""), triedSources), false}
}

// triedSources is what a missing-credentials error lists, in the order of environmentSource.
var triedSources = []string{
	"secret_id and secret_key, profile, cam_role_name, assume_role_with_web_identity and " +
		"assume_role_with_saml of the provider block: not set",
	"TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, COS_SECRET_ID and COS_SECRET_KEY: not set",
	"TENCENTCLOUD_PROFILE, TENCENTCLOUD_CAM_ROLE_NAME, " +
		"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN(_FILE), " +
		"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION, TKE_ROLE_ARN: not set",
}

func (s *providerSetup) hasVariable(name string) bool {
	value, _ := s.fromEnvironment(name)
	return value != ""
}

// token prefers a configured token over the environment's.
func (s *providerSetup) token(fromEnvironment string) string {
	if token := s.config.SecurityToken.ValueString(); token != "" {
		return token
	}
	return fromEnvironment
}

// profile is the tccli profile in use, which may name a role, to be assumed where s.sts is. The
// region does not matter to STS, and finding it would ask for the profile.
func (s *providerSetup) profile() credential.Profile {
	name := s.text("profile", s.config.Profile)
	if name == "" {
		name = "default"
	}
	return credential.Profile{
		Dir: s.text("shared_credentials_dir", s.config.SharedCredentialsDir), Name: name,
		STS: credential.STS{Endpoint: s.serviceEndpoint("sts_endpoint"), CABundle: s.bundle},
	}
}

// profileRegion is the region that the tccli profile names, and the name of the profile.
func (s *providerSetup) profileRegion() (region, profile string) {
	if s.config.Profile.IsUnknown() || s.config.SharedCredentialsDir.IsUnknown() {
		return "", ""
	}
	used := s.profile()
	return used.Region(), used.Name
}

func (s *providerSetup) instance(name string) credential.Instance {
	return credential.Instance{Name: name, Endpoint: s.serviceEndpoint("metadata_endpoint")}
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
		RoleARNFile: web.RoleARNFile.ValueString(),
		ProviderID:  s.text("provider_id", web.ProviderID),
		TokenFile:   s.text("web_identity_token_file", web.TokenFile),
		SessionName: s.sessionName(web.SessionName),
		Duration:    s.sessionDuration(web.SessionDuration),
	}
	at := path.Root("assume_role_with_web_identity")
	switch {
	case web.RoleARNFile.IsUnknown():
		s.unknown = true
	case identity.RoleARNFile != "": // configured, so it comes before a variable
		identity.RoleARN = web.RoleARN.ValueString()
	default:
		identity.RoleARN = s.text("role_arn", web.RoleARN)
		s.require(at, "role_arn", web.RoleARN, identity.RoleARN)
	}
	if web.TokenFile.ValueString() == "" {
		identity.Token = s.secret("web_identity_token", web.Token)
	}
	if identity.Token.IsZero() && identity.TokenFile == "" {
		s.require(at, "web_identity_token_file", web.TokenFile, "")
	}
	return credential.AssumeRoleWithWebIdentity(s.sts(), identity)
}

func (s *providerSetup) saml(saml samlModel) credential.Source {
	subject := credential.SAML{
		RoleARN:      s.text("role_arn", saml.RoleARN),
		PrincipalARN: s.text("principal_arn", saml.PrincipalARN),
		Assertion:    s.secret("saml_assertion", saml.Assertion),
		SessionName:  s.sessionName(saml.SessionName),
		Duration:     s.sessionDuration(saml.SessionDuration),
	}
	at := path.Root("assume_role_with_saml")
	s.require(at, "role_arn", saml.RoleARN, subject.RoleARN)
	s.require(at, "principal_arn", saml.PrincipalARN, subject.PrincipalARN)
	s.require(at, "saml_assertion", saml.Assertion, subject.Assertion.Reveal())
	return credential.AssumeRoleWithSAML(s.sts(), subject)
}

// secret is text that no log may show.
func (s *providerSetup) secret(name string, configured types.String) credential.Secret {
	text := s.text(name, configured)
	s.given = append(s.given, text)
	return credential.NewSecret(text)
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
		TokenCode:      s.secret("token_code", role.TokenCode),
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
	return credential.STS{
		Endpoint: s.serviceEndpoint("sts_endpoint"), Region: s.region(), CABundle: s.bundle,
	}
}

// serviceEndpoint is where the environment says that STS or the metadata service is, "" for where
// they really are. Like an endpoint of COS it is warned of where that is unexpected.
func (s *providerSetup) serviceEndpoint(name string) string {
	endpoint, variable := s.fromEnvironment(name)
	if endpoint == "" {
		return ""
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		s.diags.AddError("Environment variable is not usable", fmt.Sprintf(
			"%s is %q; it has to be a URL, https://host.", variable, endpoint))
		return ""
	}
	var because []string
	if !isFamiliarHost(address.Hostname(), serviceDomains) {
		because = append(because, "is neither Tencent Cloud's nor on this machine")
	}
	if address.Scheme == "http" && !isFamiliarHost(address.Hostname(), []string{metadataDomain, "localhost"}) {
		because = append(because, "can be read and changed on its way, because it is plain http")
	}
	if len(because) > 0 {
		s.diags.AddWarning("Credentials come from elsewhere", fmt.Sprintf(
			"The environment variable %s has credentials fetched from %s, which %s. Unset it if that "+
				"is not meant.", variable, endpoint, strings.Join(because, " and ")))
	}
	return endpoint
}

// metadataDomain is an instance's own link, where http is all there is.
const metadataDomain = "metadata.tencentyun.com"

var serviceDomains = []string{"tencentcloudapi.com", "tencentcloudapi.cn", metadataDomain, "localhost"}

// secrets are the credentials that this process was given, for log masks.
func (s *providerSetup) secrets() []string {
	secrets := append([]string{
		s.config.SecretKey.ValueString(), s.config.SecurityToken.ValueString(),
	}, s.given...)
	for _, name := range []string{"web_identity_token", "saml_assertion", "token_code"} {
		value, _ := s.fromEnvironment(name)
		secrets = append(secrets, value)
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
