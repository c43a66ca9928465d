package cosemu

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
)

// tag is one tag of an object, in the order it was given.
type tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

type taggingXML struct {
	XMLName xml.Name `xml:"Tagging"`
	TagSet  struct {
		Tags []tag `xml:"Tag"`
	} `xml:"TagSet"`
}

// headerTags reads x-cos-tagging: k=v&k=v, both URL-encoded.
func headerTags(header http.Header) ([]tag, *apiError) {
	text := header.Get("x-cos-tagging")
	if text == "" {
		return nil, nil
	}
	var tags []tag
	for field := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(field, "=")
		key, keyErr := url.QueryUnescape(name)
		decoded, valueErr := url.QueryUnescape(value)
		if keyErr != nil || valueErr != nil {
			return nil, failure("InvalidTag", "x-cos-tagging is not URL-encoded.")
		}
		tags = append(tags, tag{Key: key, Value: decoded})
	}
	return tags, checkTags(tags)
}

// checkTags applies the limits of the tagging page.
func checkTags(tags []tag) *apiError {
	if len(tags) > maxTags {
		return failure("InvalidTag", "An object has at most %d tags.", maxTags)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || len(t.Key) > maxTagKey || len(t.Value) > maxTagValue:
			return failure("InvalidTag", "The tag %q is too long or empty.", t.Key)
		case strings.ContainsFunc(t.Key+t.Value, isNoTagCharacter):
			return failure("InvalidTag", "The tag %q has a character that is not allowed.", t.Key)
		case seen[t.Key]:
			return failure("InvalidTag", "The tag %q is given twice.", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}

func isNoTagCharacter(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return r < 0x80 && !strings.ContainsRune(" +-_=.:/", r)
}

// putTagging replaces the tags of a version. No customer key is needed.
func putTagging(x *exchange) *apiError {
	var document taggingXML
	if err := x.readXML(&document); err != nil {
		return err
	}
	if err := checkTags(document.TagSet.Tags); err != nil {
		return err
	}
	return x.setTags(document.TagSet.Tags)
}

func deleteTagging(x *exchange) *apiError { return x.setTags(nil) }

func (x *exchange) setTags(tags []tag) *apiError {
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	if err := x.update(v, func(v *version) { v.tags = tags }); err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// getTagging answers an empty set for an object without tags.
func getTagging(x *exchange) *apiError {
	v, err := x.lookup(x.entry.Key)
	if err != nil {
		return err
	}
	var document taggingXML
	x.store.mu.Lock()
	document.TagSet.Tags = v.tags
	x.store.mu.Unlock()
	x.answerXML(document)
	return nil
}
