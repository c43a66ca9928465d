package cosemu

import (
	"net/http"
	"time"
)

// deletion is what became of a DELETE: the version that is gone, or the marker that was set.
type deletion struct {
	versionID string
	marker    bool
}

// deleteObject removes a version, or sets a delete marker (7743). Deleting what does not exist
// succeeds. No customer key is needed.
func deleteObject(x *exchange) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	done, err := x.deleteLocked(x.entry.Key, x.query["versionid"], x.config.Now())
	if err != nil {
		return err
	}
	header := x.w.Header()
	if done.marker {
		set(header, headerDeleteMarker, "true")
	}
	if done.versionID != "" {
		set(header, headerVersionID, done.versionID)
	}
	status := http.StatusNoContent
	if x.Choices().DeleteAnswers200 {
		status = http.StatusOK
	}
	x.answerEmpty(status)
	return nil
}

// deleteLocked deletes one object or version. The store must be locked.
func (x *exchange) deleteLocked(key, versionID string, now time.Time) (deletion, *apiError) {
	if versionID != "" {
		return x.deleteVersion(key, versionID, now)
	}
	if err := x.refuseLocked(key, now); err != nil {
		return deletion{}, err
	}
	if x.bucket.versioned() {
		return x.putMarker(key, now)
	}
	if current := x.bucket.current(key); current != nil {
		return deletion{}, notStored(x.store.remove(x.bucket, current, now))
	}
	return deletion{}, nil
}

// putMarker makes the object look deleted. In a suspended bucket the marker takes the place of
// the null version.
func (x *exchange) putMarker(key string, now time.Time) (deletion, *apiError) {
	marker := &version{
		key: key, marker: true, modified: now.UTC().Truncate(time.Second),
		sse: sseRecord{mode: modeNone},
	}
	err := notStored(x.store.put(x.bucket, marker, now))
	return deletion{versionID: marker.id, marker: true}, err
}

func (x *exchange) deleteVersion(key, id string, now time.Time) (deletion, *apiError) {
	var done deletion
	if v := x.bucket.named(key, id); v != nil {
		if v.locked.After(now) {
			return done, errLocked()
		}
		done.marker = v.marker
		if err := notStored(x.store.remove(x.bucket, v, now)); err != nil {
			return done, err
		}
	}
	if x.bucket.versioned() {
		done.versionID = id
	}
	return done, nil
}
