package cosapi

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	// metadataKeyPattern is what survives as a header: COS lowers upper case (document 7749).
	metadataKeyPattern = regexp.MustCompile(`^[a-z0-9-]+$`)
	// tagPattern are the characters of tags (document 42998).
	tagPattern = regexp.MustCompile(`^[\p{L}\p{N} +\-_=.:/]*$`)
)

// ValidateHeaderValue checks the value of a header that is stored with an object, metadata
// included. White space at the ends is refused because HTTP drops it, which would be drift.
func ValidateHeaderValue(value string) error {
	if value == "" {
		return errors.New("a header's value must not be empty; leave it out instead")
	}
	for i := range len(value) {
		switch b := value[i]; {
		case b < ' ' || b == 0x7f:
			return errors.New("a header's value must not hold control characters such as line breaks")
		case b > 0x7f:
			return errors.New("a header's value must be ASCII; percent-encode other characters")
		}
	}
	if strings.TrimSpace(value) != value {
		return errors.New("a header's value must not begin or end with white space")
	}
	return nil
}

// ValidateMetadata checks user metadata: keys without the prefix x-cos-meta-, 2 KB for each entry
// and 4 KB in all (document 7746). The prefix is not counted: whether COS does is not documented,
// and what it might accept is not refused here.
func ValidateMetadata(metadata map[string]string) error {
	size := 0
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if !metadataKeyPattern.MatchString(key) {
			return fmt.Errorf("metadata key %q may hold only lower-case letters, digits and hyphens", key)
		}
		if err := ValidateHeaderValue(metadata[key]); err != nil {
			return fmt.Errorf("metadata %q: %w", key, err)
		}
		entry := len(key) + len(metadata[key])
		if entry > MaxMetadataEntry {
			return fmt.Errorf("metadata %q has %d bytes, key and value together; COS takes at most %d",
				key, entry, MaxMetadataEntry)
		}
		size += entry
	}
	if size > MaxMetadata {
		return fmt.Errorf("metadata has %d bytes, keys and values together; COS takes at most %d",
			size, MaxMetadata)
	}
	return nil
}

// ValidateTags checks an object's tags (documents 7749 and 42998).
func ValidateTags(tags map[string]string) error {
	if len(tags) > MaxTags {
		return fmt.Errorf("an object has at most %d tags, these are %d", MaxTags, len(tags))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if err := validateTag(key, tags[key]); err != nil {
			return err
		}
	}
	return nil
}

func validateTag(key, value string) error {
	switch {
	case key == "":
		return errors.New("a tag's key must not be empty")
	case len(key) > MaxTagKey:
		return fmt.Errorf("tag key %q has %d bytes, at most %d are allowed", key, len(key), MaxTagKey)
	case len(value) > MaxTagValue:
		return fmt.Errorf("the value of tag %q has %d bytes, at most %d are allowed",
			key, len(value), MaxTagValue)
	case !tagPattern.MatchString(key) || !tagPattern.MatchString(value):
		return fmt.Errorf("tag %q: only letters, digits, spaces and + - _ = . : / are allowed", key)
	}
	return nil
}
