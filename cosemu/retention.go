package cosemu

import (
	"encoding/xml"
	"net/http"
	"time"
)

type retentionXML struct {
	XMLName         xml.Name `xml:"Retention"`
	RetainUntilDate string   `xml:"RetainUntilDate"`
	Mode            string   `xml:"Mode"`
}

// retentionMode is the only mode; COS's documents do not list the modes.
const retentionMode = "COMPLIANCE"

// putRetention locks a version until a date. A lock can be made longer, not shorter.
func putRetention(x *exchange) *apiError {
	var request retentionXML
	if err := x.readXML(&request); err != nil {
		return err
	}
	until, parseErr := time.Parse(time.RFC3339, request.RetainUntilDate)
	switch {
	case parseErr != nil:
		return failure("MalformedXML", "RetainUntilDate is no date.")
	case request.Mode != retentionMode:
		return invalid("Mode must be %s.", retentionMode)
	case !until.After(x.config.Now()):
		return invalid("RetainUntilDate is not in the future.")
	}
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	if until.Before(v.locked) {
		return failure("AccessDenied", "A retention cannot be made shorter.")
	}
	err = notStored(x.store.update(x.bucket, v, func(v *version) { v.locked = until }))
	if err != nil {
		return err
	}
	x.answerEmpty(http.StatusOK)
	return nil
}

func getRetention(x *exchange) *apiError {
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	x.store.mu.Lock()
	until := v.locked
	x.store.mu.Unlock()
	if until.IsZero() {
		return failure("NoSuchObjectLockConfiguration", "The object has no retention.")
	}
	x.answerXML(retentionXML{
		RetainUntilDate: listedTime(until), Mode: retentionMode,
	})
	return nil
}
