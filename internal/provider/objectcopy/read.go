package objectcopy

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/diagnose"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/providerdata"
)

// carryOut makes the copy where it is called for: one HEAD each of source and destination when
// there is nothing to do; a copy and another HEAD otherwise. It returns what is at both ends.
func (d *dataSource) carryOut(
	ctx context.Context, wanted wantedCopy,
) (source, found cosapi.ObjectInfo, diags diag.Diagnostics) {
	from, diags := d.lookAtSource(ctx, wanted)
	if diags.HasError() {
		return source, found, diags
	}
	destination, diags := d.lookAtDestination(ctx, wanted)
	if diags.HasError() {
		return source, found, diags
	}
	tags, diags := d.sourceTags(ctx, from)
	if diags.HasError() {
		return source, found, diags
	}
	marker, err := cosapi.NewCopyMarker(wanted.destination, from.Info, cosapi.CopyRequest{
		Encryption: wanted.encryption, Headers: wanted.headers, StorageClass: wanted.storageClass,
		Tags: tags,
	})
	if err != nil {
		diags.AddAttributeError(path.Root("sse"), "Encryption context is not usable",
			diagnose.Sentence(err))
		return source, found, diags
	}
	if !d.data.Written.ClaimCopy(marker, wanted.destination) {
		diags.Append(copiedTwice(wanted.destination))
		return source, found, diags
	}
	action, reason := decideCopy(copyInput{
		destination: destination, marker: marker, encryption: wanted.encryption,
		headers: wanted.copyHeaders(from.Info.Headers), storageClass: wanted.storageClass,
		overwrite: wanted.overwrite,
	})
	switch action {
	case copyNothing:
		return from.Info, destination.info, diags
	case copyRefuse:
		diags.Append(copyRefused(wanted.destination, reason))
		return source, found, diags
	}
	unlock, err := d.data.Written.Lock(ctx, wanted.destination, &wanted.source)
	if err != nil {
		diags.AddError("The copy was not made", diagnose.Sentence(err))
		return source, found, diags
	}
	defer unlock()
	found, copyDiags := d.copy(ctx, wanted, from, marker, action == copyCreate)
	diags.Append(copyDiags...)
	return from.Info, found, diags
}

func (d *dataSource) lookAtSource(
	ctx context.Context, wanted wantedCopy,
) (providerdata.Found, diag.Diagnostics) {
	at := path.Root("copy_source").AtListIndex(0)
	try := diagnose.Attempt{
		Doing: "read the source of the copy", Ref: wanted.source, Endpoint: d.data.Endpoint,
	}
	from, err := d.data.Look(ctx, wanted.source, wanted.sourceKey)
	if err != nil {
		try.At = at.AtName("key")
		return from, diag.Diagnostics{diagnose.LookFailed(d.data.Keyring, try, wanted.sourceKey, err)}
	}
	if wanted.ifMatch != "" && wanted.ifMatch != from.Info.ETag {
		return from, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at.AtName("if_match"),
			"Source of the copy has changed", fmt.Sprintf("%s has ETag %s, and if_match asks for "+
				"%s. Nothing was copied.", wanted.source, from.Info.ETag, wanted.ifMatch))}
	}
	return from, nil
}

// sourceTags are the source's tags, which change without its ETag; nil without any and for whoever
// may not read them. They are asked for only where the HEAD says that there are some.
func (d *dataSource) sourceTags(
	ctx context.Context, from providerdata.Found,
) (map[string]string, diag.Diagnostics) {
	if from.Info.TagCount == 0 {
		return nil, nil
	}
	tags, err := d.data.Client.Tags(ctx, from.Info.Ref)
	if err == nil || cosapi.Classify(err) == cosapi.ClassPermission {
		return tags, nil
	}
	return nil, diag.Diagnostics{diagnose.Attempt{
		Doing: "read the tags of the source", Ref: from.Info.Ref, Endpoint: d.data.Endpoint,
		At: path.Root("copy_source").AtListIndex(0).AtName("key"),
	}.Failed(err)}
}

// copiedTwice is the error of a second data source with the same destination.
func copiedTwice(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("key"),
		"Two data sources copy to one destination", fmt.Sprintf("This run has made, or looked at, "+
			"another copy at %s in region %s: of another source or with other settings. Each would "+
			"replace the other's for ever. Give each copy a key of its own.", ref, ref.Region))
}

// lookAtDestination finds out what is there. An object that refuses every key is there.
func (d *dataSource) lookAtDestination(
	ctx context.Context, wanted wantedCopy,
) (copyDestination, diag.Diagnostics) {
	found, err := d.data.LookOnly(ctx, wanted.destination, wanted.destinationKey())
	if err != nil && wanted.destinationKey() != nil && cosapi.KeyMayHelp(err) {
		// It may have another key than the one that it is to have, or none.
		found, err = d.data.LookOnly(ctx, wanted.destination, nil)
	}
	switch {
	case err == nil:
		return copyDestination{exists: true, readable: true, info: found.Info}, nil
	case cosapi.Classify(err) == cosapi.ClassNotFound:
		return copyDestination{}, nil
	}
	// Refused: only the listing tells an object whose key is not at hand from a missing permission.
	if cosapi.KeyMayHelp(err) {
		_, listed, listErr := d.data.Client.Find(ctx, wanted.destination)
		if listErr == nil && listed {
			return copyDestination{exists: true}, nil
		}
		_, err = d.data.Client.Head(ctx, wanted.destination, wanted.destinationKey())
	}
	return copyDestination{}, diag.Diagnostics{diagnose.Attempt{
		Doing: "look at the destination of the copy", Ref: wanted.destination,
		Endpoint: d.data.Endpoint, Mode: wanted.encryption.Mode(), At: path.Root("key"),
	}.Failed(err)}
}

// copyRefused is the error for a destination that is not this data source's to overwrite.
func copyRefused(ref cosapi.ObjectRef, reason string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("key"),
		"There is another object at the destination",
		fmt.Sprintf("%s exists, and %s. Nothing was copied. Choose another key, delete the object, "+
			"or set overwrite = true to replace it.", ref, reason))
}

// copy makes the copy and looks at it. Metadata, headers and storage class that are not configured
// follow the source.
func (d *dataSource) copy(
	ctx context.Context, wanted wantedCopy, from providerdata.Found, marker cosapi.CopyMarker,
	create bool,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	var diags diag.Diagnostics
	options := cosapi.CopyOptions{KeepTags: true, WriteOptions: cosapi.WriteOptions{
		Encryption:      wanted.encryption,
		Headers:         wanted.copyHeaders(from.Info.Headers),
		StorageClass:    wanted.storageClass,
		ForbidOverwrite: create && !wanted.overwrite,
	}}
	options.Headers.Metadata = marker.AddTo(options.Headers.Metadata)
	if options.StorageClass == "" {
		options.StorageClass = from.Info.StorageClass
	}
	if err := cosapi.ValidateMetadata(options.Headers.Metadata); err != nil {
		diags.AddAttributeError(path.Root("metadata"), "Metadata of the copy are not usable",
			diagnose.Sentence(err)+" The provider adds about 300 bytes of its own, by which it recognises "+
				"the copy. Set metadata to something shorter than the source's.")
		return cosapi.ObjectInfo{}, diags
	}
	source := cosapi.CopySource{
		Ref: wanted.source, Key: from.Key, IfMatch: from.Info.ETag, Size: from.Info.Size,
		CRC64: from.Info.CRC64,
	}
	try := diagnose.Attempt{
		Doing: "copy " + wanted.source.String(), Ref: wanted.destination,
		Endpoint: d.data.Endpoint, Mode: wanted.encryption.Mode(),
	}
	result, err := d.data.Client.Copy(ctx, source, wanted.destination, options)
	if err != nil {
		diags.Append(try.Failed(err))
		return cosapi.ObjectInfo{}, append(diags, d.undo(ctx, try, wanted, create, err)...)
	}
	for _, warning := range result.Warnings {
		diags.AddWarning("Copy differs from what was asked for", warning)
	}
	tflog.Info(providerdata.WithOwnFields(ctx), "copied an object", map[string]any{
		"source": wanted.source.String(), "destination": wanted.destination.String(),
	})
	found, err := d.data.Client.Head(ctx, wanted.destination, wanted.destinationKey())
	if err != nil {
		try.Doing = "check the copy"
		diags.Append(try.Failed(err))
	}
	return found, diags
}

// undo removes a copy that COS stored with less encryption than was asked for. What it replaced is
// gone already, so that only a copy to where nothing was is removed.
func (d *dataSource) undo(
	ctx context.Context, try diagnose.Attempt, wanted wantedCopy, create bool, err error,
) diag.Diagnostics {
	if !create {
		return nil
	}
	if _, err := d.data.Client.TakeBack(ctx, try.Ref, wanted.encryption, err); err != nil {
		try.Doing = "delete the copy that was not encrypted as asked"
		return diag.Diagnostics{try.Failed(err)}
	}
	return nil
}

// copyHeaders are the headers of the copy: the source's, replaced by those that are configured. The
// marker is not among them.
func (w wantedCopy) copyHeaders(source cosapi.ObjectHeaders) cosapi.ObjectHeaders {
	_, metadata := cosapi.ReadCopyMarker(source.Metadata)
	if w.headers.Metadata != nil {
		metadata = w.headers.Metadata
	}
	return cosapi.ObjectHeaders{
		ContentType:        firstText(w.headers.ContentType, source.ContentType),
		CacheControl:       firstText(w.headers.CacheControl, source.CacheControl),
		ContentDisposition: firstText(w.headers.ContentDisposition, source.ContentDisposition),
		ContentEncoding:    firstText(w.headers.ContentEncoding, source.ContentEncoding),
		ContentLanguage:    firstText(w.headers.ContentLanguage, source.ContentLanguage),
		Expires:            firstText(w.headers.Expires, source.Expires),
		Metadata:           metadata,
	}
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// unquoted takes the quotes off an ETag as COS's console and headers show it.
func unquoted(etag string) string { return strings.Trim(etag, `"`) }
