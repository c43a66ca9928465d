package audit

import (
	"context"
	"errors"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// Direct is the engine that copies each object onto itself. It can rewrite whatever can be read,
// changes nothing but the encryption, and makes three requests for an object of up to 5 GB: a look,
// the ACL, the copy. The copy's answer proves the new encryption.
type Direct struct {
	Client     *cosapi.Client
	Encryption cosapi.Encryption
	Keyring    cosapi.Keyring
}

const (
	directCost     = 3
	directPartCost = 4 // begin, complete, tags, one more look
)

// Name implements Engine.
func (Direct) Name() string { return "direct" }

// Takes implements Engine: it takes every object.
func (Direct) Takes(Candidate) bool { return true }

// Cost implements Engine.
func (Direct) Cost(c Candidate) int64 {
	if c.Size <= cosapi.MaxCopySize {
		return directCost
	}
	const part = 512 << 20
	return directCost + directPartCost + (c.Size+part-1)/part
}

// Rewrite implements Engine. Headers, metadata and class are those of a look at the very object
// that was found; the copy is conditional on it, so that what somebody writes meanwhile stays.
func (d Direct) Rewrite(ctx context.Context, c Candidate) (Outcome, error) {
	found, err := d.Client.Look(ctx, c.Ref, cosapi.Ask{Ring: d.Keyring, Reason: true})
	if err == nil && found.What != cosapi.Exists && found.What != cosapi.Absent {
		err = found.Refusal
	}
	switch {
	case err != nil:
		return d.failed(ctx, err)
	case found.What == cosapi.Absent, found.Info.ETag != c.ETag,
		found.Info.LastModified.Unix() != c.LastModified.Unix():
		return Outcome{State: Changed}, nil
	}
	if reason := refusalOf(found.Info.Kind); reason != "" {
		return Outcome{State: Blocked, Reason: reason}, nil
	}
	if cosapi.Archived(found.Info.StorageClass) && !found.Info.Restore.Restored {
		return Outcome{State: Blocked, Reason: ReasonArchived}, nil
	}
	result, err := d.Client.Reencrypt(ctx,
		cosapi.ReencryptionOf(found.Info, found.Key, d.Encryption))
	if err != nil {
		return d.failed(ctx, err)
	}
	return Outcome{State: Rewritten, Result: result}, nil
}

// failed says what an error means for the object, and whether it is one for all of them.
func (d Direct) failed(ctx context.Context, err error) (Outcome, error) {
	var changed *cosapi.ChangedError
	var mismatch *cosapi.EncryptionMismatchError
	class := cosapi.Classify(err)
	switch {
	case errors.As(err, &changed):
		return Outcome{State: Changed}, nil
	case ctx.Err() != nil, class == cosapi.ClassCanceled, fatal(err), class == cosapi.ClassKMS,
		errors.As(err, &mismatch):
		// A key that COS may not use fails every object, and an object that is stored otherwise
		// than asked for says that none would be.
		return Outcome{}, err
	}
	reason, known := map[cosapi.Class]Reason{
		cosapi.ClassPermission: ReasonDenied, cosapi.ClassLocked: ReasonLocked,
		cosapi.ClassArchived: ReasonArchived, cosapi.ClassCustomerKey: ReasonCustomerKey,
	}[class]
	if !known {
		reason = ReasonError
	}
	return Outcome{State: Blocked, Reason: reason, Err: err}, nil
}
