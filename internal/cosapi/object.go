package cosapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ObjectHeaders are the headers that COS stores with an object and returns with it. Empty fields
// are not sent; COS then chooses a content type itself.
type ObjectHeaders struct {
	ContentType        string
	CacheControl       string
	ContentDisposition string
	ContentEncoding    string
	ContentLanguage    string
	Expires            string
	// Metadata is sent as x-cos-meta-*. Keys are without the prefix and in lower case.
	Metadata map[string]string
}

// ObjectInfo is what COS reports about an object.
type ObjectInfo struct {
	Ref          ObjectRef
	ETag         string // without quotes; opaque: it is not an MD5 in every mode
	CRC64        string // CRC64 of the plain bytes, decimal; "" where COS has none
	Size         int64  // bytes
	LastModified time.Time
	VersionID    string // "" in a bucket without versioning
	StorageClass string // STANDARD if COS does not say
	StorageTier  string // of INTELLIGENT_TIERING objects, else ""
	Headers      ObjectHeaders
	Encryption   EncryptionStatus
	Restore      RestoreStatus
	RequestID    string
	// Kind is what COS says of an object that is not an ordinary one, in lower case: appendable or
	// symlink; else "". Whether COS says it today is not documented.
	Kind string
	// TagCount is the number of tags, 0 where COS does not say: documents leave open whether it
	// always does.
	TagCount int
	// Replica reports an object that replication made.
	Replica bool
}

// RestoreStatus is how far the restore of an archived object is (document 12633). The zero value
// is an object that has not been restored.
type RestoreStatus struct {
	Ongoing   bool
	Restored  bool      // a readable copy exists until ExpiresAt
	ExpiresAt time.Time // zero if COS does not say
	Tier      string    // Expedited, Standard or Bulk, of a running restore; "" if COS does not say
}

const (
	headerCRC64          = "X-Cos-Hash-Crc64ecma"
	headerVersionID      = "X-Cos-Version-Id"
	headerDeleteMarker   = "X-Cos-Delete-Marker"
	headerStorageClass   = "X-Cos-Storage-Class"
	headerStorageTier    = "X-Cos-Storage-Tier"
	headerRestore        = "X-Cos-Restore"
	headerRestoreStatus  = "X-Cos-Restore-Status"
	headerMetadataPrefix = "X-Cos-Meta-"
	headerObjectType     = "X-Cos-Object-Type"
	headerSymlinkTarget  = "X-Cos-Symlink-Target"
	headerReplication    = "X-Cos-Replication-Status"
	headerTaggingCount   = "X-Cos-Tagging-Count"

	storageClassStandard = "STANDARD"
)

// objectInfo reads the answer to a HEAD or GET of a whole object.
func objectInfo(ref ObjectRef, resp *http.Response) ObjectInfo {
	header := resp.Header
	info := ObjectInfo{
		Ref:          ref,
		ETag:         unquote(header.Get("ETag")),
		CRC64:        header.Get(headerCRC64),
		Size:         resp.ContentLength,
		VersionID:    header.Get(headerVersionID),
		StorageClass: orDefault(strings.ToUpper(header.Get(headerStorageClass)), storageClassStandard),
		StorageTier:  header.Get(headerStorageTier),
		Headers:      objectHeaders(header),
		Encryption:   encryptionStatus(header),
		Restore:      restoreStatus(header),
		RequestID:    header.Get(headerRequestID),
		Kind:         kindOf(header),
		Replica:      strings.EqualFold(header.Get(headerReplication), "replica"),
	}
	if modified, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		info.LastModified = modified
	}
	info.TagCount, _ = strconv.Atoi(header.Get(headerTaggingCount))
	return info
}

// kindOf reads x-cos-object-type, which says "normal" of ordinary objects where it is sent.
func kindOf(header http.Header) string {
	kind := strings.ToLower(header.Get(headerObjectType))
	switch {
	case header.Get(headerSymlinkTarget) != "":
		return "symlink"
	case kind == "normal":
		return ""
	}
	return kind
}

func objectHeaders(header http.Header) ObjectHeaders {
	headers := ObjectHeaders{
		ContentType:        header.Get("Content-Type"),
		CacheControl:       header.Get("Cache-Control"),
		ContentDisposition: header.Get("Content-Disposition"),
		ContentEncoding:    header.Get("Content-Encoding"),
		ContentLanguage:    header.Get("Content-Language"),
		Expires:            header.Get("Expires"),
		Metadata:           map[string]string{},
	}
	for name, values := range header {
		if key, ok := strings.CutPrefix(name, headerMetadataPrefix); ok && len(values) > 0 {
			headers.Metadata[strings.ToLower(key)] = values[0]
		}
	}
	return headers
}

// set adds the headers to a request. An empty content type is left to COS.
func (h ObjectHeaders) set(header http.Header) {
	for name, value := range h.named() {
		if value != "" {
			header.Set(name, value)
		}
	}
	for key, value := range h.Metadata {
		header.Set(headerMetadataPrefix+key, value)
	}
}

// named returns the fields that are standard HTTP headers.
func (h ObjectHeaders) named() map[string]string {
	return map[string]string{
		"Content-Type":        h.ContentType,
		"Cache-Control":       h.CacheControl,
		"Content-Disposition": h.ContentDisposition,
		"Content-Encoding":    h.ContentEncoding,
		"Content-Language":    h.ContentLanguage,
		"Expires":             h.Expires,
	}
}

// restoreStatus reads x-cos-restore and x-cos-restore-status (document 7745).
func restoreStatus(header http.Header) RestoreStatus {
	fields := quotedFields(header.Get(headerRestore))
	status := RestoreStatus{
		Ongoing:  fields["ongoing-request"] == "true",
		Restored: fields["ongoing-request"] == "false",
	}
	if expiry, err := http.ParseTime(fields["expiry-date"]); err == nil {
		status.ExpiresAt = expiry
	}
	if tier := quotedFields(header.Get(headerRestoreStatus))["tier"]; tier != "" {
		status.Tier = strings.ToUpper(tier[:1]) + strings.ToLower(tier[1:])
	}
	return status
}

// quotedFields reads name="value" pairs. Values hold commas, so the text is split at the quotes.
func quotedFields(text string) map[string]string {
	fields := map[string]string{}
	parts := strings.Split(text, `"`)
	for i := 0; i+1 < len(parts); i += 2 {
		name := strings.Trim(parts[i], " ,;=")
		fields[name] = parts[i+1]
	}
	return fields
}

// unquote takes the quotes off an ETag.
func unquote(etag string) string { return strings.Trim(etag, `"`) }

// versionArgs is the optional last argument of the SDK's calls, which put it into a URL as it is.
func versionArgs(ref ObjectRef) []string {
	if ref.VersionID == "" {
		return nil
	}
	return []string{url.QueryEscape(ref.VersionID)}
}
