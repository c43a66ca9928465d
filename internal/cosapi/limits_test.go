package cosapi

import (
	"fmt"
	"strings"
	"testing"
)

// limitCase is one value and a part of the error that refuses it; "" means that it is accepted.
type limitCase[T any] struct {
	value T
	want  string
}

func runLimits[T any](t *testing.T, validate func(T) error, cases map[string]limitCase[T]) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := validate(test.value)
			if (err == nil) != (test.want == "") {
				t.Fatalf("error = %v, want %q", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestValidateHeaderValue(t *testing.T) {
	t.Parallel()
	runLimits(t, ValidateHeaderValue, map[string]limitCase[string]{
		"plain":      {`attachment; filename="a.csv"`, ""},
		"empty":      {"", "empty"},
		"leading":    {" a", "white space"},
		"trailing":   {"a ", "white space"},
		"tab-inside": {"a\tb", "control"},
		"newline":    {"a\r\nx-cos-acl: public-read", "control"},
		"delete":     {"a\x7f", "control"},
		"non-ascii":  {"équipe", "ASCII"},
	})
}

func TestValidateMetadata(t *testing.T) {
	t.Parallel()
	runLimits(t, ValidateMetadata, map[string]limitCase[map[string]string]{
		"none":       {nil, ""},
		"plain":      {map[string]string{"team": "finance", "cost-centre": "42"}, ""},
		"underscore": {map[string]string{"cost_centre": "42"}, "hyphens"},
		"upper-case": {map[string]string{"Team": "a"}, "lower-case"},
		"empty-key":  {map[string]string{"": "a"}, "may hold"},
		"empty":      {map[string]string{"team": ""}, "team"},
		"control":    {map[string]string{"team": "a\nb"}, "team"},
		"largest":    {map[string]string{"k": strings.Repeat("v", 2047)}, ""},
		"too-large":  {map[string]string{"k": strings.Repeat("v", 2048)}, "2048"},
		"most": {
			map[string]string{"k": strings.Repeat("v", 2047), "l": strings.Repeat("v", 2047)}, "",
		},
		"too-much": {
			map[string]string{"k": strings.Repeat("v", 2047), "l": strings.Repeat("v", 2046), "m": "v"},
			"4096",
		},
	})
}

func TestValidateTags(t *testing.T) {
	t.Parallel()
	numbered := func(n int) map[string]string {
		tags := map[string]string{}
		for i := range n {
			tags[fmt.Sprintf("tag-%d", i)] = "v"
		}
		return tags
	}
	runLimits(t, ValidateTags, map[string]limitCase[map[string]string]{
		"none":        {nil, ""},
		"ten":         {numbered(10), ""},
		"eleven":      {numbered(11), "at most 10"},
		"characters":  {map[string]string{"a b+-_=.:/": "c d+-_=.:/"}, ""},
		"unicode":     {map[string]string{"团队": "财务"}, ""},
		"empty-value": {map[string]string{"k": ""}, ""},
		"empty-key":   {map[string]string{"": "v"}, "empty"},
		"ampersand":   {map[string]string{"a&b": "v"}, "only letters"},
		"value":       {map[string]string{"k": "<v>"}, "only letters"},
		"long-key":    {map[string]string{strings.Repeat("k", 129): "v"}, "128"},
		"long-value":  {map[string]string{"k": strings.Repeat("v", 257)}, "256"},
	})
}

func TestValidateEnumerations(t *testing.T) {
	t.Parallel()
	runLimits(t, ValidateStorageClass, map[string]limitCase[string]{
		"standard": {"STANDARD", ""}, "maz": {"MAZ_DEEP_ARCHIVE", ""},
		"lower-case": {"standard", "STANDARD_IA"}, "s3": {"GLACIER", "ARCHIVE"}, "empty": {"", "one of"},
	})
	runLimits(t, ValidateACL, map[string]limitCase[string]{
		"default": {"default", ""}, "private-acl": {"private", ""}, "public": {"public-read", ""},
		"bucket-acl": {"public-read-write", "one of"},
	})
	tier := func(class string) func(string) error {
		return func(tier string) error { return ValidateRestoreTier(tier, class) }
	}
	runLimits(t, tier("ARCHIVE"), map[string]limitCase[string]{
		"archive-expedited": {"Expedited", ""}, "archive-bulk": {"Bulk", ""}, "tier": {"bulk", "one of"},
	})
	runLimits(t, tier("MAZ_DEEP_ARCHIVE"), map[string]limitCase[string]{
		"deep-expedited": {"Expedited", "no Expedited"}, "deep-standard": {"Standard", ""},
	})
	runLimits(t, tier(""), map[string]limitCase[string]{"unknown-class": {"Expedited", ""}})
}

func TestArchived(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]bool{
		"STANDARD": false, "": false, "INTELLIGENT_TIERING": false,
		"ARCHIVE": true, "DEEP_ARCHIVE": true, "MAZ_ARCHIVE": true, "archive": true,
	} {
		if got := Archived(class); got != want {
			t.Errorf("Archived(%q) = %t", class, got)
		}
	}
}
