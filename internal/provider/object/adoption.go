package object

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// wantedObject is everything that a create would store.
type wantedObject struct {
	crc64   string
	size    int64
	secret  bool // nothing may be told of the bytes
	options cosapi.WriteOptions
}

// foundObject is an object that exists already, with what a HEAD does not show.
type foundObject struct {
	info cosapi.ObjectInfo
	tags map[string]string
	acl  cosapi.ACL
}

// differs says in what an object that exists is not the one that would be created, in words for the
// user, "" if in nothing that a HEAD shows. What cannot be proved counts as a difference.
func (w wantedObject) differs(info cosapi.ObjectInfo) string {
	class := w.options.StorageClass
	if class == "" {
		class = defaultStorageClass
	}
	headers := w.options.Headers.Differences(info.Headers)
	switch {
	case info.CRC64 == "":
		return "COS reports no CRC64 of it, so its bytes cannot be compared"
	case info.CRC64 != w.crc64 || info.Size != w.size:
		return w.otherBytes(info)
	case w.otherEncryption(info) != "":
		return w.otherEncryption(info)
	case len(headers) > 0:
		return "these headers of it are others: " + strings.Join(headers, ", ")
	case !strings.EqualFold(class, info.StorageClass):
		return fmt.Sprintf("its storage class is %s and not %s", info.StorageClass, class)
	}
	return ""
}

func (w wantedObject) otherBytes(info cosapi.ObjectInfo) string {
	if w.secret {
		return "its bytes are others"
	}
	return fmt.Sprintf("its bytes are others: %d bytes with CRC64 %s, and not %d bytes with CRC64 %s",
		info.Size, info.CRC64, w.size, w.crc64)
}

// otherEncryption compares what COS reports. What it never reports, nobody can compare.
func (w wantedObject) otherEncryption(info cosapi.ObjectInfo) string {
	kms, isKMS := w.options.Encryption.(cosapi.SSEKMS)
	warning, err := cosapi.VerifyEncryption(w.options.Encryption, info.Encryption)
	switch {
	case err != nil || warning != "":
		return fmt.Sprintf("it is encrypted with %s", info.Encryption)
	case isKMS && len(kms.Context) > 0:
		return "COS does not report the context that an object is encrypted with"
	case isKMS && kms.KeyID == "":
		return "kms without key_id does not say which key it must have"
	}
	return ""
}

// differsBesides compares tags and grants, which take requests of their own.
func (w wantedObject) differsBesides(found foundObject) string {
	wanted := cosapi.ACL{}
	if w.options.ACL != nil {
		wanted = *w.options.ACL
	}
	switch {
	case !maps.Equal(found.tags, w.options.Tags) && len(found.tags)+len(w.options.Tags) > 0:
		return "its tags are others: " + strings.Join(slices.Sorted(maps.Keys(found.tags)), ", ")
	case wanted.IsDefault() != found.acl.IsDefault(),
		!wanted.IsDefault() && wanted.Canned != found.acl.Canned:
		return "its ACL is another one"
	}
	return ""
}

// wanted is what this write would store.
func (w *objectWrite) wanted(ctx context.Context) (wantedObject, written, error) {
	wanted := wantedObject{
		options: writeOptions(w.plan, w.encryption), secret: w.body.kind == bodyContentWO,
	}
	var done written
	switch w.body.kind {
	case bodySource:
		fact, err := cosapi.HashFile(ctx, w.body.path)
		wanted.crc64, wanted.size, done.file = fact.CRC64, fact.Size, &fact
		return wanted, done, err
	case bodyCopySource:
		source, err := w.data.Client.Head(ctx, w.source.Ref, w.source.Key)
		wanted.crc64, wanted.size, done.copied = source.CRC64, source.Size, &source
		if err != nil {
			err = &copySourceError{ref: w.source.Ref, err: err}
		}
		return wanted, done, err
	default:
		wanted.crc64 = cosapi.CRC64(w.body.content)
		wanted.size = int64(len(w.body.content))
		return wanted, done, nil
	}
}

// lookBefore finds out whether there is an object. The key that it would have is tried first: it may
// be this very object, from a run that was interrupted.
func (w *objectWrite) lookBefore(ctx context.Context, reason bool) (cosapi.Found, error) {
	ask := cosapi.Ask{Reason: reason}
	if ssec, ok := w.encryption.(cosapi.SSEC); ok {
		ask.Keys = []*cosapi.CustomerKey{&ssec.Key}
	}
	return w.data.Client.Look(ctx, w.ref, ask)
}

// takeOver judges an object that is where one is to be created. It is adopted if it is in every fact
// the one that would be written, so that a run which was interrupted can be repeated.
func (w *objectWrite) takeOver(
	ctx context.Context, found cosapi.Found,
) (written, diag.Diagnostics) {
	if found.What == cosapi.Refused {
		return written{}, diag.Diagnostics{w.existsRefused(ctx, found)}
	}
	wanted, done, err := w.wanted(ctx)
	if err != nil {
		return written{}, diag.Diagnostics{w.explain("find out whether the object is the same", err)}
	}
	differs := wanted.differs(found.Info)
	if differs == "" {
		differs, err = w.differsBesides(ctx, wanted, found.Info)
	}
	if err != nil {
		tried := w.attempt("find out whether the object is the same")
		return written{}, diag.Diagnostics{tried.Failed(err)}
	}
	if differs != "" {
		return written{}, diag.Diagnostics{w.alreadyExists(differs)}
	}
	info := found.Info
	done.WriteResult = cosapi.WriteResult{
		ETag: info.ETag, CRC64: info.CRC64, VersionID: info.VersionID, Size: info.Size,
		LastModified: info.LastModified, Encryption: info.Encryption, RequestID: info.RequestID,
	}
	done.adopted = true
	return done, diag.Diagnostics{adopted(w.ref)}
}

// differsBesides asks for tags and ACL.
func (w *objectWrite) differsBesides(
	ctx context.Context, wanted wantedObject, info cosapi.ObjectInfo,
) (string, error) {
	tags, err := w.data.Client.Tags(ctx, w.ref)
	if err != nil {
		return "", err
	}
	acl, err := w.data.Client.ACL(ctx, w.ref)
	return wanted.differsBesides(foundObject{info: info, tags: tags, acl: acl}), err
}

// existsRefused says of an object that opens neither with the configured key nor without one why,
// and of a missing right that nothing is known.
func (w *objectWrite) existsRefused(
	ctx context.Context, before cosapi.Found,
) diag.Diagnostic {
	found, err := w.lookBefore(ctx, true)
	if err == nil && found.IsCustomerEncrypted() {
		return w.alreadyExists("it is encrypted with an SSE-C key that is not the configured one")
	}
	if err == nil {
		err = found.Refusal
	}
	if found.What == cosapi.Absent {
		// A GET may say what a HEAD must not: the right to the HEAD is what is missing.
		err = before.Refusal
	}
	if err == nil {
		return w.alreadyExists("it changed while it was looked at")
	}
	tried := w.attempt("find out whether the object exists")
	return w.blameArgument(tried, err).Failed(err)
}

// existsError ends a write by parts: an object has appeared since it began.
type existsError struct{ found cosapi.Found }

// Error implements error.
func (*existsError) Error() string { return "there is an object now that was not there before" }

// stillAbsent is asked right before an upload by parts becomes the object.
func (w *objectWrite) stillAbsent(ctx context.Context) error {
	found, err := w.lookBefore(ctx, false)
	if err != nil || found.What == cosapi.Absent {
		return err
	}
	return &existsError{found}
}

// adopted is the warning of a create that found its work done.
func adopted(ref cosapi.ObjectRef) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("key"), "The object exists and was adopted",
		fmt.Sprintf("%s in region %s is already, in every fact, what would have been written: bytes, "+
			"encryption, headers, metadata, storage class, tags and ACL. An interrupted run has "+
			"probably made it. It is in the state now and nothing was sent; destroying the resource "+
			"deletes it.", ref, ref.Region))
}

// alreadyExists says what is different, and how to take an existing object over.
func (w *objectWrite) alreadyExists(differs string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("key"), "The object exists already",
		fmt.Sprintf("There is an object %s in region %s that this resource does not manage, and "+
			"it was not touched. It is not what would be written: %s.\n\nIf an interrupted run has "+
			"left it, or to manage it from now on, import it under the address that stands above:\n\n"+
			"  terraform import ADDRESS '%s'\n\n"+
			"To replace it, set overwrite = true. With create_before_destroy the old object of this "+
			"very resource may stand in the way: leave that out, or set overwrite = true.",
			w.ref, w.ref.Region, differs, importIDOf(w.data, w.ref)))
}
