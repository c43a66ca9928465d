package cosemu

import (
	"encoding/xml"
	"net/http"
)

type versioningXML struct {
	XMLName xml.Name `xml:"VersioningConfiguration"`
	Status  string   `xml:"Status,omitempty"`
}

func putVersioning(x *exchange) *apiError {
	var document versioningXML
	if err := x.readXML(&document); err != nil {
		return err
	}
	if document.Status != versioningEnabled && document.Status != versioningSuspended {
		return failure("MalformedXML", "Status must be Enabled or Suspended.")
	}
	err := x.updateBucket(func(b *bucket) { b.versioning = document.Status })
	if err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

// getVersioning answers an empty configuration for a bucket that never had versioning.
func getVersioning(x *exchange) *apiError {
	x.store.mu.Lock()
	status := x.bucket.versioning
	x.store.mu.Unlock()
	x.answerXML(versioningXML{Status: status})
	return nil
}

// lookup finds the version that a request names, or the current one. A delete marker, named or
// current, is not found (7743 and 7753). What may change of a version is read and written under
// the store's mutex only; view needs none.
func (x *exchange) lookup(key string) (*version, *apiError) {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return findVersion(x.bucket, key, x.query["versionid"], x.w.Header())
}

// view is lookup for requests that only read: the version as it is at this moment.
func (x *exchange) view(key string) (*version, *apiError) {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	v, err := findVersion(x.bucket, key, x.query["versionid"], x.w.Header())
	if err != nil {
		return nil, err
	}
	seen := *v
	return &seen, nil
}

// update changes a version that lookup found.
func (x *exchange) update(v *version, change func(*version)) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return notStored(x.store.update(x.bucket, v, change))
}

// updateBucket changes the configuration of the request's bucket.
func (x *exchange) updateBucket(change func(*bucket)) *apiError {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	return notStored(x.store.updateBucket(x.bucket, change))
}

// findVersion is lookup in any bucket; the store must be locked. header, if not nil, is told of a
// current delete marker.
func findVersion(b *bucket, key, id string, header http.Header) (*version, *apiError) {
	missing := failure("NoSuchKey", "The specified key does not exist.")
	if id != "" {
		v := b.named(key, id)
		switch {
		case v == nil:
			return nil, failure("NoSuchVersion", "The specified version does not exist.")
		case v.marker:
			return nil, missing
		}
		return v, nil
	}
	v := b.current(key)
	switch {
	case v == nil:
		return nil, missing
	case v.marker:
		if header != nil {
			set(header, headerDeleteMarker, "true")
			set(header, headerVersionID, v.id)
		}
		return nil, missing
	}
	return v, nil
}
