package cosemu

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

type uploadXML struct {
	Key          string   `xml:"Key"`
	UploadID     string   `xml:"UploadId"`
	StorageClass string   `xml:"StorageClass"`
	Initiator    ownerXML `xml:"Initiator"`
	Owner        ownerXML `xml:"Owner"`
	Initiated    string   `xml:"Initiated"`
}

type listUploadsXML struct {
	XMLName            xml.Name    `xml:"ListMultipartUploadsResult"`
	Bucket             string      `xml:"Bucket"`
	EncodingType       string      `xml:"Encoding-Type,omitempty"`
	KeyMarker          string      `xml:"KeyMarker"`
	UploadIDMarker     string      `xml:"UploadIdMarker"`
	MaxUploads         int         `xml:"MaxUploads"`
	Prefix             string      `xml:"Prefix"`
	Delimiter          string      `xml:"Delimiter,omitempty"`
	IsTruncated        bool        `xml:"IsTruncated"`
	NextKeyMarker      string      `xml:"NextKeyMarker,omitempty"`
	NextUploadIDMarker string      `xml:"NextUploadIdMarker,omitempty"`
	Uploads            []uploadXML `xml:"Upload"`
	CommonPrefixes     []prefixXML `xml:"CommonPrefixes"`
}

// listUploads lists multipart uploads under way by key and upload id.
func listUploads(x *exchange) *apiError {
	l, err := x.listing("max-uploads")
	if err != nil {
		return err
	}
	keyMarker, idMarker := x.query["key-marker"], x.query["upload-id-marker"]
	result := listUploadsXML{
		Bucket: x.bucket.name, EncodingType: l.encodingType, KeyMarker: l.encode(keyMarker),
		UploadIDMarker: idMarker, MaxUploads: l.max, Prefix: l.encode(l.prefix),
		Delimiter: l.encode(l.delimiter),
	}
	group, last := "", (*upload)(nil)
	for _, u := range x.sortedUploads() {
		key := u.target.key
		if !strings.HasPrefix(key, l.prefix) || key < keyMarker ||
			key == keyMarker && (idMarker == "" || u.id <= idMarker) {
			continue
		}
		common := l.commonPrefix(key)
		if common != "" && common == group {
			continue
		}
		if len(result.Uploads)+len(result.CommonPrefixes) == l.max {
			result.IsTruncated = last != nil
			break
		}
		last = u
		if common != "" {
			group = common
			result.CommonPrefixes = append(result.CommonPrefixes, prefixXML{l.encode(common)})
			continue
		}
		result.Uploads = append(result.Uploads, uploadXML{
			Key: l.encode(key), UploadID: u.id, StorageClass: u.target.class,
			Initiator: x.owner(), Owner: x.owner(), Initiated: listedTime(u.initiated),
		})
	}
	if result.IsTruncated {
		result.NextKeyMarker, result.NextUploadIDMarker = l.encode(last.target.key), last.id
	}
	x.answerXML(result)
	return nil
}

func (x *exchange) sortedUploads() []*upload {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	var uploads []*upload
	for _, u := range x.bucket.uploads {
		uploads = append(uploads, u)
	}
	slices.SortFunc(uploads, func(a, b *upload) int {
		return cmp.Or(cmp.Compare(a.target.key, b.target.key), cmp.Compare(a.id, b.id))
	})
	return uploads
}

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
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	u, err := x.findUploadLocked()
	if err != nil {
		return err
	}
	result := listPartsXML{
		Bucket: x.bucket.name, EncodingType: l.encodingType, Key: l.encode(u.target.key),
		UploadID: u.id, Initiator: x.owner(), Owner: x.owner(), StorageClass: u.target.class,
		PartNumberMarker: marker, MaxParts: l.max,
	}
	for _, p := range u.sorted() {
		switch {
		case p.number <= marker:
			continue
		case len(result.Parts) == l.max:
			result.IsTruncated = true
			result.NextPartNumberMarker = strconv.Itoa(result.Parts[l.max-1].PartNumber)
		}
		if result.IsTruncated {
			break
		}
		result.Parts = append(result.Parts, partXML{
			PartNumber: p.number, LastModified: listedTime(p.modified),
			ETag: `"` + p.etag + `"`, Size: p.body.size,
		})
	}
	x.answerXML(result)
	return nil
}
