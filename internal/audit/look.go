package audit

import (
	"context"
	"unicode/utf8"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// look finds out how one object is encrypted. A HEAD counts only if it is of the object that was
// listed; where it is not, or there is none, the object is listed once more by its name.
func (r *run) look(ctx context.Context, it *item) error {
	for again := false; ; again = true {
		if !askable(it.Listed.Key) {
			return r.relistOdd(ctx, it)
		}
		if !r.meter.spend(ctx, 1) {
			return nil
		}
		it.tried = true
		why, err := r.lookOnce(ctx, it)
		if err != nil || why == "" {
			return err
		}
		if again || why != reasonChanging && why != reasonVanished {
			r.cannotSee(it, why)
			return nil
		}
		if found, err := r.relist(ctx, it); err != nil || !found {
			return err
		}
	}
}

// askable reports whether a request can be made for a key. COS stores no other, but an answer may
// hold one: an empty key would be a request on the bucket.
func askable(key string) bool { return key != "" && utf8.ValidString(key) }

// relistOdd lists a key that cannot be asked for once more, to tell a garbled answer from an object.
func (r *run) relistOdd(ctx context.Context, it *item) error {
	if found, err := r.relist(ctx, it); err != nil || !found {
		return err
	}
	r.cannotSee(it, reasonKey)
	return nil
}

// relist takes over what the listing says of the object now; false if it names it no longer, or
// the object is left open.
func (r *run) relist(ctx context.Context, it *item) (bool, error) {
	if !r.meter.spend(ctx, 1) {
		return false, nil
	}
	ref := r.ref(it.Listed)
	listed, found, err := r.Client.Find(ctx, ref)
	switch {
	case err != nil && fatal(err):
		return false, err
	case err != nil:
		r.cannotSee(it, ReasonError)
		return false, nil
	case !found:
		it.gone = true
		return false, nil
	}
	listed.IsLatest = it.Listed.IsLatest
	it.Listed, it.last = listed, nil
	return true, nil
}

func (r *run) ref(listed cosapi.ListedObject) cosapi.ObjectRef {
	return cosapi.ObjectRef{
		Region: r.Bucket.Region, Bucket: r.Bucket.Bucket, Key: listed.Key,
		VersionID: listed.VersionID,
	}
}

func (r *run) cannotSee(it *item, why Reason) {
	it.Unknown = why
	if why == ReasonError || why == ReasonDenied {
		r.meter.failed()
	}
}

// lookOnce looks at one object. It returns why its encryption stays unknown.
func (r *run) lookOnce(ctx context.Context, it *item) (Reason, error) {
	found, err := r.Client.Look(ctx, r.ref(it.Listed), cosapi.Ask{Ring: r.Keyring, Reason: true})
	r.meter.more(int64(found.Requests) - 1)
	switch {
	case err != nil && (ctx.Err() != nil || cosapi.Classify(err) == cosapi.ClassCanceled):
		return "", ctx.Err()
	case err != nil && fatal(err):
		return "", err
	case err != nil:
		return ReasonError, nil
	case found.What == cosapi.Absent:
		return reasonVanished, nil
	case found.What != cosapi.Exists && fatal(found.Refusal):
		return "", found.Refusal
	case found.IsCustomerEncrypted():
		it.Found = cosapi.EncryptionStatus{Mode: cosapi.ModeSSEC}
		return "", nil
	case found.What != cosapi.Exists:
		return ReasonDenied, nil
	}
	return r.seen(it, found), nil
}

// seen takes over what a HEAD says, if it is of the object that was listed.
func (r *run) seen(it *item, found cosapi.Found) Reason {
	info := found.Info
	if info.ETag != it.Listed.ETag || info.LastModified.Unix() != it.Listed.LastModified.Unix() {
		return reasonChanging
	}
	it.Opened, it.Found, it.KeyName = true, info.Encryption, found.KeyName
	it.Restored, it.replica = info.Restore.Restored, info.Replica
	it.versioned = info.VersionID != "" && info.VersionID != "null"
	it.looked = r.Client.Now().Unix()
	it.refusal = refusalOf(info.Kind)
	if it.last != nil && it.refusal == "" && it.last.block.isAnswer() {
		it.refusal = it.last.block // It is the same object, so the answer would be the same.
	}
	return ""
}

// isAnswer reports what COS answered to a rewrite, and not what the object is.
func (r Reason) isAnswer() bool {
	return r == ReasonLocked || r == ReasonDenied || r == ReasonError
}

// refusalOf is why objects of a kind are not rewritten.
func refusalOf(kind string) Reason {
	switch kind {
	case "":
		return ""
	case "symlink":
		return ReasonSymlink
	}
	return ReasonAppendable
}

// fatal reports an error that every further request would meet, so that counting it object by
// object would say nothing about the objects.
func fatal(err error) bool {
	switch cosapi.Classify(err) {
	case cosapi.ClassAuthentication, cosapi.ClassClock, cosapi.ClassNoSuchBucket:
		return true
	}
	return false
}

// more counts requests that were made beyond the one reserved.
func (m *meter) more(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent += n
}
