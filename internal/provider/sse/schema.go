package sse

import (
	"encoding/base64"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/address"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/describe"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// DefaultAlgorithm is what COS takes for SSE-COS where nothing else is asked for.
const DefaultAlgorithm = "AES256"

const keyText = "The key itself: 32 bytes, or the Base64 (44 characters) of 32 bytes."

// The blocks sse of what is written. They differ in what can give a key and in what is remembered:
// only a resource has write-only arguments and a state.
var (
	resourceBlock = block(blockOptions{
		text: " Changing it is one server-side copy of the object onto itself. An object that " +
			"somebody encrypted otherwise is corrected in the same way.",
		defaultAlgorithm: DefaultAlgorithm,
		kmsKeyID: " That key is remembered: another one later is corrected, and removing " +
			"`key_id` keeps the key in use.",
		remembersKMSKey: true,
		context: "it is compared with the state, changes made by somebody else are not seen, and " +
			"after an import it is applied once.",
		c: " Exactly one of `key_name`, `key_wo` and `key`. A rotation is one server-side copy as " +
			"long as the old key is at hand.",
		keys: []describe.Argument{
			keyName(" Rotate by naming another key, and keep both in `customer_keys` until it is " +
				"applied."),
			writeOnlyKey(keyText + " Stored neither in the plan nor in the state. A refresh has no " +
				"key, so it sees existence, size, ETag and mode; the rest is checked while " +
				"planning. Requires `key_wo_version`."),
			{
				Name: "key_wo_version", Kind: describe.Number,
				Text: "Version of `key_wo`, required with it. Another number than before means " +
					"that `key_wo` holds a new key: the object is copied onto itself if the old " +
					"key is in the provider's `customer_keys`, otherwise its body is uploaded " +
					"again.",
			},
			clearKey(" **It is stored in the state in clear**; prefer `key_name` or `key_wo`. " +
				"Switching to `key_name` or `key_wo` with the same key sends nothing."),
			keyMD5(),
		},
	})
	dataSourceBlock = block(blockOptions{
		kmsKeyID: " Any key of SSE-KMS then satisfies.",
		context:  "it decides nothing about whether the object is right.",
		c:        " Exactly one of `key_name` and `key`.",
		keys:     []describe.Argument{keyName(""), StoredKey(), keyMD5()},
	})
	actionBlock = block(blockOptions{
		context: "with a context the object is always encrypted again.",
		keys:    []describe.Argument{keyName(""), keyMD5()},
	})
)

// ResourceBlock is the sse block of a managed resource.
func ResourceBlock() describe.Block { return resourceBlock }

// DataSourceBlock is the sse block of a data source that writes: its keys are stored.
func DataSourceBlock() describe.Block { return dataSourceBlock }

// ActionBlock is the sse block of an action, which takes no secrets.
func ActionBlock() describe.Block { return actionBlock }

// blockOptions is in what the sse blocks differ. Texts go behind those that all have.
type blockOptions struct {
	text, kmsKeyID, context, c string
	defaultAlgorithm           string
	remembersKMSKey            bool
	keys                       []describe.Argument
}

func block(options blockOptions) describe.Block {
	return describe.Block{
		Name: "sse",
		Text: "How COS encrypts the object at rest. Exactly one of `cos`, `kms` and `c`. Required." +
			options.text,
		Blocks: []describe.Block{
			{
				Name: "cos",
				Text: "SSE-COS: COS makes, keeps and applies the keys. It costs nothing and asks " +
					"nothing of readers.",
				Arguments: []describe.Argument{{
					Name: "algorithm", Default: options.defaultAlgorithm,
					Check: value.IsOneOf(DefaultAlgorithm, "SM4"),
					Text:  "Algorithm of SSE-COS: `AES256` (default) or `SM4`.",
				}},
			},
			{
				Name: "kms",
				Text: "SSE-KMS: a key of Tencent Cloud KMS encrypts the object's data key. Readers " +
					"need permission to decrypt with the key; KMS bills requests.",
				Arguments: []describe.Argument{
					{
						Name: "key_id", Computed: options.remembersKMSKey,
						Check: cosapi.ValidateHeaderValue,
						Text: "Id of the KMS key, of the bucket's region. When not set, COS uses " +
							"the key that it keeps for the account." + options.kmsKeyID,
					},
					{
						Name: "context", Kind: describe.TextMap,
						Text: "Encryption context: names and values that KMS binds to the data " +
							"key and logs. COS never returns it: " + options.context,
					},
				},
			},
			{
				Name: "c",
				Text: "SSE-C: COS encrypts with a key that you give with every request, and " +
					"forgets it. Whoever loses the key loses the object." + options.c,
				Arguments: options.keys,
			},
		},
	}
}

// OpeningText describes the block that names the key of an object that is only read.
const OpeningText = "The object's SSE-C key. Not needed for objects with SSE-COS or SSE-KMS, " +
	"nor for SSE-C objects whose key is in the provider's `customer_keys`: those are tried in " +
	"alphabetical order, one request each."

// OpeningBlock is the sse block of what is only read: it has a key, not a mode. keys are the ways
// to give the key, beside its name.
func OpeningBlock(text string, keys ...describe.Argument) describe.Block {
	ways := "Exactly one of `key_name` and `key`."
	if len(keys) > 1 {
		ways = "Exactly one of `key_name`, `key_wo` and `key`."
	}
	return describe.Block{Name: "sse", Text: text, Blocks: []describe.Block{{
		Name: "c", Text: "The SSE-C key. " + ways,
		Arguments: append([]describe.Argument{keyName(""), keyMD5()}, keys...),
	}}}
}

// StoredKey is the argument key where nothing is write-only.
func StoredKey() describe.Argument {
	return clearKey(" **It is stored in the state in clear**, and it cannot be ephemeral: data " +
		"sources have no write-only arguments. Prefer `key_name`.")
}

// EphemeralKey is the argument key where nothing is stored.
func EphemeralKey() describe.Argument { return clearKey(" It may be ephemeral and is stored nowhere.") }

// WriteOnlyKeys are the arguments key_wo and key of a resource that only reads.
func WriteOnlyKeys(writeOnly string) []describe.Argument {
	return []describe.Argument{
		writeOnlyKey(keyText + writeOnly),
		clearKey(" **It is stored in the state in clear**; prefer `key_name` or `key_wo`."),
	}
}

func keyName(addition string) describe.Argument {
	return describe.Argument{
		Name: "key_name",
		Text: "Name of a key in the provider's `customer_keys`. It is the best way to give a key: " +
			"nothing secret is stored, and a refresh sees everything." + addition,
	}
}

func clearKey(addition string) describe.Argument {
	return describe.Argument{Name: "key", Sensitive: true, Text: keyText + addition}
}

func writeOnlyKey(text string) describe.Argument {
	return describe.Argument{Name: "key_wo", Sensitive: true, WriteOnly: true, Text: text}
}

func keyMD5() describe.Argument {
	return describe.Argument{
		Name: "key_md5", Check: validateKeyMD5,
		Text: "Base64 of the MD5 that the key must have, which `provider::cos::customer_key_md5` " +
			"computes. It is no secret, so that a plan shows which key is meant; another key is an " +
			"error before any request. It has to be written out: it cannot come from an ephemeral " +
			"value.",
	}
}

// validateKeyMD5 checks the form of an MD5 as COS reports it.
func validateKeyMD5(text string) error {
	if sum, err := base64.StdEncoding.DecodeString(text); err != nil || len(sum) != 16 {
		return errors.New("the MD5 of a key is the Base64 (24 characters) of 16 bytes")
	}
	return nil
}

// KeyName is the argument key_name of an action that opens an object. Actions take no secrets:
// Terraform refuses ephemeral and write-only values in them.
func KeyName() describe.Argument {
	return describe.Argument{
		Name: "key_name",
		Text: "Name of the object's SSE-C key in the provider's `customer_keys`. Not needed for " +
			"objects with SSE-COS or SSE-KMS, nor where the right key is found by trying all of " +
			"them in alphabetical order, one request each.",
	}
}

// OneBodyText says how the ways to give a body exclude each other.
const OneBodyText = "At most one of `content`, `content_base64`, `content_wo`, `source` and " +
	"`copy_source` may be set; none of them only for an imported object, whose bytes then stay " +
	"as they are."

var (
	resourceCopySource = copySource("Another object whose bytes are the body of this one, copied "+
		"on the server: nothing is downloaded or uploaded. Encryption, headers, metadata, tags, "+
		"ACL and storage class are this resource's own, never the source's. Copied again when the "+
		"source's version or ETag changes. "+OneBodyText,
		"the copy then waits until the source is written, and fails if it has changed since.",
		clearKey(" **It is stored in the state in clear**; prefer `key_name`."))
	dataSourceCopySource = copySource("The object to copy. Required.",
		"the data source is then read, and the copy made, after the source is written in the same "+
			"apply.", StoredKey())
)

// ResourceCopySource is the copy_source block of a managed resource.
func ResourceCopySource() describe.Block { return resourceCopySource }

// DataSourceCopySource is the copy_source block of a data source.
func DataSourceCopySource() describe.Block { return dataSourceCopySource }

// copySource is a copy_source block. Its c block has no write-only key: a copy is repeated whenever
// its source changes, so its key has to be at hand in every plan.
func copySource(text, ifMatch string, key describe.Argument) describe.Block {
	bucket, object := address.Bucket(""), address.Key("")
	bucket.Required, object.Required = false, false
	bucket.Text = "Name of the source's bucket with its APPID. Required."
	object.Text = "Key of the source within its bucket. Required."
	region := address.Region("the region of the copy.")
	region.Computed, region.Text = false,
		"Region of the source's bucket. Default: the region of the copy."
	return describe.Block{
		Name: "copy_source", Text: text,
		Arguments: []describe.Argument{
			bucket, object, region,
			address.VersionID("Version of the source. Default: the current one at the time of " +
				"the copy."),
			{
				Name: "if_match", Check: value.NotEmpty,
				Text: "ETag that the source must have, usually the `etag` of the resource that " +
					"writes it: " + ifMatch + " Quotes are optional.",
			},
		},
		Blocks: []describe.Block{OpeningBlock("The source's SSE-C key. Not needed with SSE-COS and "+
			"SSE-KMS, which COS reads by itself.", key)},
	}
}

// Encryption is the reported attribute encryption.
func Encryption(text string) describe.Argument {
	reported := func(name, text string) describe.Argument {
		return describe.Argument{Name: name, Reported: true, Text: text}
	}
	return describe.Argument{
		Name: "encryption", Kind: describe.Object, Text: text,
		Members: []describe.Argument{
			reported("mode", "`NONE`, `SSE-COS`, `SSE-KMS` or `SSE-C`."),
			reported("algorithm", "Algorithm that COS names, for example `AES256`; null where it "+
				"names none (`NONE`, `SSE-KMS`)."),
			reported("kms_key_id", "Id of the KMS key with `SSE-KMS`, otherwise null."),
			reported("customer_key_md5", "Base64 of the MD5 of the 32 key bytes with `SSE-C`, "+
				"otherwise null. It identifies the key and is all that COS keeps of it; "+
				"`provider::cos::customer_key_md5` computes it."),
		},
	}
}

// The types of the blocks of a resource. Those of data sources lack the write-only arguments; the
// decoders read both shapes.
var (
	Type           = resourceBlock.Type()
	CopySourceType = resourceCopySource.Type()

	cosType, kmsType, cType = elementType(Type, "cos"), elementType(Type, "kms"), elementType(Type, "c")

	copySourceSSEType = elementType(CopySourceType, "sse")
	copySourceCType   = elementType(copySourceSSEType, "c")
)

// elementType is the type of a nested block.
func elementType(block types.ObjectType, name string) types.ObjectType {
	list, _ := block.AttrTypes[name].(types.ListType)
	element, _ := list.ElemType.(types.ObjectType)
	return element
}
