package cosemu

import (
	"encoding/xml"
	"strings"
)

type versionXML struct {
	Key          string   `xml:"Key"`
	VersionID    string   `xml:"VersionId"`
	IsLatest     bool     `xml:"IsLatest"`
	LastModified string   `xml:"LastModified"`
	ETag         string   `xml:"ETag,omitempty"`
	Size         *int64   `xml:"Size,omitempty"`
	StorageClass string   `xml:"StorageClass,omitempty"`
	Owner        ownerXML `xml:"Owner"`
}

type listVersionsXML struct {
	XMLName             xml.Name     `xml:"ListVersionsResult"`
	Name                string       `xml:"Name"`
	EncodingType        string       `xml:"EncodingType,omitempty"`
	Prefix              string       `xml:"Prefix"`
	KeyMarker           string       `xml:"KeyMarker"`
	VersionIDMarker     string       `xml:"VersionIdMarker"`
	MaxKeys             int          `xml:"MaxKeys"`
	Delimiter           string       `xml:"Delimiter,omitempty"`
	IsTruncated         bool         `xml:"IsTruncated"`
	NextKeyMarker       string       `xml:"NextKeyMarker,omitempty"`
	NextVersionIDMarker string       `xml:"NextVersionIdMarker,omitempty"`
	CommonPrefixes      []prefixXML  `xml:"CommonPrefixes"`
	Versions            []versionXML `xml:"Version"`
	DeleteMarkers       []versionXML `xml:"DeleteMarker"`
}

// listVersions lists all versions and delete markers, those of a key from the newest on.
func listVersions(x *exchange) *apiError {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	page := versionPage{
		listing: l, x: x, afterKey: x.query["key-marker"],
		afterID: x.query["version-id-marker"],
	}
	page.result = listVersionsXML{
		Name: x.bucket.name, EncodingType: l.encodingType, Prefix: l.encode(l.prefix),
		KeyMarker: l.encode(page.afterKey), VersionIDMarker: page.afterID, MaxKeys: l.max,
		Delimiter: l.encode(l.delimiter),
	}
	x.store.mu.Lock()
	page.fill(x.bucket)
	x.store.mu.Unlock()
	set(x.w.Header(), "x-cos-bucket-region", x.bucket.region)
	x.answerXML(page.result)
	return nil
}

// versionPage is a page of versions being filled.
type versionPage struct {
	listing
	x                 *exchange
	result            listVersionsXML
	afterKey, afterID string
	count             int
	lastKey, lastID   string
	group             string
}

func (p *versionPage) fill(b *bucket) {
	c := b.from(max(p.prefix, p.afterKey))
	for o := c.next(); o != nil && strings.HasPrefix(o.key, p.prefix); o = c.next() {
		if !p.addKey(o.key, o.versions) {
			return
		}
		if group := p.commonPrefix(o.key); group != "" && (group == p.group || group <= p.afterKey) {
			c.seek(behind(group))
		}
	}
}

// addKey adds the versions of a key that the page has room for. It reports false once the page is
// full.
func (p *versionPage) addKey(key string, versions []*version) bool {
	if !strings.HasPrefix(key, p.prefix) || key < p.afterKey || key == p.afterKey && p.afterID == "" {
		return true
	}
	if group := p.commonPrefix(key); group != "" && len(versions) > 0 {
		return p.addGroup(group)
	}
	skipping := key == p.afterKey
	for i, v := range versions {
		if skipping {
			skipping = v.id != p.afterID
			continue
		}
		if !p.room() {
			return false
		}
		p.add(v, i == 0)
	}
	return true
}

func (p *versionPage) addGroup(group string) bool {
	if group == p.group || group <= p.afterKey {
		return true
	}
	if !p.room() {
		return false
	}
	p.group, p.lastKey, p.lastID = group, group, ""
	p.result.CommonPrefixes = append(p.result.CommonPrefixes, prefixXML{p.encode(group)})
	p.count++
	return true
}

// room reports whether there is room for one more; if not, the page is truncated.
func (p *versionPage) room() bool {
	if p.count < p.max {
		return true
	}
	p.result.IsTruncated = p.max > 0
	p.result.NextKeyMarker, p.result.NextVersionIDMarker = p.encode(p.lastKey), p.lastID
	return false
}

func (p *versionPage) add(v *version, latest bool) {
	entry := versionXML{
		Key: p.encode(v.key), VersionID: v.id, IsLatest: latest,
		LastModified: listedTime(v.modified), Owner: p.x.owner(),
	}
	p.count++
	p.lastKey, p.lastID = v.key, v.id
	if v.marker {
		p.result.DeleteMarkers = append(p.result.DeleteMarkers, entry)
		return
	}
	size := v.body.size
	entry.ETag, entry.Size, entry.StorageClass = `"`+v.etag+`"`, &size, v.class
	p.result.Versions = append(p.result.Versions, entry)
}
