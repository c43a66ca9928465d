package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Schema describes the provider block.
func (p *cosProvider) Schema(
	_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse,
) {
	attributes := map[string]schema.Attribute{
		"region": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{value.Limit(value.OrEmpty(cosapi.ValidateRegion))},
			MarkdownDescription: "Region of objects that do not name their own, for example " +
				"`ap-guangzhou`. It is used when an object is created or imported; changing it " +
				"later does not move objects. Environment: `TENCENTCLOUD_REGION`, then " +
				"`COS_REGION`; then the region of the tccli profile, also of the default one.",
		},
		"customer_keys": schema.MapAttribute{
			Optional: true, Sensitive: true, ElementType: types.StringType,
			MarkdownDescription: "The **keyring**: names and SSE-C keys. Resources, data sources " +
				"and actions name a key with `key_name`. A key is 32 bytes, given as a 32-byte " +
				"string or as the Base64 (44 characters) of 32 bytes. Provider configuration is " +
				"never stored in the state; give the keys through a variable with " +
				"`ephemeral = true` and they are in no saved plan either. During a rotation keep " +
				"the old and the new key here.",
		},
	}
	for _, group := range []map[string]schema.Attribute{
		credentialAttributes(), endpointAttributes(), transferAttributes(),
		answerAttributes(),
	} {
		for name, attribute := range group {
			attributes[name] = attribute
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Objects in Tencent Cloud Object Storage (COS) whose encryption at " +
			"rest (SSE-COS, SSE-KMS, SSE-C) is declared, verified and corrected.",
		Attributes: attributes,
		Blocks: map[string]schema.Block{
			"assume_role":                   assumeRoleBlock(),
			"assume_role_with_web_identity": webIdentityBlock(),
			"assume_role_with_saml":         samlBlock(),
		},
	}
}

func credentialAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"secret_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "SecretId of the API key. Environment: `TENCENTCLOUD_SECRET_ID`, " +
				"then `COS_SECRET_ID`.",
		},
		"secret_key": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "SecretKey of the API key. Environment: " +
				"`TENCENTCLOUD_SECRET_KEY`, then `COS_SECRET_KEY`.",
		},
		"security_token": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Token of temporary credentials. Environment: " +
				"`TENCENTCLOUD_SECURITY_TOKEN`, then `COS_SECURITY_TOKEN`; the environment's token " +
				"is used only with a SecretId from the environment's same family of variables.",
		},
		"profile": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Profile of the Tencent Cloud CLI (tccli) to take credentials " +
				"from, and the region where none is set otherwise. A profile with `role-arn` gives " +
				"those of that role (`role-session-name` names the session, which lives for 7,200 " +
				"seconds); one of `tccli auth login` those of the login, until it expires. Default: " +
				"`default`. Environment: `TENCENTCLOUD_PROFILE`.",
		},
		"shared_credentials_dir": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Folder of the tccli credential files " +
				"(`<profile>.credential`, `<profile>.configure`). Default: `~/.tccli`. " +
				"Environment: `TENCENTCLOUD_SHARED_CREDENTIALS_DIR`.",
		},
		"cam_role_name": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "CAM role of the CVM instance that Terraform runs on; its " +
				"temporary credentials come from the metadata service and are renewed before they " +
				"expire. Where nothing else is configured the instance's role is found without its " +
				"name. Environment: `TENCENTCLOUD_CAM_ROLE_NAME`.",
		},
		"allowed_account_ids": accountsAttribute("forbidden_account_ids", "Accounts (the uin of "+
			"the main account, as STS's GetCallerIdentity tells it) that the credentials may belong "+
			"to. Asked once before the first request to COS, reads included; with credentials of "+
			"any other account nothing is sent. Not for sessions of SAML or a web identity, of "+
			"which STS does not tell the account."),
		"forbidden_account_ids": accountsAttribute("allowed_account_ids", "Accounts that the "+
			"credentials must not belong to; otherwise like `allowed_account_ids`."),
	}
}

func accountsAttribute(other, text string) schema.Attribute {
	return schema.SetAttribute{
		Optional: true, ElementType: types.StringType, MarkdownDescription: text,
		Validators: []validator.Set{
			setvalidator.SizeAtLeast(1), setvalidator.ConflictsWith(path.MatchRoot(other)),
			setvalidator.ValueStringsAre(stringvalidator.RegexMatches(digits, "an account is a number")),
		},
	}
}

var digits = regexp.MustCompile(`^[0-9]+$`)

func endpointAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"endpoint": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Where COS is, as an `https://` URL in which `{bucket}` and " +
				"`{region}` stand for the object's. Default: " +
				"`https://{bucket}.cos.{region}.myqcloud.com`. Serves internal, acceleration, " +
				"private-cloud and custom domains and local emulators (names under `.localhost` " +
				"are looked up on this machine). Plain `http://` is refused because encryption " +
				"needs HTTPS. Environment: `COS_ENDPOINT`.",
		},
		"endpoint_region": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{value.Limit(value.OrEmpty(cosapi.ValidateRegion))},
			MarkdownDescription: "The one region that an `endpoint` without `{region}` leads to, " +
				"which needs it: an acceleration, custom or private-cloud domain. Every other " +
				"region is refused, because the request would reach this one.",
		},
		"endpoint_bucket": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The one bucket that an `endpoint` without `{bucket}` serves, " +
				"for example a custom domain. Every other bucket is refused.",
		},
		"copy_source_endpoint": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Host that names the source of a server-side copy, as a template " +
				"like `endpoint` but without a scheme. Default: " +
				"`{bucket}.cos.{region}.myqcloud.com`, which is right everywhere but in private " +
				"clouds.",
		},
		"custom_ca_bundle": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "PEM file with certificate authorities to trust in addition to " +
				"the system's. Environment: `COS_CA_BUNDLE`.",
		},
	}
}

func transferAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"max_retries": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(0, maxRetriesLimit)},
			MarkdownDescription: "How often a request is tried again after throttling, a server " +
				"fault or a broken connection. 0 to 100, default 5. Environment: " +
				"`TF_COS_MAX_RETRIES`.",
		},
		"part_size": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(minPartSize, maxPartSize)},
			MarkdownDescription: "Size in bytes of the parts that larger objects are transferred " +
				"in; anything up to this size is one request. 1 MiB to 5 GiB, default 16 MiB " +
				"(16777216). Parts grow by themselves where a file would need more than 10 000. " +
				"Environment: `TF_COS_PART_SIZE`.",
		},
		"transfer_concurrency": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, maxConcurrency)},
			MarkdownDescription: "How many bodies or parts are transferred at the same time by all " +
				"resources together. 1 to 256, default 8. Environment: " +
				"`TF_COS_TRANSFER_CONCURRENCY`.",
		},
		"refresh_mode": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{stringvalidator.OneOf(refreshModes...)},
			MarkdownDescription: "How a refresh looks for drift. `head` (default): one HEAD per " +
				"object. `list`: one listing page answers for up to 1000 objects of a prefix, and " +
				"only objects whose ETag, size or modification time changed are looked at one by " +
				"one; listings lag behind writes, so drift can be seen later. Environment: " +
				"`TF_COS_REFRESH_MODE`.",
		},
	}
}

// answerAttributes say when an answer is believed, and how long one is waited for.
func answerAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"request_id_header": schema.StringAttribute{
			Optional: true,
			Validators: []validator.String{
				stringvalidator.RegexMatches(headerName, "must be the name of a header, or empty"),
			},
			MarkdownDescription: "The header by which an answer is known to be COS's own; one " +
				"without it, such as the page of a proxy, is never believed. Default: " +
				"`x-cos-request-id`, which every answer of COS has. A private cloud may name it " +
				"otherwise. `\"\"` believes every answer, with a warning: a page of whatever is in " +
				"between can then pass for a deleted object.",
		},
		"response_timeout": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, maxResponseTimeout)},
			MarkdownDescription: "Seconds within which the header of an answer must have come, from " +
				"when the request was sent; then it is tried again. Server-side copies have " +
				"`copy_timeout` instead. 1 to 3600, default 60. Environment: " +
				"`TF_COS_RESPONSE_TIMEOUT`.",
		},
		"min_transfer_rate": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(0, maxTransferRate)},
			MarkdownDescription: "Bytes a second that a request and its answer must move, over half " +
				"a minute; a slower one is cut and tried again. 0 (no limit) to 1073741824, " +
				"default 1024, which 8 parts that share 1 Mbit/s exceed 15 times. Environment: " +
				"`TF_COS_MIN_TRANSFER_RATE`.",
		},
		"copy_timeout": schema.Int64Attribute{
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, maxCopyTimeout)},
			MarkdownDescription: "Seconds that one request for a server-side copy, for a copied part " +
				"or for the completion of an upload may take: COS works on these before it " +
				"answers. 1 to 86400, default 3600. Environment: `TF_COS_COPY_TIMEOUT`.",
		},
	}
}

// headerName is what can be the name of a header, or nothing.
var headerName = regexp.MustCompile(`^[A-Za-z0-9-]*$`)

func assumeRoleBlock() schema.Block {
	return schema.ListNestedBlock{
		Validators: []validator.List{listvalidator.SizeAtMost(1)},
		MarkdownDescription: "Take the credentials above to STS and work with those of a role. " +
			"They are renewed before they expire.",
		NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"role_arn":         roleARNAttribute(),
			"session_name":     sessionNameAttribute(),
			"session_duration": sessionDurationAttribute(),
			"policy": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "CAM policy (JSON) that narrows what the session may do. It is " +
					"URL-encoded for STS by the provider.",
			},
			"external_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "External id that the role demands. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID`.",
			},
			"source_identity": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Uin of the caller, for audits. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_SOURCE_IDENTITY`.",
			},
			"serial_number": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Serial number of the caller's MFA device. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_SERIAL_NUMBER`.",
			},
			"token_code": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "Code shown by the MFA device. It can be used once, so the " +
					"session cannot be renewed. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_TOKEN_CODE`.",
			},
		}},
	}
}

func webIdentityBlock() schema.Block {
	return schema.ListNestedBlock{
		Validators: []validator.List{
			listvalidator.SizeAtMost(1),
			listvalidator.ConflictsWith(path.MatchRoot("assume_role_with_saml")),
		},
		MarkdownDescription: "Exchange a token of an OIDC identity provider (a CI system, a TKE " +
			"pod) for credentials of a role; no API key is needed. In a TKE pod with an OIDC " +
			"service account the block is not needed: `TKE_ROLE_ARN`, `TKE_PROVIDER_ID` and " +
			"`TKE_WEB_IDENTITY_TOKEN_FILE` are read where nothing else is configured.",
		NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"role_arn":         roleARNAttribute(),
			"session_name":     sessionNameAttribute(),
			"session_duration": sessionDurationAttribute(),
			"role_arn_file": schema.StringAttribute{
				Optional: true,
				Validators: []validator.String{
					stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("role_arn")),
				},
				MarkdownDescription: "File, JSON with `role_arn`, that names the role in place of " +
					"`role_arn`. Read again at each renewal.",
			},
			"provider_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the identity provider in CAM. Default: `OIDC`. " +
					"Environment: `TENCENTCLOUD_ASSUME_ROLE_PROVIDER_ID`.",
			},
			"web_identity_token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The token itself. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN`.",
			},
			"web_identity_token_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "File with the token, or with JSON that has `web_identity_token`; read " +
					"again at each renewal. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN_FILE`.",
			},
		}},
	}
}

func samlBlock() schema.Block {
	return schema.ListNestedBlock{
		Validators: []validator.List{listvalidator.SizeAtMost(1)},
		MarkdownDescription: "Exchange a SAML assertion of an identity provider for credentials of a " +
			"role; no API key is needed. Assertions live for minutes, so the session cannot be " +
			"renewed: let `session_duration` be as long as the longest apply.",
		NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"role_arn":         roleARNAttribute(),
			"session_name":     sessionNameAttribute(),
			"session_duration": sessionDurationAttribute(),
			"principal_arn": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ARN of the identity provider in CAM, for example " +
					"`qcs::cam::uin/100000000001:saml-provider/corp`. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_PRINCIPAL_ARN`.",
			},
			"saml_assertion": schema.StringAttribute{
				Optional: true, Sensitive: true,
				MarkdownDescription: "The assertion, Base64. Environment: " +
					"`TENCENTCLOUD_ASSUME_ROLE_SAML_ASSERTION`.",
			},
		}},
	}
}

func roleARNAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "ARN of the role, for example " +
			"`qcs::cam::uin/100000000001:roleName/deploy`. Environment: " +
			"`TENCENTCLOUD_ASSUME_ROLE_ARN`.",
	}
}

func sessionNameAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Name of the session in audit logs. Default: `terraform`. " +
			"Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME`.",
	}
}

func sessionDurationAttribute() schema.Attribute {
	return schema.Int64Attribute{
		Optional:   true,
		Validators: []validator.Int64{int64validator.Between(1, maxSessionDuration)},
		MarkdownDescription: "Seconds that a session lives, at most 43200. Default: 7200. " +
			"Environment: `TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION`.",
	}
}
