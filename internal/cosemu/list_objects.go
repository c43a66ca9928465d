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

const listTime = "2006-01-02T15:04:05.000Z"

// listing are the parameters that all listings share.
type listing struct {
	prefix, delimiter string
	max               int
	encode            func(string) string
	encodingType      string
}

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
	marker := x.query["marker"]
	result := listXML{
		Name: x.bucket.name, EncodingType: l.encodingType, Prefix: l.encode(l.prefix),
		Marker: l.encode(marker), MaxKeys: l.max, Delimiter: l.encode(l.delimiter),
	}
	x.store.mu.Lock()
	versions := x.bucket.listed(x.config.Now().Add(-x.config.ListLag))
	last, seen := "", ""
	for _, v := range versions {
		group := ""
		if strings.HasPrefix(v.key, l.prefix) {
			group = l.commonPrefix(v.key)
		}
		switch {
		case !strings.HasPrefix(v.key, l.prefix), v.key <= marker, group != "" && group <= marker,
			group != "" && group == seen:
			continue
		}
		if len(result.Contents)+len(result.CommonPrefixes) == l.max {
			result.IsTruncated = l.max > 0
			break
		}
		if group != "" {
			result.CommonPrefixes = append(result.CommonPrefixes, prefixXML{l.encode(group)})
			last, seen = group, group
			continue
		}
		result.Contents = append(result.Contents, x.contents(v, l))
		last = v.key
	}
	x.store.mu.Unlock()
	if result.IsTruncated {
		result.NextMarker = l.encode(last)
	}
	set(x.w.Header(), "x-cos-bucket-region", x.bucket.region)
	x.answerXML(result)
	return nil
}

func (x *exchange) contents(v *version, l listing) contentsXML {
	return contentsXML{
		Key: l.encode(v.key), LastModified: v.modified.Format(listTime),
		ETag: `"` + v.etag + `"`, Size: v.body.size, StorageClass: v.class,
		Owner: x.owner(),
	}
}

// owner is the bucket's APPID.
func (x *exchange) owner() ownerXML {
	appID := x.bucket.name[strings.LastIndex(x.bucket.name, "-")+1:]
	return ownerXML{ID: appID, DisplayName: appID}
}

// listedTime formats times of uploads and versions.
func listedTime(t time.Time) string { return t.UTC().Format(listTime) }
