package cosapi

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// clockTolerance allows for Last-Modified and Date being whole seconds.
const clockTolerance = 2 * time.Second

// arrival describes what a write leaves behind if it was carried out, so that a HEAD can tell when
// its answer got lost.
type arrival struct {
	ref     ObjectRef
	options WriteOptions
	size    int64
	crc64   string    // of the plain bytes, decimal
	started time.Time // of the first try, by our clock

	// before is the key with which the object may have been encrypted before, nil if unknown.
	before *CustomerKey
	// replaced is the version that was to be replaced, "" if unknown.
	replaced string
}

// errUndecided: COS does not say enough about the object.
var errUndecided = errors.New("COS reports no CRC64, so that the object cannot be recognised")

// hasArrived reports whether the current object is the one that want describes: size, CRC64,
// encryption, headers and storage class agree, and it is not older than the first try. The error
// means that this could not be found out.
func (c *Client) hasArrived(ctx context.Context, want arrival) (ObjectInfo, bool, error) {
	ref := want.ref.Current()
	key := readKey(want.options.Encryption)
	info, err := c.HeadOnly(ctx, ref, key)
	switch status := StatusOf(err); {
	case err == nil:
		arrived, err := c.matches(want, info)
		return info, arrived, err
	case status == http.StatusNotFound:
		return ObjectInfo{}, false, nil
	case key != nil && (status == http.StatusBadRequest || status == http.StatusForbidden):
		return ObjectInfo{}, false, c.heldByOther(ctx, want, err)
	}
	return ObjectInfo{}, false, err
}

// heldByOther returns nil if the object that our key does not open is certainly not ours: it can be
// read without a key or with the one it had before, or it is older than the first try. Otherwise it
// returns refusal, because a refused key and a missing permission look alike.
func (c *Client) heldByOther(ctx context.Context, want arrival, refusal error) error {
	ref := want.ref.Current()
	if _, err := c.HeadOnly(ctx, ref, nil); err == nil {
		return nil
	}
	if want.before != nil {
		if _, err := c.HeadOnly(ctx, ref, want.before); err == nil {
			return nil
		}
	}
	listed, found, err := c.Find(ctx, ref)
	if err == nil && found && c.older(listed.LastModified, want.started) {
		return nil
	}
	return refusal
}

// older reports whether modified, by COS's clock, lies before started, by ours.
func (c *Client) older(modified, started time.Time) bool {
	return modified.Before(c.serverTime(started).Add(-clockTolerance))
}

// matches compares an object with want.
func (c *Client) matches(want arrival, info ObjectInfo) (bool, error) {
	class := orDefault(want.options.StorageClass, info.StorageClass)
	switch {
	case info.Size != want.size,
		c.older(info.LastModified, want.started),
		want.replaces(info),
		!isEncryptedAs(want.options.Encryption, info.Encryption),
		!strings.EqualFold(class, info.StorageClass),
		!want.options.Headers.agree(info.Headers):
		return false, nil
	case info.CRC64 == "" || want.crc64 == "":
		return false, errUndecided
	}
	return info.CRC64 == want.crc64, nil
}

func isEncryptedAs(want Encryption, got EncryptionStatus) bool {
	_, err := VerifyEncryption(want, got)
	return err == nil
}

// replaces reports whether info is the very version that was to be replaced. The version "null" of
// a bucket whose versioning is suspended is overwritten in place and tells nothing.
func (a arrival) replaces(info ObjectInfo) bool {
	return a.replaced != "" && a.replaced != nullVersion && a.replaced == info.VersionID
}

// Differences names the headers, and metadata as x-cos-meta-..., of an object that are not what a
// write with h would have stored, in alphabetical order. Nothing that is there may be more than was
// asked for, but for a content type that h leaves to COS.
func (h ObjectHeaders) Differences(got ObjectHeaders) []string {
	var names []string
	wanted, stored := h.named(), got.named()
	for name, value := range stored {
		if value != wanted[name] && (name != "Content-Type" || wanted[name] != "") {
			names = append(names, name)
		}
	}
	for key, value := range got.Metadata {
		if wanted, ok := h.Metadata[key]; !ok || wanted != value {
			names = append(names, "x-cos-meta-"+key)
		}
	}
	for key := range h.Metadata {
		if _, ok := got.Metadata[key]; !ok {
			names = append(names, "x-cos-meta-"+key)
		}
	}
	slices.Sort(names)
	return names
}

// agree reports whether got is what h stores. A header that h leaves to COS may be anything.
func (h ObjectHeaders) agree(got ObjectHeaders) bool {
	stored := got.named()
	for name, value := range h.named() {
		if value != "" && value != stored[name] {
			return false
		}
	}
	return maps.Equal(h.Metadata, got.Metadata)
}
