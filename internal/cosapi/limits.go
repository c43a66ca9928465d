package cosapi

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of COS. Sizes are in bytes; COS's "5 GB" and "1 MB" are powers of two in its SDKs.
const (
	MaxPutSize  = 5 << 30 // one PUT Object (document 7749)
	MaxCopySize = 5 << 30 // one PUT Object - Copy (document 10881)
	MinPartSize = 1 << 20 // every part but the last (document 7750)
	MaxPartSize = 5 << 30 // one part (document 7750)
	MaxParts    = 10_000  // parts of one upload (document 7750)
	MaxListPage = 1000    // entries of one page of a listing (document 7734)
	MaxKeySize  = 850     // a key, in UTF-8 (document 13324)
	MaxMetadata = 4 << 10 // all names and values of user metadata together (document 7746)
	// MaxMetadataEntry is name and value of one entry of user metadata. Document 7746 has newer limits
	// than 7749, which says 2 KB for all: what lies between is for COS to decide.
	MaxMetadataEntry = 2 << 10
	MaxTags          = 10               // tags of one object (document 7749)
	MaxTagKey        = 128              // a tag's key (document 7749)
	MaxTagValue      = 256              // a tag's value (document 7749)
	MaxObject        = 48_828_125 << 20 // about 48.82 TB (document 13324)
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
