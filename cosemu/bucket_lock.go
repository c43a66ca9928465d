package cosemu

import (
	"encoding/xml"
	"net/http"
	"time"
)

type objectLockXML struct {
	XMLName xml.Name `xml:"ObjectLockConfiguration"`
	Enabled string   `xml:"ObjectLockEnabled"`
	Days    *int     `xml:"Rule>DefaultRetention>Days"`
}

// maxLockDays is a hundred years.
const maxLockDays = 36500

// putObjectLock enables object lock for the objects to come. It cannot be taken back, and its days
// cannot be fewer than they were.
func putObjectLock(x *exchange) *apiError {
	body, err := x.readBody()
	if err != nil {
		return err
	}
	var document objectLockXML
	if parseErr := xml.Unmarshal(body, &document); parseErr != nil {
		return malformed(parseErr)
	}
	days := 0
	if document.Days != nil {
		days = *document.Days
	}
	switch {
	case document.Enabled != "Enabled":
		return failure("MalformedXML", "ObjectLockEnabled must be Enabled.")
	case document.Days != nil && (days < 1 || days > maxLockDays):
		return invalid("Days must be from 1 to %d.", maxLockDays)
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if days < x.bucket.lockDays {
		return failure("InvalidLockedTime", "The retention cannot be made shorter.")
	}
	err = notStored(x.store.updateBucket(x.bucket, func(b *bucket) {
		b.lockDays = days
		b.keep(lockDocument, body)
	}))
	if err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

// lockDocument is where the document of object lock is stored.
const lockDocument = "object-lock"

func getObjectLock(x *exchange) *apiError {
	return x.answerStored(lockDocument, failure("NoSuchObjectLockConfiguration",
		"Object lock is not enabled for the bucket."))
}

// lock locks a new version if its bucket has object lock. The store must be locked.
func (b *bucket) lock(v *version, now time.Time) {
	if b.lockDays > 0 {
		v.locked = now.AddDate(0, 0, b.lockDays)
	}
}
