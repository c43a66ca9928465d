package sse

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// DefaultAlgorithm is what COS takes for SSE-COS where nothing else is asked for.
const DefaultAlgorithm = "AES256"

// algorithms are the algorithms of SSE-COS.
var algorithms = []string{DefaultAlgorithm, "SM4"}

// The words that describe the sse block are shared by every kind of schema that has it.
const (
	modesText = "How COS encrypts the object at rest. Exactly one of `cos`, `kms` and `c`."

	cosText = "SSE-COS: COS makes, keeps and applies the keys. It costs nothing and asks " +
		"nothing of readers."
	algorithmText = "Algorithm of SSE-COS: `AES256` (default) or `SM4`."

	kmsText = "SSE-KMS: a key of Tencent Cloud KMS encrypts the object's data key. Readers " +
		"need permission to decrypt with the key; KMS bills requests."
	kmsKeyIDText = "Id of the KMS key, of the bucket's region. When not set, COS uses the " +
		"key that it keeps for the account."
	kmsContextText = "Encryption context: names and values that KMS binds to the data key and " +
		"logs. COS never returns it: it is compared with the state, changes made by somebody " +
		"else are not seen, and after an import it is applied once."

	cText = "SSE-C: COS encrypts with a key that you give with every request, and forgets " +
		"it. Whoever loses the key loses the object."
	KeyNameText = "Name of a key in the provider's `customer_keys`. It is the best way to " +
		"give a key: nothing secret is stored, and a refresh sees everything."
)

// Block is the sse block of a resource. Blocks are lists, because only a list can be unknown:
// a dynamic block whose for_each is unknown would otherwise look like a written one. Counts are
// checked by Validate; no child is Required, which would demand it of absent blocks.
func Block() schema.Block {
	return schema.ListNestedBlock{
		MarkdownDescription: modesText + " Required. Changing it is one server-side copy of the " +
			"object onto itself. An object that somebody encrypted otherwise is corrected in the " +
			"same way.",
		NestedObject: schema.NestedBlockObject{Blocks: map[string]schema.Block{
			"cos": schema.ListNestedBlock{
				MarkdownDescription: cosText,
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"algorithm": schema.StringAttribute{
						Optional: true, Computed: true,
						Default:             stringdefault.StaticString(DefaultAlgorithm),
						Validators:          []validator.String{value.OneOf(algorithms...)},
						MarkdownDescription: algorithmText,
					},
				}},
			},
			"kms": schema.ListNestedBlock{
				MarkdownDescription: kmsText,
				NestedObject:        schema.NestedBlockObject{Attributes: kmsAttributes()},
			},
			"c": schema.ListNestedBlock{
				MarkdownDescription: cText + " Exactly one of `key_name`, `key_wo` and `key`. " +
					"A rotation is one server-side copy as long as the old key is at hand.",
				NestedObject: schema.NestedBlockObject{Attributes: cAttributes()},
			},
		}},
	}
}

func kmsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"key_id": schema.StringAttribute{
			Optional: true, Computed: true,
			Validators: []validator.String{value.Limit(cosapi.ValidateHeaderValue)},
			MarkdownDescription: kmsKeyIDText + " That key is remembered: another one later " +
				"is corrected, and removing `key_id` keeps the key in use.",
		},
		"context": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: kmsContextText,
		},
	}
}

func cAttributes() map[string]schema.Attribute {
	attributes := maps.Clone(writeOnlyKeyAttributes())
	attributes["key_name"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: KeyNameText + " Rotate by naming another key, and keep both in " +
			"`customer_keys` until it is applied.",
	}
	attributes["key"] = schema.StringAttribute{
		Optional: true, Sensitive: true,
		MarkdownDescription: "The key itself: 32 bytes, or the Base64 (44 characters) of 32 " +
			"bytes. **It is stored in the state in clear**; prefer `key_name` or `key_wo`. " +
			"Switching to `key_name` or `key_wo` with the same key sends nothing.",
	}
	return attributes
}

func writeOnlyKeyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"key_wo": schema.StringAttribute{
			Optional: true, Sensitive: true, WriteOnly: true,
			MarkdownDescription: "The key itself: 32 bytes, or the Base64 (44 characters) of 32 " +
				"bytes, stored neither in the plan nor in the state. A refresh has no key, so it " +
				"sees existence, size, ETag and mode; the rest is checked while planning. " +
				"Requires `key_wo_version`.",
		},
		"key_wo_version": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Version of `key_wo`, required with it. Another number than " +
				"before means that `key_wo` holds a new key: the object is copied onto itself if " +
				"the old key is in the provider's `customer_keys`, otherwise its body is " +
				"uploaded again.",
		},
	}
}
