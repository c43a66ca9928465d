package sse

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

func EncryptionAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed: true,
		MarkdownDescription: "How COS reports that the object is encrypted. Refreshing stores " +
			"what COS says, planning compares it with `sse`, so encryption that somebody took " +
			"off or changed shows as a difference here. Refer to this attribute rather than to " +
			"`sse[0]`.",
		Attributes: map[string]schema.Attribute{
			"mode": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`NONE`, `SSE-COS`, `SSE-KMS` or `SSE-C`.",
			},
			"algorithm": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "Algorithm that COS names, for example `AES256`; null where " +
					"it names none (`NONE`, `SSE-KMS`).",
			},
			"kms_key_id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Id of the KMS key with `SSE-KMS`, otherwise null.",
			},
			"customer_key_md5": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "Base64 of the MD5 of the 32 key bytes with `SSE-C`, " +
					"otherwise null. It identifies the key and is all that COS keeps of it. Null " +
					"with `SSE-C` means that somebody encrypted the object with another key.",
			},
		},
	}
}
