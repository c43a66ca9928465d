package objects

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// Schema describes the data source.
func (d *dataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An encryption audit of the objects of a bucket, or of a prefix of " +
			"it: how each one is encrypted, whether it can be read with the keys at hand, and " +
			"how many there are of each mode. COS's listings say nothing about encryption, so " +
			"it costs one request per 1000 objects and one per object; an SSE-C object costs one " +
			"more for each key of `customer_keys` that is tried. To keep a bucket encrypted, with " +
			"audits that cost the listing alone, use the resource `cos_encrypted_prefix`.",
		Attributes: map[string]schema.Attribute{
			"limit": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "How many objects to look at. Default: all. `truncated` tells " +
					"whether there are more.",
			},
			"max_objects": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)},
				MarkdownDescription: "How many objects `objects` holds at most: they are in the " +
					"state. Counts are of all objects either way. Default: 10000.",
			},
			"max_errors": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "How many objects may be impossible to look at before the audit " +
					"ends. Each counts in `unknown`. Default: 100.",
			},
			"max_requests": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "How many requests to make. Past it `complete` is `false`. " +
					"Default: no limit.",
			},
			"max_duration": schema.StringAttribute{
				Optional: true, Validators: []validator.String{value.Limit(validateDuration)},
				MarkdownDescription: "How long to audit, for example `10m`. Past it `complete` is " +
					"`false`. Default: no limit.",
			},
			"rate": schema.Float64Attribute{
				Optional: true, Validators: []validator.Float64{float64validator.AtLeast(0)},
				MarkdownDescription: "Requests a second. Default: no limit but `concurrency`.",
			},
			"concurrency": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, 64)},
				MarkdownDescription: "Objects looked at side by side; all audits of the provider share " +
					"64. Default: 64.",
			},
			"exclude_prefixes": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				Validators: []validator.Set{
					setvalidator.ValueStringsAre(value.Limit(cosapi.ValidatePrefix)),
				},
				MarkdownDescription: "Starts of keys that are counted in `excluded` and not looked at.",
			},
			"report_path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "File to write a report to: one HTML page with the verdict, charts " +
					"by mode, class and folder, violations, and what was not looked at. It needs no " +
					"network and holds no script. Terraform reads data sources, and so writes the " +
					"file, while it plans. Only a file that is missing, or an earlier report, is " +
					"replaced.",
			},
			"include_noncurrent": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to look at every version in a versioned bucket and " +
					"not only at the current ones: re-encrypting an object leaves its earlier " +
					"versions as they were. Default: `false`.",
			},
			"only": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf(onlyAll, onlyViolations)},
				MarkdownDescription: "Which objects `objects` holds: `violations` (default), or " +
					"`all`. Counts are of all objects either way.",
			},
			"id": schema.StringAttribute{
				Computed: true, MarkdownDescription: "`bucket/prefix`.",
			},
			"objects": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "The objects in the order of their keys, the versions of one " +
					"key newest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: auditedObjectAttributes()},
			},
			"counts": schema.MapAttribute{
				Computed: true, ElementType: types.Int64Type,
				MarkdownDescription: "Number of objects by mode: `NONE`, `SSE-COS`, `SSE-KMS`, " +
					"`SSE-C`, and `UNKNOWN` for those whose encryption could not be seen.",
			},
			"total": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Number of objects but for those excluded.",
			},
			"bytes": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Their size in bytes.",
			},
			"excluded": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Number of objects under `exclude_prefixes`.",
			},
			"unknown": schema.Int64Attribute{
				Computed: true,
				MarkdownDescription: "Number of objects whose encryption could not be seen, or for " +
					"which the bounds did not reach.",
			},
			"not_addressable": schema.Int64Attribute{
				Computed: true,
				MarkdownDescription: "Number of objects whose keys Terraform cannot carry: it would " +
					"change them to another Unicode form. They are looked at, and named " +
					"percent-encoded.",
			},
			"complete": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether everything was listed and looked at. A check of the audit " +
					"should demand `true`.",
			},
			"violations": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "Number of objects that are not as expected, or of which " +
					"that is unknown.",
			},
			"truncated": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether there are more objects than `limit`, or than the " +
					"other bounds let look at.",
			},
		},
		Blocks: map[string]schema.Block{"expect": expectBlock()},
	}
	maps.Copy(resp.Schema.Attributes, describe.DataSourceAttributes(
		address.Bucket(""), address.Region(address.ProvidersRegion),
		address.Prefix("Start of the keys to audit. Default: all of the bucket.")))
}

func expectBlock() schema.Block {
	var modes []string
	for _, mode := range auditModes {
		modes = append(modes, string(mode))
	}
	texts := func(text string, validators ...validator.Set) schema.Attribute {
		return schema.SetAttribute{
			Optional: true, ElementType: types.StringType, Validators: validators,
			MarkdownDescription: text,
		}
	}
	return schema.ListNestedBlock{
		Validators: []validator.List{listvalidator.SizeAtMost(1)},
		MarkdownDescription: "How objects have to be encrypted. Anything else is a violation, and " +
			"so is an object whose encryption cannot be seen. Default: encrypted in any way.",
		NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"modes": texts("Modes that are right: `NONE`, `SSE-COS`, `SSE-KMS`, `SSE-C`. Default: "+
				"all but `NONE`.", setvalidator.ValueStringsAre(stringvalidator.OneOf(modes...))),
			"kms_key_ids": texts("KMS keys that are right for SSE-KMS. Default: any."),
			"customer_key_md5s": texts("SSE-C keys that are right, as the Base64 of their MD5. " +
				"Default, where `key_names` is not set either: any."),
			"key_names": texts("SSE-C keys that are right, as names in the provider's " +
				"`customer_keys`, in addition to `customer_key_md5s`."),
		}},
	}
}

var auditModes = []cosapi.Mode{
	cosapi.ModeNone, cosapi.ModeSSECOS, cosapi.ModeSSEKMS, cosapi.ModeSSEC,
}

func auditedObjectAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"is_latest": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether this is the current version of its key.",
		},
		"size": schema.Int64Attribute{Computed: true, MarkdownDescription: "Size in bytes."},
		"readable": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether the object can be read: its key is at hand, the " +
				"credentials may look at it, and it is not archived, or is restored.",
		},
	}
	for name, text := range map[string]string{
		"key":           "Key of the object; percent-encoded where Terraform cannot carry it.",
		"version_id":    "Version, where `include_noncurrent` is set or COS names it; else null.",
		"etag":          "ETag without quotes.",
		"last_modified": "When the object was last written, as RFC 3339 in UTC.",
		"storage_class": "Storage class.",
		"mode": "`NONE`, `SSE-COS`, `SSE-KMS`, `SSE-C` or `UNKNOWN`. COS refuses an SSE-C object " +
			"without its key; where it does so in a way that a missing permission explains as " +
			"well, the mode is `UNKNOWN`.",
		"algorithm":        "Algorithm of SSE-COS or SSE-C, otherwise null.",
		"kms_key_id":       "KMS key of SSE-KMS, otherwise null.",
		"customer_key_md5": "Base64 of the MD5 of the SSE-C key, null if no key at hand opens it.",
		"key_name":         "Name in `customer_keys` of the SSE-C key that opens it, otherwise null.",
		"violation":        "What is wrong with the object, null if it is as expected.",
	} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: text}
	}
	return attributes
}
