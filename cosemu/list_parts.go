package cosemu

import (
	"cmp"
	"encoding/xml"
	"strconv"
)

type partXML struct {
	PartNumber   int    `xml:"PartNumber"`
	LastModified string `xml:"LastModified"`
	ETag         string `xml:"ETag"`
	Size         int64  `xml:"Size"`
}

type listPartsXML struct {
	XMLName              xml.Name  `xml:"ListPartsResult"`
	Bucket               string    `xml:"Bucket"`
	EncodingType         string    `xml:"Encoding-type,omitempty"`
	Key                  string    `xml:"Key"`
	UploadID             string    `xml:"UploadId"`
	Initiator            ownerXML  `xml:"Initiator"`
	Owner                ownerXML  `xml:"Owner"`
	StorageClass         string    `xml:"StorageClass"`
	PartNumberMarker     int       `xml:"PartNumberMarker"`
	NextPartNumberMarker string    `xml:"NextPartNumberMarker,omitempty"`
	MaxParts             int       `xml:"MaxParts"`
	IsTruncated          bool      `xml:"IsTruncated"`
	Parts                []partXML `xml:"Part"`
}

// listParts lists the parts of an upload. No customer key is needed.
func listParts(x *exchange) *apiError {
	l, err := x.listing("max-parts")
	if err != nil {
		return err
	}
	marker, convErr := strconv.Atoi(cmp.Or(x.query["part-number-marker"], "0"))
	if convErr != nil || l.max == 0 {
		return invalid("part-number-marker or max-parts is no number in its range.")
	}
	result, err := x.partsPage(l, marker)
	if err != nil {
		return err
	}
	x.answerXML(result)
	return nil
}

// partsPage is the page of parts behind a part number.
func (x *exchange) partsPage(l listing, marker int) (listPartsXML, *apiError) {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	u, err := x.findUploadLocked()
	if err != nil {
		return listPartsXML{}, err
	}
	page := listPartsXML{
		Bucket: x.bucket.name, EncodingType: l.encodingType, Key: l.encode(u.target.key),
		UploadID: u.id, Initiator: x.owner(), Owner: x.owner(), StorageClass: u.target.class,
		PartNumberMarker: marker, MaxParts: l.max,
	}
	for _, p := range u.sorted() {
		if p.number <= marker {
			continue
		}
		if len(page.Parts) == l.max {
			page.IsTruncated = true
			page.NextPartNumberMarker = strconv.Itoa(page.Parts[l.max-1].PartNumber)
			break
		}
		page.Parts = append(page.Parts, partXML{
			PartNumber: p.number, LastModified: listedTime(p.modified),
			ETag: `"` + p.etag + `"`, Size: p.body.size,
		})
	}
	return page, nil
}
