package cosemu

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of single objects (documents 13324, 7746, 7749 and the tagging page).
const (
	maxKeyBytes      = 850
	maxMetadataBytes = 4 << 10
	maxMetadataEntry = 2 << 10
	maxTags          = 10
	maxTagKey        = 128
	maxTagValue      = 256
	maxObjectSize    = 5 << 30
	minPartSize      = 1 << 20
	maxPartNumber    = 10000
	maxListKeys      = 1000
)

// storageClasses in the spelling of answers.
var storageClasses = []string{
	"STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ARCHIVE", "DEEP_ARCHIVE",
	"MAZ_STANDARD", "MAZ_STANDARD_IA", "MAZ_INTELLIGENT_TIERING", "MAZ_ARCHIVE",
	"MAZ_DEEP_ARCHIVE",
}

const (
	standardClass = "STANDARD"
	multiAZPrefix = "MAZ_"
)

// checkKey refuses keys that COS does not store (13324).
func (x *exchange) checkKey(key string) *apiError {
	switch {
	case len(key) > maxKeyBytes:
		return failure("KeyTooLong", "The key is longer than %d bytes.", maxKeyBytes)
	case strings.Trim(key[:1], `/\`) == "" && !x.Choices().LeadingSlash:
		return failure("InvalidURI", `A key must not start with / or \.`)
	case strings.ContainsFunc(key, func(r rune) bool { return r >= 24 && r <= 27 }):
		return failure("InvalidURI", "A key must not contain the characters 24 to 27.")
	case !utf8.ValidString(key):
		return failure("InvalidURI", "A key must be UTF-8.")
	}
	return nil
}

// checkRequestHeaders refuses what would otherwise be ignored: headers of other Tencent services
// that act on objects.
func checkRequestHeaders(header http.Header) *apiError {
	for name := range header {
		lower := strings.ToLower(name)
		if header.Get(name) == "" {
			continue
		}
		if strings.HasPrefix(lower, "x-ci-") || strings.HasPrefix(lower, "x-cos-callback") ||
			lower == "pic-operations" {
			return failure("NotImplemented", "%s is not modelled by this emulator.", name)
		}
	}
	return nil
}

// storageClass reads a class header; names are compared without case.
func (x *exchange) storageClass() (string, *apiError) {
	class := strings.ToUpper(x.r.Header.Get(headerClass))
	switch {
	case class == "" && x.bucket.multiAZ:
		return multiAZPrefix + standardClass, nil
	case class == "":
		return standardClass, nil
	case !slices.Contains(storageClasses, class):
		return "", failure("NotSupportedStorageClass", "There is no storage class %s.", class)
	}
	return class, nil
}

func archived(class string) bool { return strings.HasSuffix(class, "ARCHIVE") }

// systemHeaders are stored with an object and served with it.
var systemHeaders = []string{
	"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding",
	"Content-Language", "Expires",
}

const (
	metadataPrefix     = "x-cos-meta-"
	metadataCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// objectHeaders reads the headers and the metadata of a write. An empty header counts as absent.
// Too much metadata answers KeyTooLong, as COS does; one entry has at most 2 KB, all have 4 KB
// (7746).
func objectHeaders(header http.Header) (headers, metadata map[string]string, err *apiError) {
	headers, metadata = map[string]string{}, map[string]string{}
	for _, name := range systemHeaders {
		if value := header.Get(name); value != "" {
			headers[name] = value
		}
	}
	total := 0
	for name, values := range header {
		suffix, ok := strings.CutPrefix(strings.ToLower(name), metadataPrefix)
		if !ok || values[0] == "" {
			continue
		}
		if suffix == "" || strings.Trim(suffix, metadataCharacters) != "" {
			return nil, nil, invalid("The metadata name %q is not allowed.", suffix)
		}
		metadata[suffix] = values[0]
		size := len(suffix) + len(values[0])
		if size > maxMetadataEntry {
			return nil, nil, failure("KeyTooLong", "The metadata %s exceeds 2 KB.", suffix)
		}
		total += size
	}
	if total > maxMetadataBytes {
		return nil, nil, failure("KeyTooLong", "The metadata exceeds 4 KB.")
	}
	return headers, metadata, nil
}
