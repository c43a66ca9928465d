package cosemu

import (
	"cmp"
	"encoding/xml"
	"slices"
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
	page := uploadPage{
		listing: l, x: x, afterKey: x.query["key-marker"],
		afterID: x.query["upload-id-marker"],
	}
	page.result = listUploadsXML{
		Bucket: x.bucket.name, EncodingType: l.encodingType, KeyMarker: l.encode(page.afterKey),
		UploadIDMarker: page.afterID, MaxUploads: l.max, Prefix: l.encode(l.prefix),
		Delimiter: l.encode(l.delimiter),
	}
	for _, u := range x.sortedUploads() {
		if !page.add(u) {
			break
		}
	}
	x.answerXML(page.result)
	return nil
}

// uploadPage is a page of uploads being filled.
type uploadPage struct {
	listing
	x                 *exchange
	result            listUploadsXML
	afterKey, afterID string
	lastKey, lastID   string
}

// add adds an upload or its common prefix. It reports false once the page is full.
func (p *uploadPage) add(u *upload) bool {
	key := u.target.key
	if !strings.HasPrefix(key, p.prefix) || key < p.afterKey ||
		key == p.afterKey && (p.afterID == "" || u.id <= p.afterID) {
		return true
	}
	group := p.commonPrefix(key)
	if group != "" && (group == p.lastKey || group <= p.afterKey) {
		return true
	}
	if len(p.result.Uploads)+len(p.result.CommonPrefixes) == p.max {
		p.result.IsTruncated = p.max > 0
		p.result.NextKeyMarker, p.result.NextUploadIDMarker = p.encode(p.lastKey), p.lastID
		return false
	}
	if group != "" {
		p.lastKey, p.lastID = group, ""
		p.result.CommonPrefixes = append(p.result.CommonPrefixes, prefixXML{p.encode(group)})
		return true
	}
	p.lastKey, p.lastID = key, u.id
	p.result.Uploads = append(p.result.Uploads, uploadXML{
		Key: p.encode(key), UploadID: u.id, StorageClass: u.target.class,
		Initiator: p.x.owner(), Owner: p.x.owner(), Initiated: listedTime(u.initiated),
	})
	return true
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
