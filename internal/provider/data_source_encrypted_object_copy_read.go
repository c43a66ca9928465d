package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// carryOut makes the copy where it is called for: one HEAD each of source and destination when
// there is nothing to do; a copy and another HEAD otherwise. It returns what is at both ends.
func (d *objectCopyDataSource) carryOut(
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
	marker, err := cosapi.NewCopyMarker(wanted.destination, from.info, cosapi.CopyRequest{
		Encryption: wanted.encryption, Headers: wanted.headers, StorageClass: wanted.storageClass,
	})
	if err != nil {
		diags.AddAttributeError(path.Root("sse"), "Encryption context is not usable", sentence(err))
		return source, found, diags
	}
	action, reason := decideCopy(copyInput{
		destination: destination, marker: marker, encryption: wanted.encryption,
		overwrite: wanted.overwrite,
	})
	switch action {
	case copyNothing:
		return from.info, destination.info, diags
	case copyRefuse:
		diags.Append(copyRefused(wanted.destination, reason))
		return source, found, diags
	}
	found, copyDiags := d.copy(ctx, wanted, from, marker, action == copyCreate)
	diags.Append(copyDiags...)
	return from.info, found, diags
}

func (d *objectCopyDataSource) lookAtSource(
	ctx context.Context, wanted wantedCopy,
) (objectLook, diag.Diagnostics) {
	at := path.Root("copy_source").AtListIndex(0)
	try := attempt{
		doing: "read the source of the copy", ref: wanted.source, endpoint: d.data.endpoint,
	}
	from, err := d.data.look(ctx, wanted.source, wanted.sourceKey)
	if err != nil {
		try.at = at.AtName("key")
		return from, diag.Diagnostics{lookFailed(d.data.keyring, try, wanted.sourceKey, err)}
	}
	if wanted.ifMatch != "" && wanted.ifMatch != from.info.ETag {
		return from, diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at.AtName("if_match"),
			"Source of the copy has changed", fmt.Sprintf("%s has ETag %s, and if_match asks for "+
				"%s. Nothing was copied.", wanted.source, from.info.ETag, wanted.ifMatch))}
	}
	return from, nil
}

// lookAtDestination finds out what is there. An object that refuses every key is there.
func (d *objectCopyDataSource) lookAtDestination(
	ctx context.Context, wanted wantedCopy,
) (copyDestination, diag.Diagnostics) {
	found, err := d.data.lookOnly(ctx, wanted.destination, wanted.destinationKey())
	if err != nil && wanted.destinationKey() != nil && cosapi.KeyMayHelp(err) {
		// It may have another key than the one that it is to have, or none.
		found, err = d.data.lookOnly(ctx, wanted.destination, nil)
	}
	switch {
	case err == nil:
		return copyDestination{exists: true, readable: true, info: found.info}, nil
	case cosapi.Classify(err) == cosapi.ClassNotFound:
		return copyDestination{}, nil
	}
	// Refused: only the listing tells an object whose key is not at hand from a missing permission.
	if cosapi.KeyMayHelp(err) {
		_, listed, listErr := d.data.client.Find(ctx, wanted.destination)
		if listErr == nil && listed {
			return copyDestination{exists: true}, nil
		}
		_, err = d.data.client.Head(ctx, wanted.destination, wanted.destinationKey())
	}
	return copyDestination{}, diag.Diagnostics{attempt{
		doing: "look at the destination of the copy", ref: wanted.destination,
		endpoint: d.data.endpoint, mode: wanted.encryption.Mode(), at: path.Root("key"),
	}.failed(err)}
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
func (d *objectCopyDataSource) copy(
	ctx context.Context, wanted wantedCopy, from objectLook, marker cosapi.CopyMarker, create bool,
) (cosapi.ObjectInfo, diag.Diagnostics) {
	var diags diag.Diagnostics
	options := cosapi.CopyOptions{KeepTags: true, WriteOptions: cosapi.WriteOptions{
		Encryption:      wanted.encryption,
		Headers:         wanted.copyHeaders(from.info.Headers, marker),
		StorageClass:    wanted.storageClass,
		ForbidOverwrite: create && !wanted.overwrite,
	}}
	if options.StorageClass == "" {
		options.StorageClass = from.info.StorageClass
	}
	if err := cosapi.ValidateMetadata(options.Headers.Metadata); err != nil {
		diags.AddAttributeError(path.Root("metadata"), "Metadata of the copy are not usable",
			sentence(err)+" The provider adds about 250 bytes of its own, by which it recognises "+
				"the copy. Set metadata to something shorter than the source's.")
		return cosapi.ObjectInfo{}, diags
	}
	source := cosapi.CopySource{
		Ref: wanted.source, Key: from.key, IfMatch: from.info.ETag, Size: from.info.Size,
		CRC64: from.info.CRC64,
	}
	try := attempt{
		doing: "copy " + wanted.source.String(), ref: wanted.destination,
		endpoint: d.data.endpoint, mode: wanted.encryption.Mode(),
	}
	result, err := d.data.client.Copy(ctx, source, wanted.destination, options)
	if err != nil {
		diags.Append(try.failed(err))
		return cosapi.ObjectInfo{}, append(diags, d.undo(ctx, try, wanted, create, err)...)
	}
	for _, warning := range result.Warnings {
		diags.AddWarning("Copy differs from what was asked for", warning)
	}
	tflog.Info(withOwnFields(ctx), "copied an object", map[string]any{
		"source": wanted.source.String(), "destination": wanted.destination.String(),
	})
	found, err := d.data.client.Head(ctx, wanted.destination, wanted.destinationKey())
	if err != nil {
		try.doing = "check the copy"
		diags.Append(try.failed(err))
	}
	return found, diags
}

// undo removes a copy that COS stored with less encryption than was asked for. What it replaced is
// gone already, so that only a copy to where nothing was is removed.
func (d *objectCopyDataSource) undo(
	ctx context.Context, try attempt, wanted wantedCopy, create bool, err error,
) diag.Diagnostics {
	if !create {
		return nil
	}
	if _, err := d.data.client.TakeBack(ctx, try.ref, wanted.encryption, err); err != nil {
		try.doing = "delete the copy that was not encrypted as asked"
		return diag.Diagnostics{try.failed(err)}
	}
	return nil
}

// copyHeaders are the headers of the copy: the source's, replaced by those that are configured,
// and the marker.
func (w wantedCopy) copyHeaders(
	source cosapi.ObjectHeaders, marker cosapi.CopyMarker,
) cosapi.ObjectHeaders {
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
		Metadata:           marker.AddTo(metadata),
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
