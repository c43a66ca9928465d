package cosemu

import (
	"encoding/xml"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type ownerXML struct {
	ID          string `xml:"ID"`
	DisplayName string `xml:"DisplayName"`
}

type contentsXML struct {
	Key          string   `xml:"Key"`
	LastModified string   `xml:"LastModified"`
	ETag         string   `xml:"ETag"`
	Size         int64    `xml:"Size"`
	Owner        ownerXML `xml:"Owner"`
	StorageClass string   `xml:"StorageClass"`
}

type prefixXML struct {
	Prefix string `xml:"Prefix"`
}

type listXML struct {
	XMLName        xml.Name      `xml:"ListBucketResult"`
	Name           string        `xml:"Name"`
	EncodingType   string        `xml:"EncodingType,omitempty"`
	Prefix         string        `xml:"Prefix"`
	Marker         string        `xml:"Marker"`
	MaxKeys        int           `xml:"MaxKeys"`
	Delimiter      string        `xml:"Delimiter,omitempty"`
	IsTruncated    bool          `xml:"IsTruncated"`
	NextMarker     string        `xml:"NextMarker,omitempty"`
	CommonPrefixes []prefixXML   `xml:"CommonPrefixes"`
	Contents       []contentsXML `xml:"Contents"`
}

// listing are the parameters that all listings share.
type listing struct {
	prefix, delimiter string
	max               int
	encode            func(string) string
	encodingType      string
}

// listing reads those parameters; maxName is how this listing calls the size of a page.
func (x *exchange) listing(maxName string) (listing, *apiError) {
	l := listing{
		prefix: x.query["prefix"], delimiter: x.query["delimiter"], max: maxListKeys,
		encode: func(text string) string { return text }, encodingType: x.query["encoding-type"],
	}
	if text, ok := x.query[maxName]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxListKeys {
			return l, invalid("%s must be from 0 to %d.", maxName, maxListKeys)
		}
		l.max = n
	}
	switch l.encodingType {
	case "":
	case "url":
		l.encode = encodeKey
	default:
		return l, invalid("encoding-type must be url.")
	}
	return l, nil
}

// encodeKey percent-encodes a key and leaves slashes alone.
func encodeKey(key string) string {
	encoded := strings.ReplaceAll(url.QueryEscape(key), "+", "%20")
	return strings.ReplaceAll(encoded, "%2F", "/")
}

// commonPrefix is the group that a key belongs to; "" if it stands for itself.
func (l listing) commonPrefix(key string) string {
	if l.delimiter == "" {
		return ""
	}
	rest := key[len(l.prefix):]
	if i := strings.Index(rest, l.delimiter); i >= 0 {
		return l.prefix + rest[:i+len(l.delimiter)]
	}
	return ""
}

// listObjects lists current objects (7734). It says nothing of their encryption.
func listObjects(x *exchange) *apiError {
	l, err := x.listing("max-keys")
	if err != nil {
		return err
	}
	page := objectPage{listing: l, x: x, after: x.query["marker"]}
	page.result = listXML{
		Name: x.bucket.name, EncodingType: l.encodingType, Prefix: l.encode(l.prefix),
		Marker: l.encode(page.after), MaxKeys: l.max, Delimiter: l.encode(l.delimiter),
	}
	x.store.mu.Lock()
	page.fill(x.bucket, x.config.Now().Add(-time.Duration(x.Settings().ListLag)))
	x.store.mu.Unlock()
	set(x.w.Header(), "x-cos-bucket-region", x.bucket.region)
	x.answerXML(page.result)
	return nil
}

// objectPage is a page of objects being filled.
type objectPage struct {
	listing
	x      *exchange
	result listXML
	after  string // the marker: what the page before ended with
	last   string
}

// fill adds what a listing at a moment shows.
func (p *objectPage) fill(b *bucket, at time.Time) {
	c := b.from(max(p.prefix, p.after))
	for o := c.next(); o != nil && strings.HasPrefix(o.key, p.prefix); o = c.next() {
		if v := o.listed(at); v != nil && !p.add(v) {
			return
		}
		if group := p.commonPrefix(o.key); group != "" && (group == p.last || group <= p.after) {
			c.seek(behind(group))
		}
	}
}

// add adds an object or its common prefix. It reports false once the page is full.
func (p *objectPage) add(v *version) bool {
	if !strings.HasPrefix(v.key, p.prefix) || v.key <= p.after {
		return true
	}
	group := p.commonPrefix(v.key)
	if group != "" && (group == p.last || group <= p.after) {
		return true
	}
	if len(p.result.Contents)+len(p.result.CommonPrefixes) == p.max {
		p.result.IsTruncated = p.max > 0
		p.result.NextMarker = p.encode(p.last)
		return false
	}
	if group != "" {
		p.last = group
		p.result.CommonPrefixes = append(p.result.CommonPrefixes, prefixXML{p.encode(group)})
		return true
	}
	p.last = v.key
	p.result.Contents = append(p.result.Contents, contentsXML{
		Key: p.encode(v.key), LastModified: listedTime(v.modified), ETag: `"` + v.etag + `"`,
		Size: v.body.size, StorageClass: v.class, Owner: p.x.owner(),
	})
	return true
}

// owner is the bucket's APPID.
func (x *exchange) owner() ownerXML {
	id := appID(x.bucket)
	return ownerXML{ID: id, DisplayName: id}
}

// listedTime formats the times of listings.
func listedTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
