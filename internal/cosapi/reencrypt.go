package cosapi

import (
	"context"
	"errors"
	"time"
)

// Reencryption is a copy of an object onto itself that changes how it is stored: its encryption,
// headers or storage class. No byte of it passes through here.
type Reencryption struct {
	Ref ObjectRef // its VersionID is ignored: what is current is copied
	// Planned is the object that the change was decided for. Any other one stays as it is.
	Planned Seen
	// Key opens the object as it is; nil if it needs none.
	Key *CustomerKey
	// CRC64 of the object; it verifies the copy. "" if unknown.
	CRC64 string
	// Store is what the copy stores. ACL nil keeps the object's; its Guard is not used.
	Store WriteOptions
	// KeepTags keeps the object's tags; Store.Tags is then ignored.
	KeepTags bool
}

// ReencryptionOf is a change of encryption alone, of an object that a HEAD has shown: everything
// else stays. key is the one that opened it.
func ReencryptionOf(info ObjectInfo, key *CustomerKey, encryption Encryption) Reencryption {
	return Reencryption{
		Ref: info.Ref, Planned: SeenOf(info), Key: key, CRC64: info.CRC64, KeepTags: true,
		Store: WriteOptions{
			Encryption: encryption, Headers: info.Headers, StorageClass: info.StorageClass,
		},
	}
}

// Reencrypt copies an object onto itself. COS is asked to copy only the object that was planned for,
// by ETag and date, and judges that on what is current, because the source names no version. If it
// is another one, or gone, the error is a *ChangedError and nothing has changed. An object above
// Config.CopyThreshold is copied by parts, and looked at once more right before they replace it.
//
// A copy would lose the ACL: where Store has none it is read and sent again. It makes one request,
// one more to read the ACL, and one more to look at an object of which neither the ETag nor the
// Last-Modified, or not the size, is known.
//
// Whether COS refuses a source whose ETag agrees and whose date does not is documented only for the
// parts of a copy (document 8287); other services copy it. A refusal (412) while a HEAD shows the
// object that was planned for is repeated without the date.
func (c *Client) Reencrypt(ctx context.Context, r Reencryption) (WriteResult, error) {
	r.Ref = r.Ref.Current()
	if r.Store.ACL == nil {
		acl, err := c.ACL(ctx, r.Ref)
		if err != nil {
			return WriteResult{}, r.failed(err)
		}
		r.Store.ACL = &acl
	}
	if !r.isConditional() || r.Planned.Size < 0 {
		if err := c.confirm(ctx, &r); err != nil {
			return WriteResult{}, err
		}
	}
	source := CopySource{
		Ref: r.Ref, Key: r.Key, IfMatch: r.Planned.ETag,
		IfUnmodifiedSince: r.Planned.unmodifiedSince(c.Now()),
		Size:              r.Planned.Size, CRC64: r.CRC64, SeenVersion: r.Planned.VersionID,
	}
	result, err := c.copyGuarded(ctx, r, source)
	if err == nil || !mayHaveChanged(err) {
		return result, r.failed(err)
	}
	var changed *ChangedError
	if look := c.confirm(ctx, &r); errors.As(look, &changed) {
		return WriteResult{}, look
	} else if look != nil || Classify(err) != ClassPrecondition {
		return result, r.failed(err)
	}
	source.IfMatch, source.IfUnmodifiedSince = r.Planned.ETag, time.Time{}
	result, err = c.copyGuarded(ctx, r, source)
	return result, r.failed(err)
}

// mayHaveChanged reports a refusal that another object under the key explains: a condition that
// does not hold, or a key that does not open what is there now.
func mayHaveChanged(err error) bool {
	switch Classify(err) {
	case ClassPrecondition, ClassCustomerKey, ClassPermission, ClassInvalid:
		return true
	}
	return false
}

// copyGuarded makes the copy. One by parts asks before it replaces the object.
func (c *Client) copyGuarded(
	ctx context.Context, r Reencryption, source CopySource,
) (WriteResult, error) {
	r.Store.Guard = func(ctx context.Context) error { return c.confirm(ctx, &r) }
	result, err := c.Copy(ctx, source, r.Ref,
		CopyOptions{WriteOptions: r.Store, KeepTags: r.KeepTags})
	result.CRC64 = orDefault(result.CRC64, source.CRC64)
	return result, err
}

// isConditional reports that COS can be asked to copy this one object and no other.
func (r Reencryption) isConditional() bool {
	return r.Planned.ETag != "" || !r.Planned.LastModified.IsZero()
}

// confirm looks at the object and returns a *ChangedError if it is not the one that was planned
// for. What was not known of that one it fills in.
func (c *Client) confirm(ctx context.Context, r *Reencryption) error {
	found, err := c.Look(ctx, r.Ref, Ask{Keys: []*CustomerKey{r.Key}, Witness: true})
	if err == nil {
		err = r.Planned.Check(found)
	}
	if err != nil {
		return err
	}
	r.Planned.ETag = orDefault(r.Planned.ETag, found.Info.ETag)
	r.CRC64 = orDefault(r.CRC64, found.Info.CRC64)
	if r.Planned.Size < 0 {
		r.Planned.Size = found.Info.Size
	}
	return nil
}

// failed is the error of a copy onto itself in the words of whoever planned it.
func (r Reencryption) failed(err error) error {
	var changed *ChangedError
	switch class := Classify(err); {
	case err == nil, errors.As(err, &changed):
		return err
	case class == ClassPrecondition:
		return &ChangedError{Ref: r.Ref, What: OtherByCOS}
	}
	return DeletedSince(r.Ref, err)
}
