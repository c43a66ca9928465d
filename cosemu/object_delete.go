package cosemu

import (
	"net/http"
	"time"
)

// deleteObject removes a version, or sets a delete marker (7743). Deleting what does not exist
// succeeds. No customer key is needed.
func deleteObject(x *exchange) *apiError {
	now := x.config.Now()
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if id := x.query["versionid"]; id != "" {
		return x.deleteVersion(id, now)
	}
	if err := x.refuseLocked(x.entry.Key, now); err != nil {
		return err
	}
	if x.bucket.versioned() {
		if err := x.putMarker(now); err != nil {
			return err
		}
	} else if current := x.bucket.current(x.entry.Key); current != nil {
		if err := notStored(x.store.remove(x.bucket, current, now)); err != nil {
			return err
		}
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// putMarker makes the object look deleted. In a suspended bucket the marker takes the place of
// the null version.
func (x *exchange) putMarker(now time.Time) *apiError {
	marker := &version{
		key: x.entry.Key, marker: true, modified: now.UTC().Truncate(time.Second),
		sse: sseRecord{mode: modeNone},
	}
	if err := notStored(x.store.put(x.bucket, marker, now)); err != nil {
		return err
	}
	set(x.w.Header(), headerDeleteMarker, "true")
	set(x.w.Header(), headerVersionID, marker.id)
	return nil
}

func (x *exchange) deleteVersion(id string, now time.Time) *apiError {
	v := x.bucket.named(x.entry.Key, id)
	if v != nil {
		if v.locked.After(now) {
			return errLocked()
		}
		if v.marker {
			set(x.w.Header(), headerDeleteMarker, "true")
		}
		if err := notStored(x.store.remove(x.bucket, v, now)); err != nil {
			return err
		}
	}
	if x.bucket.versioned() {
		set(x.w.Header(), headerVersionID, id)
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}
