package object

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// sameBytesError says that the object has the bytes that were to be uploaded, and everything else
// that an upload would have stored. It ends an upload before it starts.
type sameBytesError struct{ info cosapi.ObjectInfo }

// Error implements error.
func (*sameBytesError) Error() string { return "the object has these bytes already" }

// copyOntoItself rewrites the object on the server: other encryption, headers, metadata or class,
// and no byte through here.
func (u *objectUpdate) copyOntoItself(ctx context.Context) (written, error) {
	planned := u.planned
	if planned.Size < 0 && !u.plan.ContentWOVersion.IsNull() {
		// It came from memory, so one request can copy it, and its size stays hidden.
		planned.Size = 0
	}
	result, err := u.data.Client.Reencrypt(ctx, cosapi.Reencryption{
		Ref: u.write.ref, Planned: planned, Key: u.found.readKey,
		CRC64: u.state.CRC64ECMA.ValueString(), Store: writeOptions(u.plan, u.write.encryption),
		KeepTags: u.plan.Tags.IsNull(),
	})
	return written{WriteResult: result}, err
}

// replaceBytes uploads the body, or copies copy_source, in place of the object. Beside the HEAD
// that guards against overwriting somebody's change, tags and ACL that are not managed are read, so
// that they can be sent again.
func (u *objectUpdate) replaceBytes(ctx context.Context, d decision) (written, error) {
	var options cosapi.WriteOptions
	var found cosapi.Found
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found, err = u.confirm(groupCtx)
		return err
	})
	group.Go(func() (err error) {
		options, err = u.surviving(groupCtx)
		return err
	})
	if err := group.Wait(); err != nil {
		return written{}, err
	}
	if u.hasTheseBytes(found.Info, d) {
		return written{}, &sameBytesError{found.Info}
	}
	// An upload by parts may take hours, so it looks once more.
	options.Guard = func(ctx context.Context) error {
		_, err := u.confirm(ctx)
		return err
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

// confirm looks at the object once more, and refuses to go on if it is not the one that was planned
// against. One that opens to nobody here is compared with the listing.
func (u *objectUpdate) confirm(ctx context.Context) (cosapi.Found, error) {
	ask := cosapi.Ask{Witness: true}
	if u.found.readKey != nil {
		ask.Keys = []*cosapi.CustomerKey{u.found.readKey}
	}
	found, err := u.data.Client.Look(ctx, u.write.ref, ask)
	if err != nil {
		return found, err
	}
	return found, u.planned.Check(found)
}

// surviving is what an upload stores: what is managed, and the ACL and the tags that somebody else
// has set.
func (u *objectUpdate) surviving(ctx context.Context) (cosapi.WriteOptions, error) {
	options := writeOptions(u.plan, u.write.encryption)
	group, ctx := errgroup.WithContext(ctx)
	if options.ACL == nil {
		group.Go(func() error {
			acl, err := u.data.Client.ACL(ctx, u.write.ref)
			options.ACL = &acl
			return err
		})
	}
	if u.plan.Tags.IsNull() {
		group.Go(func() (err error) {
			options.Tags, err = u.data.Client.Tags(ctx, u.write.ref)
			return err
		})
	}
	return options, cosapi.DeletedSince(u.write.ref, group.Wait())
}
