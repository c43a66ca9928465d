package cosapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
)

// The names of a CopyMarker's members in x-cos-meta-*. Names are made of lower-case letters,
// digits and hyphens (document 7749).
const (
	markerPrefix      = "tf-cos-copy-"
	markerDestination = markerPrefix + "destination"
	markerSource      = markerPrefix + "source"
	markerState       = markerPrefix + "state"
	markerRequest     = markerPrefix + "request"
	markerCRC64       = markerPrefix + "crc64"
)

// markerDigest is the length of a digest in hexadecimal digits: 128 bits.
const markerDigest = 32

// CopyMarker says in the metadata of a copy who made it, of what and how, so that a later look at
// the copy alone tells whether it is still right. Members are digests: names of objects can be too
// long for metadata (4 KB), and a reader learns nothing of the encryption context.
//
// A marker travels along when somebody copies the copy. That is why it names its destination: in
// any other place it is not valid.
type CopyMarker struct {
	destination, source, state, request, crc64 string
}

// CopyRequest is what a marker remembers of how a copy was asked for: the encryption, and the
// headers and the storage class that were given explicitly, not those that followed the source.
type CopyRequest struct {
	Encryption   Encryption
	Headers      ObjectHeaders
	StorageClass string
	// Tags are those of the source, which the copy takes over; nil where they are not known.
	Tags map[string]string
}

// NewCopyMarker is the marker of a copy of source, as Head described it, to destination. The state
// of a source in a bucket with versioning is recognised by its version, any other one's by its
// ETag, and its tags, which change without either.
func NewCopyMarker(
	destination ObjectRef, source ObjectInfo, request CopyRequest,
) (CopyMarker, error) {
	context := ""
	if kms, ok := request.Encryption.(SSEKMS); ok {
		var err error
		if context, err = CanonicalContext(kms.Context); err != nil {
			return CopyMarker{}, err
		}
	}
	state := source.VersionID
	if state == "" || state == nullVersion {
		state = source.ETag
	}
	asked := request.Encryption.expected()
	return CopyMarker{
		destination: digest(destination.Region, destination.Bucket, destination.Key),
		source:      digest(source.Ref.Region, source.Ref.Bucket, source.Ref.Key),
		state:       digest(state, request.Tags),
		request: digest(asked.Mode, asked.Algorithm, asked.KMSKeyID, asked.CustomerKeyMD5, context,
			request.Headers, request.StorageClass),
		crc64: source.CRC64,
	}, nil
}

// nullVersion is the version id of what is written while versioning is suspended. It is used again
// and again, so that it tells nothing (document 19883).
const nullVersion = "null"

// digest is a fingerprint of values. %q keeps neighbouring texts apart and orders maps.
func digest(values ...any) string {
	sum := sha256.New()
	for _, value := range values {
		_, _ = fmt.Fprintf(sum, "%q\n", value)
	}
	return hex.EncodeToString(sum.Sum(nil))[:markerDigest]
}

// ReadCopyMarker takes the marker out of an object's metadata and returns the metadata without it.
// The marker is the zero CopyMarker if there is none.
func ReadCopyMarker(metadata map[string]string) (CopyMarker, map[string]string) {
	rest := map[string]string{}
	for name, value := range metadata {
		if !strings.HasPrefix(name, markerPrefix) {
			rest[name] = value
		}
	}
	return CopyMarker{
		destination: metadata[markerDestination], source: metadata[markerSource],
		state: metadata[markerState], request: metadata[markerRequest], crc64: metadata[markerCRC64],
	}, rest
}

// AddTo returns metadata with the marker.
func (m CopyMarker) AddTo(metadata map[string]string) map[string]string {
	marked := maps.Clone(metadata)
	if marked == nil {
		marked = map[string]string{}
	}
	marked[markerDestination], marked[markerSource] = m.destination, m.source
	marked[markerState], marked[markerRequest] = m.state, m.request
	if m.crc64 != "" {
		marked[markerCRC64] = m.crc64
	}
	return marked
}

// SameDestination reports whether both markers were made for the same object.
func (m CopyMarker) SameDestination(other CopyMarker) bool {
	return m.destination != "" && m.destination == other.destination
}

// SameSource reports whether both markers were made for copies of the same object, in whatever
// state.
func (m CopyMarker) SameSource(other CopyMarker) bool { return m.source == other.source }

// SameRequest reports whether both markers were made for the same configuration.
func (m CopyMarker) SameRequest(other CopyMarker) bool {
	return m.SameDestination(other) && m.SameSource(other) && m.request == other.request
}

// Equal reports whether both mark the same copy: the same source in the same state, asked for in
// the same way, to the same destination.
func (m CopyMarker) Equal(other CopyMarker) bool { return m == other }

// Describes reports whether the marked object still has the bytes that the marker was made for.
// Somebody may have written other bytes and taken the metadata along.
func (m CopyMarker) Describes(object ObjectInfo) bool {
	return m.crc64 == "" || object.CRC64 == "" || m.crc64 == object.CRC64
}
