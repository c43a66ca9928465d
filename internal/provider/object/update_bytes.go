package object

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"golang.org/x/sync/errgroup"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/sse"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// sameBytesError says that the object has the bytes that were to be uploaded, and everything else
// that an upload would have stored. It ends an upload before it starts.
type sameBytesError struct{ info cosapi.ObjectInfo }

// Error implements error.
func (*sameBytesError) Error() string { return "the object has these bytes already" }

// objectMovedError says that somebody changed the object after the state was read.
type objectMovedError struct {
	ref  cosapi.ObjectRef
	what string
}

// Error implements error.
func (e *objectMovedError) Error() string { return e.what }

func (e *objectMovedError) diagnostic() diag.Diagnostic {
	return diag.NewErrorDiagnostic("The object changed after the plan", fmt.Sprintf(
		"%s in region %s: %s. Nothing was changed. Plan again to see what it is now.",
		e.ref, e.ref.Region, e.what))
}

// copyOntoItself rewrites the object on the server: other encryption, headers, metadata or class,
// and no byte through here, on condition that it is still as it was read. The source names no
// version: COS would judge the conditions on that one, and make it current again.
func (u *objectUpdate) copyOntoItself(ctx context.Context) (written, error) {
	options, err := u.surviving(ctx, false)
	if err != nil {
		return written{}, err
	}
	source := cosapi.CopySource{
		Ref: u.write.ref, Key: u.found.readKey, Size: u.state.Size.ValueInt64(),
		IfMatch: u.state.ETag.ValueString(), IfUnmodifiedSince: value.ParseTime(u.known.LastModified),
		CRC64: u.state.CRC64ECMA.ValueString(), SeenVersion: u.state.VersionID.ValueString(),
	}
	if u.state.Size.IsNull() && u.plan.ContentWOVersion.IsNull() {
		// The body was write-only, or a listing was all that could be read.
		info, err := u.guard(ctx)
		if err != nil {
			return written{}, err
		}
		source.Size, source.CRC64 = info.Size, info.CRC64
	}
	result, err := u.data.Client.Copy(ctx, source, u.write.ref, cosapi.CopyOptions{
		WriteOptions: options, KeepTags: u.plan.Tags.IsNull(),
	})
	switch cosapi.Classify(err) {
	case cosapi.ClassPrecondition:
		return written{}, u.moved("changed", "its ETag or Last-Modified is another one")
	case cosapi.ClassNotFound:
		return written{}, u.moved("was deleted", "")
	}
	if result.CRC64 == "" {
		result.CRC64 = source.CRC64
	}
	result.Size = source.Size
	return written{WriteResult: result}, err
}

// replaceBytes uploads the body, or copies copy_source, in place of the object. Beside the HEAD
// that guards against overwriting somebody's change, tags and ACL that are not managed are read, so
// that they can be sent again.
func (u *objectUpdate) replaceBytes(ctx context.Context, d decision) (written, error) {
	var options cosapi.WriteOptions
	var info cosapi.ObjectInfo
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		info, err = u.guard(groupCtx)
		return err
	})
	group.Go(func() (err error) {
		options, err = u.surviving(groupCtx, true)
		return err
	})
	if err := group.Wait(); err != nil {
		return written{}, err
	}
	if u.hasTheseBytes(info, d) {
		return written{}, &sameBytesError{info}
	}
	return u.write.writeBody(ctx, options, u.found.content.expect)
}

// hasTheseBytes compares the object with a body whose bytes could not be compared with the state.
func (u *objectUpdate) hasTheseBytes(info cosapi.ObjectInfo, d decision) bool {
	in := u.found.input
	if d.instead != obstacleNone || in.encryption != unchanged || in.headers != unchanged ||
		in.class != unchanged || u.write.body.kind == bodyCopySource || info.CRC64 == "" {
		return false
	}
	local := u.found.content.expect
	if u.write.body.kind == bodyContentWO {
		local = cosapi.CRC64(u.write.body.content)
	}
	return local != "" && local == info.CRC64
}

// guard asks for the object and refuses to go on if it is not the one in the state. Without the
// key of an SSE-C object a listing has to do.
func (u *objectUpdate) guard(ctx context.Context) (cosapi.ObjectInfo, error) {
	observed, _ := sse.EncryptionStatus(u.state.Encryption)
	if observed.Mode == cosapi.ModeSSEC && u.found.readKey == nil {
		return cosapi.ObjectInfo{}, u.guardByListing(ctx)
	}
	info, err := u.data.Client.Head(ctx, u.write.ref, u.found.readKey)
	switch {
	case cosapi.Classify(err) == cosapi.ClassNotFound:
		return info, u.moved("was deleted", "")
	case err != nil:
		return info, err
	case !u.state.ETag.IsNull() && info.ETag != u.state.ETag.ValueString():
		return info, u.moved("changed", "its ETag is another one")
	case u.known.LastModified != "" && value.FormatTime(info.LastModified) != u.known.LastModified,
		u.known.writtenSince(info.LastModified):
		return info, u.rewritten(info.LastModified)
	}
	return info, nil
}

func (u *objectUpdate) guardByListing(ctx context.Context) error {
	listed, found, err := u.data.Client.Find(ctx, u.write.ref)
	if err != nil {
		return err
	}
	switch {
	case !found:
		// Listings lag: a missing object is one that was just written, or nothing to overwrite.
		return nil
	case !u.state.ETag.IsNull() && listed.ETag != u.state.ETag.ValueString():
		return u.moved("changed", "its ETag is another one")
	case u.known.writtenSince(listed.LastModified):
		return u.rewritten(listed.LastModified)
	}
	return nil
}

// rewritten is the error for an object whose bytes somebody wrote again at a time.
func (u *objectUpdate) rewritten(at time.Time) error {
	return u.moved("changed", "it was rewritten at "+at.UTC().Format("2006-01-02 15:04:05 GMT"))
}

// moved is the error for an object to which something was done; proof is how that is seen.
func (u *objectUpdate) moved(done, proof string) error {
	what := "it " + done + " since it was last read"
	if proof != "" {
		what += ": " + proof
	}
	return &objectMovedError{u.write.ref, what}
}

// surviving is what the write stores: what is managed, and the ACL (and for an upload the tags)
// that somebody else has set.
func (u *objectUpdate) surviving(
	ctx context.Context, uploads bool,
) (cosapi.WriteOptions, error) {
	options := writeOptions(u.plan, u.write.encryption)
	group, ctx := errgroup.WithContext(ctx)
	if options.ACL == nil {
		group.Go(func() error {
			acl, err := u.data.Client.ACL(ctx, u.write.ref)
			options.ACL = &acl
			return err
		})
	}
	if uploads && u.plan.Tags.IsNull() {
		group.Go(func() (err error) {
			options.Tags, err = u.data.Client.Tags(ctx, u.write.ref)
			return err
		})
	}
	err := group.Wait()
	if cosapi.Classify(err) == cosapi.ClassNotFound {
		err = u.moved("was deleted", "")
	}
	return options, err
}
