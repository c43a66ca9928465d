package cosapi

import (
	"time"
)

// seenTolerance is how far the clocks of COS's machines may be apart: an object that was written by
// a request may be a little younger than the Date of its answer.
const seenTolerance = 5 * time.Second

// Seen is the object that a decision was made about: as a HEAD showed it, or as our own write left
// it. Whoever approves a plan approves a change of that object and of no other, so it is kept from
// the look to the last request and never replaced by a newer one on the way. What is zero is not
// known, and does not count.
type Seen struct {
	ETag string // without quotes; "" also where it must not be kept, as that of a secret body
	// Size in bytes; negative if it is not known or must not be kept.
	Size int64
	// LastModified is what a HEAD or the answer to a copy said, to the second. AnsweredAt stands in
	// for it after an upload, whose answer does not say it: the moment at which the answer ended, by
	// COS's clock.
	LastModified, AnsweredAt time.Time
	VersionID                string
	Mode                     Mode
	KeyMD5                   string
}

// SeenOf is what a HEAD has shown.
func SeenOf(info ObjectInfo) Seen {
	return Seen{
		ETag: info.ETag, Size: info.Size, LastModified: info.LastModified,
		VersionID: info.VersionID, Mode: info.Encryption.Mode,
		KeyMD5: info.Encryption.CustomerKeyMD5,
	}
}

// Difference is how an object is not the one that was seen.
type Difference string

// The differences, in the order in which Check looks for them.
const (
	Deleted    Difference = "deleted"
	OtherETag  Difference = "etag"
	OtherTime  Difference = "last-modified"
	OtherID    Difference = "version"
	OtherMode  Difference = "encryption"
	OtherByCOS Difference = "condition" // COS says that the condition of a request does not hold
	unchanged  Difference = ""
)

// ChangedError reports an object that somebody changed or deleted after it was seen. The request
// that found out changed nothing.
type ChangedError struct {
	Ref  ObjectRef
	What Difference
	// At is the object's Last-Modified, where that is known.
	At time.Time
}

// Error implements error.
func (e *ChangedError) Error() string { return e.Ref.String() + ": " + e.Proof() }

// Proof says in a few words how the difference shows.
func (e *ChangedError) Proof() string {
	text := map[Difference]string{
		Deleted:    "it was deleted",
		OtherETag:  "its ETag is another one",
		OtherTime:  "it was written again",
		OtherID:    "another version of it is current",
		OtherMode:  "it is encrypted in another way",
		OtherByCOS: "COS says that it is not the one that was last read",
	}[e.What]
	if !e.At.IsZero() {
		text += ", at " + e.At.UTC().Format("2006-01-02 15:04:05 GMT")
	}
	return text
}

// DeletedSince is err as a *ChangedError if it says that an object which was seen is not there any
// more, and err as it is otherwise.
func DeletedSince(ref ObjectRef, err error) error {
	if Classify(err) == ClassNotFound && CodeOf(err) != "NoSuchUpload" {
		return &ChangedError{Ref: ref, What: Deleted}
	}
	return err
}

// Check compares what was found with what was seen. It is nil if nothing speaks against their being
// one object, a *ChangedError if they differ, and Found.Refusal or Found.ListError where it cannot be
// told. Of an object that opens to nobody, only a listing (Ask.Witness) can tell a difference; that
// it is there, the refusal itself says.
func (s Seen) Check(found Found) error {
	changed := &ChangedError{Ref: found.Ref}
	switch found.What {
	case Absent:
		changed.What = Deleted
		return changed
	case Exists:
		changed.At = found.Info.LastModified
		changed.What = s.differs(found.Info)
	case Unchanged:
		return nil
	case Refused:
		switch {
		case found.ListError != nil:
			return found.ListError
		case found.Listed == nil:
			return found.Refusal
		}
		changed.At = found.Listed.LastModified
		changed.What = s.differsFromListed(*found.Listed)
	default:
		return found.Refusal
	}
	if changed.What == unchanged {
		return nil
	}
	return changed
}

// differs compares with a HEAD. A Last-Modified that moved is a change whatever the ETag says: a
// server may keep the ETag of an object that it encrypts again.
func (s Seen) differs(info ObjectInfo) Difference {
	switch {
	case s.ETag != "" && s.ETag != info.ETag:
		return OtherETag
	case s.isOtherTime(info.LastModified):
		return OtherTime
	case s.VersionID != "" && s.VersionID != info.VersionID:
		return OtherID
	case s.Mode != "" && s.Mode != info.Encryption.Mode,
		s.KeyMD5 != "" && s.KeyMD5 != info.Encryption.CustomerKeyMD5:
		return OtherMode
	}
	return unchanged
}

// differsFromListed compares with a listing, which lags and shows neither version nor encryption.
func (s Seen) differsFromListed(listed ListedObject) Difference {
	switch {
	case s.ETag != "" && s.ETag != listed.ETag, s.Size >= 0 && s.Size != listed.Size:
		return OtherETag
	case s.isOtherTime(listed.LastModified):
		return OtherTime
	}
	return unchanged
}

// isListedAs reports a listing that shows the object as it was seen, and enough of it to be sure. A
// lifecycle rule may have moved it to another class.
func (s Seen) isListedAs(listed ListedObject) bool {
	known := s.ETag != "" || !s.LastModified.IsZero() || !s.AnsweredAt.IsZero()
	return known && s.differsFromListed(listed) == unchanged
}

// isOtherTime compares times of change, in whole seconds: a HEAD has no finer ones, whatever
// listings show. After an upload any time up to its answer may be the object's.
func (s Seen) isOtherTime(modified time.Time) bool {
	modified = modified.Truncate(time.Second)
	switch {
	case modified.IsZero():
		return false
	case !s.LastModified.IsZero():
		return !modified.Equal(s.LastModified.Truncate(time.Second))
	case !s.AnsweredAt.IsZero():
		return modified.After(s.AnsweredAt.Add(seenTolerance))
	}
	return false
}

// unmodifiedSince is the date of a condition that holds while the object is the one that was seen;
// zero if no date is known. now is by COS's clock: a date to come is no condition.
func (s Seen) unmodifiedSince(now time.Time) time.Time {
	switch {
	case !s.LastModified.IsZero():
		return s.LastModified
	case s.AnsweredAt.IsZero():
		return time.Time{}
	}
	latest := s.AnsweredAt.Add(seenTolerance)
	if now.Before(latest) {
		return now
	}
	return latest
}
