package prefix

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

var (
	pendingTypes = map[string]attr.Type{
		"objects": types.Int64Type, "bytes": types.Int64Type, "requests": types.Int64Type,
		"by_engine": types.MapType{ElemType: types.Int64Type}, "new_versions": types.Int64Type,
	}
	sampleTypes = map[string]attr.Type{
		"key": types.StringType, "version_id": types.StringType, "mode": types.StringType,
		"violation": types.StringType, "blocked": types.StringType,
	}
	attestationTypes = map[string]attr.Type{
		"key": types.StringType, "sha256": types.StringType,
	}
)

// Schema describes the resource. ModifyPlan decides the computed attributes.
func (r *managedResource) Schema(
	ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse,
) {
	attributes := argumentAttributes()
	for name, attribute := range reportedAttributes() {
		attributes[name] = attribute
	}
	for name, attribute := range engineAttributes() {
		attributes[name] = attribute
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The guarantee that all objects under a prefix, or of a whole bucket, " +
			"are encrypted as its `sse` block says. Every refresh audits within the bounds of " +
			"`audit`; what is not as expected is rewritten by the next apply, after the plan has " +
			"shown how much that is. **Creating it audits and rewrites nothing**, and so does a " +
			"change of what is expected. The state holds counts and never objects. Destroying it " +
			"forgets the guarantee: objects stay as they are.\n\nCOS's listings say nothing about " +
			"encryption, so the first audit costs one request per object. With `evidence`, later " +
			"ones cost one per 1000 objects, and one for each that is new, changed or was not looked " +
			"at for long.\n\nA bucket's default encryption (`cos_bucket_encryption`) keeps plain " +
			"objects out from then on, and no more than that: a header of an upload overrules it. " +
			"The two together keep a bucket encrypted.",
		Attributes: attributes,
		Blocks: map[string]schema.Block{
			"sse": sseBlock(), "accept": acceptBlock(), "audit": auditBlock(),
			"evidence": evidenceBlock(), "batch": batchBlock(),
			"timeouts": value.DescribedTimeouts(timeouts.Block(ctx, timeouts.Opts{
				Create: true, Update: true,
				CreateDescription: "How long the first audit may take, for example `2h`. Default: no " +
					"limit. When it is over, what was seen until then is kept, and `complete` is " +
					"`false`.",
				UpdateDescription: "How long rewriting may take. Default: no limit. When it is over, " +
					"the next apply goes on.",
			}), "How long to work. Reaching a timeout is no error."),
		},
	}
}

func argumentAttributes() map[string]schema.Attribute {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return map[string]schema.Attribute{
		"bucket": schema.StringAttribute{
			Required: true, PlanModifiers: replace,
			Validators: []validator.String{value.Limit(cosapi.ValidateBucket)},
			MarkdownDescription: "Name of the bucket with its APPID, for example " +
				"`examplebucket-1250000000`.",
		},
		"prefix": schema.StringAttribute{
			Required: true, PlanModifiers: replace,
			Validators: []validator.String{value.Limit(value.OrEmpty(cosapi.ValidatePrefix))},
			MarkdownDescription: "Start of the keys. `\"\"` is the whole bucket, and has to be " +
				"written.",
		},
		"region": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateRegion)},
			PlanModifiers:       []planmodifier.String{address.ReplaceIfRegionMoves()},
			MarkdownDescription: "Region of the bucket. Default: the provider's region at creation.",
		},
		"exclude_prefixes": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.Set{
				setvalidator.ValueStringsAre(value.Limit(cosapi.ValidatePrefix)),
			},
			MarkdownDescription: "Starts of keys that are counted and neither looked at nor rewritten: " +
				"a folder, or the whole key of an object that is managed by itself. The attestation " +
				"names them, so that an exception is seen.",
		},
		"enforce": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether to rewrite what is not as expected. With `false` nothing is " +
				"ever rewritten; refreshes still count and warn. Default: `true`.",
		},
		"include_noncurrent": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether earlier versions are audited, too. They are reported and " +
				"never rewritten: copying one would make it the current one. Default: `false`.",
		},
		"triggers": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Arbitrary values. A change has what COS refused to have rewritten " +
				"(`locked`, `denied`, `error` in `blocked`) tried again.",
		},
	}
}

func reportedAttributes() map[string]schema.Attribute {
	number := func(text string) schema.Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: text}
	}
	numbers := func(text string) schema.Attribute {
		return schema.MapAttribute{
			Computed: true, ElementType: types.Int64Type, MarkdownDescription: text,
		}
	}
	text := func(text string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	return map[string]schema.Attribute{
		"id":         text("`bucket/prefix`."),
		"total":      number("Objects under the prefix but for those excluded."),
		"bytes":      number("Their size in bytes."),
		"violations": number("Objects that are not encrypted as expected."),
		"excluded":   number("Objects under `exclude_prefixes`."),
		"unknown": number("Objects whose encryption could not be seen, or for which the bounds of " +
			"`audit` did not reach."),
		"compliant": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether every object was seen to be as expected: the audit is " +
				"complete, and neither `violations` nor `unknown` is above 0.",
		},
		"complete": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether the last audit looked at everything. If a refresh could " +
				"not, the counts are those of the audit before.",
		},
		"counts": numbers("Objects by mode and key, for example `SSE-KMS key 48ba…`; at most 24, and " +
			"the rest as `(other)`."),
		"blocked": numbers("Objects that are not as expected, or unknown, and will not be rewritten, " +
			"by reason: `archived` (restore them first), `denied`, `too_large_for_engine`, " +
			"`customer_key` (their SSE-C key is not in `customer_keys`), `locked`, `appendable`, " +
			"`symlink`, `noncurrent`, `error`."),
		"pending": schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "The bill: what the next apply rewrites. An apply never rewrites an " +
				"object that its plan has not counted here.",
			Attributes: map[string]schema.Attribute{
				"objects":  number("Number of objects."),
				"bytes":    number("Their size in bytes; no byte leaves COS."),
				"requests": number("Requests that rewriting them takes."),
				"by_engine": numbers("Objects by engine: `direct` copies each object onto itself, " +
					"from here; `batch` is COS Batch."),
				"new_versions": number("Objects of which an earlier version stays, and is paid for, " +
					"because the bucket has versioning."),
			},
		},
		"violation_samples": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The first violations by key, at most 5.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"key": text("Key; percent-encoded where Terraform cannot carry it, and cut off after " +
					"200 characters."),
				"version_id": text("Version, with `include_noncurrent`."),
				"mode":       text("`NONE`, `SSE-COS`, `SSE-KMS` or `SSE-C`."),
				"violation":  text("What is wrong."),
				"blocked":    text("Why it will not be rewritten, null if it will."),
			}},
		},
		"audited_at": text("When the listing of the last audit with other findings began, as RFC 3339 " +
			"in UTC."),
		"status": text("`compliant`, `violations`, or `incomplete`: an audit or a rewrite did not come " +
			"to its end."),
		"attestation": schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "The document that the last apply wrote about what it found, in the " +
				"bucket of `evidence`; null without that.",
			Attributes: map[string]schema.Attribute{
				"key":    text("Key of the object."),
				"sha256": text("SHA-256 of its bytes, hexadecimal."),
			},
		},
	}
}

func one(text string, attributes map[string]schema.Attribute, blocks map[string]schema.Block) schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: text, Validators: []validator.List{listvalidator.SizeAtMost(1)},
		NestedObject: schema.NestedBlockObject{Attributes: attributes, Blocks: blocks},
	}
}

func sseBlock() schema.Block {
	return one("How objects have to be encrypted, and how those that are not are rewritten. Exactly "+
		"one of `cos`, `kms` and `c`.", nil, map[string]schema.Block{
		"cos": one("With a key that COS keeps (SSE-COS).", map[string]schema.Attribute{
			"algorithm": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("AES256"),
				Validators:          []validator.String{value.Limit(value.IsOneOf(sse.DefaultAlgorithm, "SM4"))},
				MarkdownDescription: "`AES256` (default) or `SM4`.",
			},
		}, nil),
		"kms": one("With a key in Tencent Cloud KMS (SSE-KMS).", map[string]schema.Attribute{
			"key_id": schema.StringAttribute{
				Optional: true, Validators: []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
				MarkdownDescription: "The key (CMK). Required here: it is what is audited.",
			},
			"context": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Encryption context of what is rewritten. It is not audited: COS " +
					"never returns it.",
			},
		}, nil),
		"c": one("With a key of your own (SSE-C).", map[string]schema.Attribute{
			"key_name": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the key in the provider's `customer_keys`. Required.",
			},
		}, nil),
	})
}

func acceptBlock() schema.Block {
	texts := func(text string, validators ...validator.Set) schema.Attribute {
		return schema.SetAttribute{
			Optional: true, ElementType: types.StringType, Validators: validators,
			MarkdownDescription: text,
		}
	}
	return one("What is right as well, and never rewritten: the old key during a rotation, for "+
		"example.", map[string]schema.Attribute{
		"modes": texts("Modes: `NONE`, `SSE-COS`, `SSE-KMS`, `SSE-C`. Default: those of the keys that "+
			"are named.", setvalidator.ValueStringsAre(stringvalidator.OneOf("NONE", "SSE-COS",
			"SSE-KMS", "SSE-C"))),
		"kms_key_ids":       texts("KMS keys that are right for SSE-KMS. Default: any."),
		"customer_key_md5s": texts("SSE-C keys that are right, as the Base64 of their MD5. Default: any."),
	}, nil)
}

func auditBlock() schema.Block {
	return one("Bounds of an audit. `max_age`, `max_duration` and `max_requests` bound a refresh; past "+
		"one of them the last counts stay, and `complete` is `false`.", map[string]schema.Attribute{
		"max_age": schema.StringAttribute{
			Optional: true, Validators: []validator.String{value.Limit(validateDuration)},
			MarkdownDescription: "A refresh takes an audit that is no older than this as it is. " +
				"Default: `1h`.",
		},
		"max_duration": schema.StringAttribute{
			Optional: true, Validators: []validator.String{value.Limit(validateDuration)},
			MarkdownDescription: "How long a refresh may audit; `0s`: no limit. Default: `5m`.",
		},
		"max_requests": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many requests a refresh may make. Default: no limit.",
		},
		"rate": schema.Float64Attribute{
			Optional: true, Validators: []validator.Float64{float64validator.AtLeast(0)},
			MarkdownDescription: "Requests a second, of audits and rewrites; `0`: no limit. Default: " +
				"500. COS serves 30000 a second and bucket in mainland China, 3000 elsewhere.",
		},
		"concurrency": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 64)},
			MarkdownDescription: "Objects looked at, or rewritten, side by side; all audits of the provider " +
				"share 64. Default: 64.",
		},
		"max_errors": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many objects may be impossible to look at before the audit ends. " +
				"Each is counted in `unknown`. Default: 100.",
		},
	}, nil)
}

func evidenceBlock() schema.Block {
	return one("Where ledgers and attestations are kept. Without it every audit looks at every object. "+
		"What is written there is encrypted with SSE-COS and named by its content; ledgers are "+
		"signed with a key in the resource's private state, so that whoever can write the bucket "+
		"cannot forge a proof. Needs to read, write, list and delete there; without the right to "+
		"write, a refresh warns and works.", map[string]schema.Attribute{
		"bucket": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{value.Limit(cosapi.ValidateBucket)},
			MarkdownDescription: "Bucket, in the same region. Required.",
		},
		"prefix": schema.StringAttribute{
			Optional:   true,
			Validators: []validator.String{value.Limit(value.OrEmpty(cosapi.ValidatePrefix))},
			MarkdownDescription: "Start of the keys, usually a folder with its slash. It must not be " +
				"under the audited prefix unless excluded. Default: none.",
		},
	}, nil)
}

// IdentitySchema names what identifies the resource, for Terraform 1.12 and newer.
func (r *managedResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"bucket": identityschema.StringAttribute{
			RequiredForImport: true, Description: "Name of the bucket.",
		},
		"prefix": identityschema.StringAttribute{
			RequiredForImport: true, Description: "Start of the keys; empty for the whole bucket.",
		},
		"region": identityschema.StringAttribute{
			OptionalForImport: true, Description: "Region of the bucket.",
		},
	}}
}
