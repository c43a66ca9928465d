package cosapi

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of COS. Sizes are in bytes; COS's "5 GB" and "1 MB" are powers of two in its SDKs.
const (
	MaxPutSize  = 5 << 30          // one PUT Object (document 7749)
	MaxCopySize = 5 << 30          // one PUT Object - Copy (document 10881)
	MinPartSize = 1 << 20          // every part but the last (document 7750)
	MaxPartSize = 5 << 30          // one part (document 7750)
	MaxParts    = 10_000           // parts of one upload (document 7750)
	MaxListPage = 1000             // entries of one page of a listing (document 7734)
	MaxKeySize  = 850              // a key, in UTF-8 (document 13324)
	MaxMetadata = 2 << 10          // all names and values of user metadata together (document 7749)
	MaxTags     = 10               // tags of one object (document 7749)
	MaxTagKey   = 128              // a tag's key (document 7749)
	MaxTagValue = 256              // a tag's value (document 7749)
	MaxObject   = 48_828_125 << 20 // about 48.82 TB (document 13324)
)

// StorageClasses are the storage classes of COS (document 33417). MAZ classes need a multi-AZ
// bucket, and not every region has each class; only COS can tell.
func StorageClasses() []string {
	return []string{
		"STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ARCHIVE", "DEEP_ARCHIVE",
		"MAZ_STANDARD", "MAZ_STANDARD_IA", "MAZ_INTELLIGENT_TIERING", "MAZ_ARCHIVE",
		"MAZ_DEEP_ARCHIVE",
	}
}

// CannedACLs are the canned ACLs of an object (document 30752).
func CannedACLs() []string {
	return []string{
		aclDefault, aclPrivate, aclPublicRead, "authenticated-read", "bucket-owner-read",
		"bucket-owner-full-control",
	}
}

// RestoreTiers are the speeds of a restore, fastest first (document 12633).
func RestoreTiers() []string { return []string{"Expedited", "Standard", "Bulk"} }

// Archived reports whether objects of a storage class must be restored before they can be read.
func Archived(class string) bool { return strings.HasSuffix(strings.ToUpper(class), "ARCHIVE") }

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$`)
	regionPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// maxHostLabel is the length of one part of a host name (RFC 1035).
const maxHostLabel = 63

// ValidateBucket checks a bucket's full name, name-appid (document 13312). COS's own bound on its
// length depends on the region, so only that of host names is checked.
func ValidateBucket(name string) error {
	switch {
	case !bucketPattern.MatchString(name):
		return errors.New("a bucket is named <name>-<appid>, for example examplebucket-1250000000: " +
			"lower-case letters, digits and hyphens, then the APPID")
	case len(name) > maxHostLabel:
		return fmt.Errorf("a bucket's name is part of a host name and has at most %d characters, "+
			"this one has %d", maxHostLabel, len(name))
	}
	return nil
}

// ValidateRegion checks the form of a region such as ap-guangzhou. Which regions exist changes too
// often to be checked here (document 6224).
func ValidateRegion(region string) error {
	if !regionPattern.MatchString(region) {
		return errors.New("a region is written like ap-guangzhou: lower-case letters, digits, hyphens")
	}
	return nil
}

// ValidateKey checks an object's key (document 13324).
func ValidateKey(key string) error {
	switch {
	case key == "":
		return errors.New("a key must not be empty")
	case !utf8.ValidString(key):
		return errors.New("a key must be valid UTF-8")
	case len(key) > MaxKeySize:
		return fmt.Errorf("a key has at most %d bytes in UTF-8, this one has %d", MaxKeySize, len(key))
	case key[0] == '/' || key[0] == '\\':
		return fmt.Errorf("a key must not start with %q", key[0])
	case slices.ContainsFunc(strings.Split(key, "/"), isDots):
		// COS's documents are silent; clients and gateways resolve such a path to another object.
		return errors.New("a key must not have . or .. as a segment of its path")
	}
	for _, r := range key {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("a key must not hold control characters, this one holds %U", r)
		}
	}
	return nil
}

func isDots(segment string) bool { return segment == "." || segment == ".." }

// ValidateStorageClass checks that class is one of StorageClasses, in upper case as COS reports it.
func ValidateStorageClass(class string) error {
	return oneOf("storage class", class, StorageClasses())
}

// ValidateACL checks that canned is one of CannedACLs.
func ValidateACL(canned string) error { return oneOf("ACL", canned, CannedACLs()) }

// ValidateRestoreTier checks that tier is one of RestoreTiers and that the storage class has it:
// DEEP_ARCHIVE has no Expedited (document 12633). class may be "" if it is not known.
func ValidateRestoreTier(tier, class string) error {
	if err := oneOf("restore tier", tier, RestoreTiers()); err != nil {
		return err
	}
	if tier == "Expedited" && strings.HasSuffix(strings.ToUpper(class), "DEEP_ARCHIVE") {
		return fmt.Errorf("storage class %s has no Expedited restore, only Standard and Bulk", class)
	}
	return nil
}

func oneOf(what, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%q is not a %s; choose one of %s", value, what, strings.Join(allowed, ", "))
}
