package cosapi

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// There are two grammars of names. What can be addressed guards every request before anything is
// signed: a bucket or region with other characters would lead a signed request, and with it an
// SSE-C key, to another host. What is created also follows document 13324; others have written keys
// that do not, and those must be looked at all the same.

var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9]+$`)
	regionPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	// versionPattern is wider than any version id that was seen, and leaves a query no way on.
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9._~=-]+$`)
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

// ValidatePrefix checks the beginning of keys that a listing asks for. "" begins every key.
func ValidatePrefix(prefix string) error {
	switch {
	case !utf8.ValidString(prefix):
		return errors.New("a key must be valid UTF-8")
	case len(prefix) > MaxKeySize:
		return fmt.Errorf("a key has at most %d bytes in UTF-8, this one has %d",
			MaxKeySize, len(prefix))
	}
	return nil
}

// ValidateKey checks the key of an object that exists: whether a request can name it. For an
// object that is to be made use ValidateNewKey.
func ValidateKey(key string) error {
	switch {
	case key == "":
		return errNoKey
	case isDots(key):
		// Clients and gateways resolve such a path to the bucket itself.
		return fmt.Errorf("a key must not be %q", key)
	}
	return ValidatePrefix(key)
}

// ValidateNewKey checks the key of an object that is to be made (document 13324).
func ValidateNewKey(key string) error {
	if err := ValidateKey(key); err != nil {
		return err
	}
	switch {
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

// ValidateVersionID checks what a request can name as a version.
func ValidateVersionID(id string) error {
	if !versionPattern.MatchString(id) {
		return errors.New("a version id has letters, digits and . _ ~ = - only")
	}
	return nil
}

var errNoKey = errors.New("a key must not be empty")

func isDots(segment string) bool { return segment == "." || segment == ".." }

// validateBucket checks what a request names of a bucket. Every request passes here.
func (r ObjectRef) validateBucket() error {
	if err := ValidateBucket(r.Bucket); err != nil {
		return fmt.Errorf("bucket %q: %w", r.Bucket, err)
	}
	if err := ValidateRegion(r.Region); err != nil {
		return fmt.Errorf("region %q: %w", r.Region, err)
	}
	return nil
}

// validate checks what a request names of an object.
func (r ObjectRef) validate() error {
	if err := r.validateBucket(); err != nil {
		return err
	}
	if err := ValidateKey(r.Key); err != nil {
		return fmt.Errorf("key %q: %w", r.Key, err)
	}
	if r.VersionID == "" {
		return nil
	}
	if err := ValidateVersionID(r.VersionID); err != nil {
		return fmt.Errorf("version id %q: %w", r.VersionID, err)
	}
	return nil
}
