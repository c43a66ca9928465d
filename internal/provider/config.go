package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// Limits of the provider's own settings. COS takes parts of 1 MB to 5 GB (documents 7750, 7742).
const (
	maxRetriesLimit    = 100
	minPartSize        = 1 << 20
	maxPartSize        = 5 << 30
	maxConcurrency     = 256
	maxSessionDuration = 43200
	maxResponseTimeout = 3600    // seconds
	maxTransferRate    = 1 << 30 // bytes a second
	maxCopyTimeout     = 86400   // seconds
)

// auditConcurrency is how many objects all audits of the provider look at side by side.
const auditConcurrency = 64

const (
	refreshHead = "head"
	refreshList = "list"

	defaultEndpoint = "https://{bucket}.cos.{region}.myqcloud.com"
)

var refreshModes = []string{refreshHead, refreshList}

// environmentOf is the precedence of everything that the environment can set: what the
// configuration says comes first, then these variables in order, then the default. Credentials
// have an order of their own, see credentialSource.
var environmentOf = map[string][]string{
	"region":                  {"TENCENTCLOUD_REGION", "COS_REGION"},
	"endpoint":                {"COS_ENDPOINT"},
	"custom_ca_bundle":        {"COS_CA_BUNDLE"},
	"profile":                 {"TENCENTCLOUD_PROFILE"},
	"shared_credentials_dir":  {"TENCENTCLOUD_SHARED_CREDENTIALS_DIR"},
	"cam_role_name":           {"TENCENTCLOUD_CAM_ROLE_NAME"},
	"role_arn":                {"TENCENTCLOUD_ASSUME_ROLE_ARN"},
	"session_name":            {"TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME"},
	"session_duration":        {"TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"},
	"external_id":             {"TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID"},
	"source_identity":         {"TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY"},
	"serial_number":           {"TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER"},
	"token_code":              {"TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE"},
	"provider_id":             {"TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID"},
	"web_identity_token":      {"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN"},
	"web_identity_token_file": {"TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE"},
	"saml_assertion":          {"TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION"},
	"principal_arn":           {"TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN"},
	"max_retries":             {"TF_COS_MAX_RETRIES"},
	"part_size":               {"TF_COS_PART_SIZE"},
	"transfer_concurrency":    {"TF_COS_TRANSFER_CONCURRENCY"},
	"refresh_mode":            {"TF_COS_REFRESH_MODE"},
	"checkpoint_dir":          {"TF_COS_CHECKPOINT_DIR"},
	"copy_threshold":          {"TF_COS_COPY_THRESHOLD"},
	"copy_part_size":          {"TF_COS_COPY_PART_SIZE"},
	"response_timeout":        {"TF_COS_RESPONSE_TIMEOUT"},
	"min_transfer_rate":       {"TF_COS_MIN_TRANSFER_RATE"},
	"copy_timeout":            {"TF_COS_COPY_TIMEOUT"},
	"sts_endpoint":            {"TF_COS_STS_ENDPOINT"},
	"metadata_endpoint":       {"TF_COS_METADATA_ENDPOINT"},
}

// providerSetup turns one provider block and the environment into providerdata.Data. It collects
// diagnostics on its way.
type providerSetup struct {
	config    providerModel
	env       func(string) string
	version   string
	terraform string

	diags diag.Diagnostics
	// bundle is the content of custom_ca_bundle.
	bundle []byte
	// given are the secrets that blocks and their variables gave.
	given []string
	// unknown is set by the first setting of the client that is not known yet.
	unknown bool
}

// data builds the provider's data. Without errors it is complete; its client is nil while
// configuration is unknown.
func (s *providerSetup) data(ctx context.Context) (*providerdata.Data, diag.Diagnostics) {
	s.env = withoutBlanks(s.env)
	data := &providerdata.Data{
		Version: s.version, Prefixes: &sync.Map{},
		Written: providerdata.NewWritten(), AuditSlots: make(chan struct{}, auditConcurrency),
	}
	var keyDiags diag.Diagnostics
	data.Keyring, data.KeyringUnknown, keyDiags = decodeKeyring(ctx, s.config.CustomerKeys)
	s.diags.Append(keyDiags...)

	settings := s.clientConfig(ctx)
	data.Endpoint = settings.Endpoint
	data.Secrets = s.secrets
	data.Region, data.RegionUnknown = s.region(), s.config.Region.IsUnknown()
	listing := s.listing()
	data.Unknown = s.unknown
	if s.unknown || s.diags.HasError() {
		return data, s.diags
	}
	client, err := cosapi.New(settings)
	if err != nil {
		s.diags.AddAttributeError(path.Root("endpoint"), "Provider configuration is not usable",
			diagnose.Sentence(err))
		return data, s.diags
	}
	data.Client = client
	if listing {
		data.Refresher = cosapi.NewListRefresher(client)
	}
	return data, s.diags
}

// clientConfig is everything that the client needs.
func (s *providerSetup) clientConfig(ctx context.Context) cosapi.Config {
	none := types.Int64Null()
	s.bundle = s.caBundle()
	bucket := s.text("endpoint_bucket", s.config.EndpointBucket)
	region := s.text("endpoint_region", s.config.EndpointRegion)
	identity, anyAnswer := s.requestIDHeader()
	return cosapi.Config{
		Endpoint:            s.endpoint(bucket, region),
		EndpointBucket:      bucket,
		EndpointRegion:      region,
		CopySourceEndpoint:  s.text("copy_source_endpoint", s.config.CopySourceEndpoint),
		Credentials:         s.credentialSource(ctx),
		CABundle:            s.bundle,
		MaxRetries:          s.maxRetries(),
		PartSize:            s.number("part_size", s.config.PartSize, minPartSize, maxPartSize),
		TransferConcurrency: s.transferConcurrency(),
		CopyThreshold:       s.number("copy_threshold", none, 1, maxPartSize),
		CopyPartSize:        s.number("copy_part_size", none, minPartSize, maxPartSize),
		CheckpointDir:       s.checkpointDir(),
		RequestIDHeader:     identity,
		BelieveAnyAnswer:    anyAnswer,
		HeaderTimeout:       s.seconds("response_timeout", s.config.ResponseTimeout, maxResponseTimeout),
		MinRate:             s.minRate(),
		CopyTimeout:         s.seconds("copy_timeout", s.config.CopyTimeout, maxCopyTimeout),
		UserAgent:           s.userAgent(),
		Observe:             logRequest,
		Progress:            logProgress,
	}
}

// maxRetries translates 0, no retries, which cosapi writes as a negative number.
func (s *providerSetup) maxRetries() int {
	retries := s.number("max_retries", s.config.MaxRetries, 0, maxRetriesLimit)
	if retries == 0 && s.isSet("max_retries", s.config.MaxRetries) {
		return -1
	}
	return int(retries)
}

// requestIDHeader resolves request_id_header: "" in the configuration means something, so it is not
// the same as unset.
func (s *providerSetup) requestIDHeader() (name string, believeAny bool) {
	configured := s.config.RequestIDHeader
	switch {
	case configured.IsUnknown():
		s.unknown = true
		return "", false
	case configured.IsNull() || configured.ValueString() != "":
		return configured.ValueString(), false
	}
	s.diags.AddAttributeWarning(path.Root("request_id_header"), "Every answer is believed",
		"request_id_header is empty: the provider cannot tell an answer of COS from the page of a "+
			"proxy or gateway. A page with status 404 can pass for a deleted object, and be planned "+
			"to be created again. Name the header that every answer of this endpoint has.")
	return "", true
}

// seconds resolves a duration, 0 where it is not set.
func (s *providerSetup) seconds(name string, configured types.Int64, highest int64) time.Duration {
	return time.Duration(s.number(name, configured, 1, highest)) * time.Second
}

// minRate translates 0, no least rate, which cosapi writes as a negative number.
func (s *providerSetup) minRate() int64 {
	rate := s.number("min_transfer_rate", s.config.MinTransferRate, 0, maxTransferRate)
	if rate == 0 && s.isSet("min_transfer_rate", s.config.MinTransferRate) {
		return -1
	}
	return rate
}

func (s *providerSetup) transferConcurrency() int {
	return int(s.number("transfer_concurrency", s.config.TransferConcurrency, 1, maxConcurrency))
}

// text resolves a setting by environmentOf. An empty string is the same as unset, so that modules
// can pass variables with an empty default through.
func (s *providerSetup) text(name string, configured types.String) string {
	if configured.IsUnknown() {
		s.unknown = true
		return ""
	}
	if value := configured.ValueString(); value != "" {
		return value
	}
	value, _ := s.fromEnvironment(name)
	return value
}

// withoutBlanks is an environment without blank variables: somebody forgot to fill them in.
func withoutBlanks(env func(string) string) func(string) string {
	return func(name string) string {
		if value := env(name); strings.TrimSpace(value) != "" {
			return value
		}
		return ""
	}
}

func (s *providerSetup) fromEnvironment(name string) (value, variable string) {
	for _, variable := range environmentOf[name] {
		if value := s.env(variable); value != "" {
			return value, variable
		}
	}
	return "", ""
}

// number resolves a numeric setting, 0 where it is not set: cosapi has the defaults. It checks the
// range of what came from the environment; the schema checks what is configured.
func (s *providerSetup) number(
	name string, configured types.Int64, lowest, highest int64,
) int64 {
	if configured.IsUnknown() {
		s.unknown = true
		return 0
	}
	if !configured.IsNull() {
		return configured.ValueInt64()
	}
	value, variable := s.fromEnvironment(name)
	if value == "" {
		return 0
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < lowest || n > highest {
		s.diags.AddError("Environment variable is not usable", fmt.Sprintf(
			"%s is %q; it has to be a whole number from %d to %d.", variable, value, lowest, highest))
		return 0
	}
	return n
}

// isSet tells a number that is 0 from one that is not set.
func (s *providerSetup) isSet(name string, configured types.Int64) bool {
	value, _ := s.fromEnvironment(name)
	return !configured.IsNull() || value != ""
}

// listing reports refresh_mode "list".
func (s *providerSetup) listing() bool {
	mode := s.text("refresh_mode", s.config.RefreshMode)
	if mode != "" && !slices.Contains(refreshModes, mode) {
		_, variable := s.fromEnvironment("refresh_mode")
		s.diags.AddError("Environment variable is not usable", fmt.Sprintf(
			"%s is %q; it has to be one of %s.", variable, mode, strings.Join(refreshModes, ", ")))
	}
	return mode == refreshList
}

// region is the default region; unlike the client's settings it may be unknown.
func (s *providerSetup) region() string {
	if s.config.Region.IsUnknown() {
		return ""
	}
	if region := s.config.Region.ValueString(); region != "" {
		return s.checkedRegion(region, "")
	}
	if region, variable := s.fromEnvironment("region"); region != "" {
		return s.checkedRegion(region, "The environment variable "+variable)
	}
	region, profile := s.profileRegion()
	if region == "" {
		return ""
	}
	return s.checkedRegion(region, "The .configure file of the tccli profile "+profile)
}

// checkedRegion refuses what is no region and says where it came from; "" is the provider block.
func (s *providerSetup) checkedRegion(region, origin string) string {
	err := cosapi.ValidateRegion(region)
	switch {
	case err == nil:
		return region
	case origin == "":
		s.diags.AddAttributeError(path.Root("region"), "Value is not usable",
			fmt.Sprintf("region: %s.", err))
	default:
		s.diags.AddError("Region is not usable",
			fmt.Sprintf("%s says %q: %s.", origin, region, err))
	}
	return ""
}

// endpoint resolves the endpoint and warns of one that came from the environment and leads
// somewhere unexpected: whoever sets variables could otherwise read keys and bodies unnoticed.
func (s *providerSetup) endpoint(bucket, region string) string {
	if s.config.Endpoint.IsUnknown() {
		s.unknown = true
		return ""
	}
	if template := s.config.Endpoint.ValueString(); template != "" {
		s.diags.Append(checkEndpoint(template, bucket, region, "")...)
		return template
	}
	template, variable := s.fromEnvironment("endpoint")
	if template == "" {
		return defaultEndpoint
	}
	invalid := checkEndpoint(template, bucket, region, variable)
	s.diags.Append(invalid...)
	if len(invalid) == 0 && !isFamiliarEndpoint(template) {
		s.diags.AddAttributeWarning(path.Root("endpoint"), "Endpoint comes from the environment",
			fmt.Sprintf("The environment variable %s sends every request, SSE-C keys included, to "+
				"%s, which is neither Tencent Cloud's nor on this machine. Set endpoint in the "+
				"provider block if that is meant.", variable, template))
	}
	return template
}

// caBundle reads custom_ca_bundle.
func (s *providerSetup) caBundle() []byte {
	file := s.text("custom_ca_bundle", s.config.CustomCABundle)
	if file == "" {
		return nil
	}
	bundle, err := os.ReadFile(file)
	if err != nil {
		s.diags.AddAttributeError(path.Root("custom_ca_bundle"), "Cannot read custom_ca_bundle",
			diagnose.Sentence(err))
	}
	return bundle
}

// checkpointDir is where uploads leave notes to continue by; "" when there is no place for them
// or TF_COS_CHECKPOINT_DIR is "off".
func (s *providerSetup) checkpointDir() string {
	switch dir, _ := s.fromEnvironment("checkpoint_dir"); dir {
	case "":
	case "off":
		return ""
	default:
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "terraform-provider-cos", "uploads")
}

// userAgent says who is calling, as the registry asks providers to.
func (s *providerSetup) userAgent() string {
	agent := fmt.Sprintf("Terraform/%s terraform-provider-cos/%s", s.terraform, s.version)
	if extra := strings.TrimSpace(s.env("TF_APPEND_USER_AGENT")); extra != "" {
		agent += " " + extra
	}
	return agent
}
