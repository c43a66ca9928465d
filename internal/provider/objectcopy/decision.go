package objectcopy

import (
	"maps"
	"reflect"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// copyAction is what reading a copy data source does.
type copyAction int

const (
	// copyNothing: the copy is there and right.
	copyNothing copyAction = iota
	// copyCreate: there is nothing at the destination.
	copyCreate
	// copyAgain: what is there is this data source's own and out of date, or may be overwritten.
	copyAgain
	// copyRefuse: what is there is somebody else's, or may be.
	copyRefuse
)

// copyDestination is what is at the destination before anything is done.
type copyDestination struct {
	exists bool
	// readable is false for an object that exists and that no key at hand opens.
	readable bool
	info     cosapi.ObjectInfo
}

// copyInput is everything that the decision depends on.
type copyInput struct {
	destination copyDestination
	// marker is the one that the copy is to carry.
	marker     cosapi.CopyMarker
	encryption cosapi.Encryption
	// headers are those that the copy is to have, storageClass the one that is configured, "" for
	// none.
	headers      cosapi.ObjectHeaders
	storageClass string
	overwrite    bool
}

// decideCopy decides what a read does, and for a refusal says why. An object at the destination is
// this data source's own if it carries a marker with this destination and this source and still has
// the bytes that the marker was made for.
func decideCopy(in copyInput) (copyAction, string) {
	if !in.destination.exists {
		return copyCreate, ""
	}
	reason := notOurs(in)
	switch {
	case reason != "" && in.overwrite:
		return copyAgain, ""
	case reason != "":
		return copyRefuse, reason
	}
	found, _ := cosapi.ReadCopyMarker(in.destination.info.Headers.Metadata)
	_, mismatch := cosapi.VerifyEncryption(in.encryption, in.destination.info.Encryption)
	if found.Equal(in.marker) && mismatch == nil && in.looksRight() {
		return copyNothing, ""
	}
	return copyAgain, ""
}

// looksRight compares headers, metadata and a storage class that is configured with what is there.
// COS chooses a content type where none was sent.
func (in copyInput) looksRight() bool {
	want, got := in.headers, in.destination.info.Headers
	if want.ContentType == "" {
		got.ContentType = ""
	}
	_, metadata := cosapi.ReadCopyMarker(got.Metadata)
	same := maps.Equal(want.Metadata, metadata)
	want.Metadata, got.Metadata = nil, nil
	return same && reflect.DeepEqual(want, got) &&
		(in.storageClass == "" || in.storageClass == in.destination.info.StorageClass)
}

// notOurs says why the object at the destination does not count as made by this data source; ""
// if it does.
func notOurs(in copyInput) string {
	if !in.destination.readable {
		return "no key at hand opens it, so it cannot be seen whether this data source made it"
	}
	found, _ := cosapi.ReadCopyMarker(in.destination.info.Headers.Metadata)
	switch {
	case !found.SameDestination(in.marker):
		return "it was not made by this data source: its metadata do not say so"
	case !found.SameSource(in.marker):
		return "it is a copy of another source"
	case !found.Describes(in.destination.info):
		return "its content was changed after this data source made it"
	}
	return ""
}
