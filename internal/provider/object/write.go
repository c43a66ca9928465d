package object

import (
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// ref names the object of a plan or state whose identity is known. Without a region of its own it
// is in the provider's.
func (m resourceModel) ref(region string) cosapi.ObjectRef {
	if own := m.Region.ValueString(); own != "" {
		region = own
	}
	return cosapi.ObjectRef{
		Region: region, Bucket: m.Bucket.ValueString(), Key: m.Key.ValueString(),
	}
}

// objectHeaders are the headers and the metadata that a model asks for.
func objectHeaders(model resourceModel) cosapi.ObjectHeaders {
	return cosapi.ObjectHeaders{
		ContentType:        model.ContentType.ValueString(),
		CacheControl:       model.CacheControl.ValueString(),
		ContentDisposition: model.ContentDisposition.ValueString(),
		ContentEncoding:    model.ContentEncoding.ValueString(),
		ContentLanguage:    model.ContentLanguage.ValueString(),
		Expires:            model.Expires.ValueString(),
		Metadata:           value.StringMap(model.Metadata),
	}
}

// writeOptions is everything that a plan stores beside the bytes. What is not managed is absent:
// Update fills in what has to survive.
func writeOptions(plan resourceModel, encryption cosapi.Encryption) cosapi.WriteOptions {
	options := cosapi.WriteOptions{
		Encryption:   encryption,
		Headers:      objectHeaders(plan),
		StorageClass: plan.StorageClass.ValueString(),
		Tags:         value.StringMap(plan.Tags),
	}
	if !plan.ACL.IsNull() {
		options.ACL = &cosapi.ACL{Canned: plan.ACL.ValueString()}
	}
	return options
}
