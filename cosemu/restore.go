package cosemu

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// restoreState is a restore of an archived version. All methods accept nil: never restored.
type restoreState struct {
	tier    string
	asked   time.Time
	ready   time.Time
	expires time.Time
}

type restoreXML struct {
	XMLName xml.Name `xml:"RestoreRequest"`
	Days    int      `xml:"Days"`
	Tier    string   `xml:"CASJobParameters>Tier"`
}

func (r *restoreState) ongoing(now time.Time) bool { return r != nil && now.Before(r.ready) }

func (r *restoreState) readable(now time.Time) bool {
	return r != nil && !r.ongoing(now) && now.Before(r.expires)
}

// describe writes the restore headers of HEAD and GET (12633).
func (r *restoreState) describe(header http.Header, now time.Time) {
	switch {
	case r.ongoing(now):
		set(header, "x-cos-restore", `ongoing-request="true"`)
		set(header, "x-cos-restore-status", fmt.Sprintf(`tier="%s"; request-date="%s"`,
			strings.ToLower(r.tier), r.asked.UTC().Format(http.TimeFormat)))
	case r.readable(now):
		set(header, "x-cos-restore", fmt.Sprintf(`ongoing-request="false", expiry-date="%s"`,
			r.expires.UTC().Format(http.TimeFormat)))
	}
}

// expiryOf is the first midnight in Beijing, 16:00 GMT, after the given number of days.
func expiryOf(ready time.Time, days int) time.Time {
	ready = ready.UTC()
	midnight := time.Date(ready.Year(), ready.Month(), ready.Day(), 16, 0, 0, 0, time.UTC)
	for midnight.Before(ready.AddDate(0, 0, days)) {
		midnight = midnight.AddDate(0, 0, 1)
	}
	return midnight
}

// restoreObject restores an archived version (12633). The customer key of an SSE-C object may be
// given; a wrong one is refused.
func restoreObject(x *exchange) *apiError {
	var request restoreXML
	if err := x.readXML(&request); err != nil {
		return err
	}
	request.Tier = cmp.Or(request.Tier, "Standard")
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	if err := x.checkRestore(v, request); err != nil {
		return err
	}
	now := x.config.Now()
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	switch {
	case v.restore.ongoing(now):
		return failure("RestoreAlreadyInProgress", "The restore is in progress.")
	case v.restore.readable(now):
		extended := *v.restore
		extended.expires = expiryOf(now, request.Days)
		return x.setRestore(v, &extended, http.StatusOK)
	}
	ready := now.Add(time.Duration(x.Settings().RestoreDelay))
	return x.setRestore(v, &restoreState{
		tier: request.Tier, asked: now, ready: ready, expires: expiryOf(ready, request.Days),
	}, http.StatusAccepted)
}

// setRestore notes a restore and answers. The store must be locked.
func (x *exchange) setRestore(v *version, restore *restoreState, status int) *apiError {
	err := notStored(x.store.update(x.bucket, v, func(v *version) { v.restore = restore }))
	if err != nil {
		return err
	}
	x.answerEmpty(status)
	return nil
}

// checkRestore judges the request before anything is restored.
func (x *exchange) checkRestore(v *version, request restoreXML) *apiError {
	x.entry.SSEMode = string(v.sse.mode)
	key, err := x.customerKeyOf(customerPrefix)
	if err != nil {
		return err
	}
	x.noteKey(key)
	if key != nil {
		if err := x.opens(v.sse, key); err != nil {
			return err
		}
	}
	switch {
	case !archived(v.class):
		return failure("RestoreNonArchiveObject", "Restore of an object that is not archived.")
	case request.Days < 1 || request.Days > 365:
		return invalid("Days must be from 1 to 365.")
	case request.Tier != "Standard" && request.Tier != "Bulk" &&
		request.Tier != "Expedited":
		return invalid("There is no tier %q.", request.Tier)
	case request.Tier == "Expedited" && strings.HasSuffix(v.class, "DEEP_ARCHIVE"):
		return invalid("DEEP_ARCHIVE cannot be restored with the tier Expedited.")
	}
	return nil
}
