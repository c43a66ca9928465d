package cosemu

import (
	"encoding/xml"
)

type deleteRequestXML struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool     `xml:"Quiet"`
	Objects []struct {
		Key       string `xml:"Key"`
		VersionID string `xml:"VersionId"`
	} `xml:"Object"`
}

type deletedXML struct {
	Key             string `xml:"Key"`
	VersionID       string `xml:"VersionId,omitempty"`
	DeleteMarker    bool   `xml:"DeleteMarker,omitempty"`
	MarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type notDeletedXML struct {
	Key       string `xml:"Key"`
	VersionID string `xml:"VersionId,omitempty"`
	Code      string `xml:"Code"`
	Message   string `xml:"Message"`
}

type deleteResultXML struct {
	XMLName xml.Name        `xml:"DeleteResult"`
	Deleted []deletedXML    `xml:"Deleted"`
	Errors  []notDeletedXML `xml:"Error"`
}

// maxDeletes is how many objects one request may name (8289).
const maxDeletes = 1000

// deleteObjects deletes up to 1000 objects or versions, each for itself (8289). What was deleted is
// answered unless the request is quiet, what was not always.
func deleteObjects(x *exchange) *apiError {
	if x.r.Header.Get("Content-MD5") == "" {
		return failure("InvalidDigest", "DELETE Multiple Objects needs Content-MD5.")
	}
	var request deleteRequestXML
	if err := x.readXML(&request); err != nil {
		return err
	}
	if n := len(request.Objects); n == 0 || n > maxDeletes {
		return failure("MalformedXML", "The request must name 1 to %d objects, not %d.", maxDeletes, n)
	}
	now := x.config.Now()
	var result deleteResultXML
	x.store.mu.Lock()
	for _, object := range request.Objects {
		done, err := x.deleteLocked(object.Key, object.VersionID, now)
		switch {
		case err != nil:
			result.Errors = append(result.Errors, notDeletedXML{
				Key: object.Key, VersionID: object.VersionID, Code: err.code, Message: err.message,
			})
		case !request.Quiet:
			result.Deleted = append(result.Deleted, done.answer(object.Key, object.VersionID))
		}
	}
	x.store.mu.Unlock()
	x.answerXML(result)
	return nil
}

// answer is what a list of deletions says of one.
func (d deletion) answer(key, versionID string) deletedXML {
	answered := deletedXML{Key: key, VersionID: versionID, DeleteMarker: d.marker}
	if d.marker {
		answered.MarkerVersionID = d.versionID
	}
	return answered
}
