package object_test

import (
	"fmt"
	"strings"
	"testing"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// manyTags returns n tags.
func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprintf("tag%d", i)] = "v"
	}
	return tags
}

// metadataOf returns metadata of exactly n bytes, names and values together.
func metadataOf(n int) map[string]string {
	return map[string]string{"name": strings.Repeat("v", n-len("name"))}
}

func TestBodyMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	copySource := []pt.Attrs{{"bucket": pt.Bucket, "key": "a"}}
	pt.RunValidations(t, map[string]pt.Validation{
		"content and source": {
			Config: pt.Attrs{"source": "f"}, Want: []string{"source: More than one body"},
			Says: "content and source are set",
		},
		"content_base64 and content_wo": {
			Config: pt.Attrs{
				"content": nil, "content_base64": "YQ==", "content_wo": "a", "content_wo_version": 1,
			},
			Want: []string{"content_wo: More than one body"},
		},
		"content and copy_source": {
			Config: pt.Attrs{"copy_source": copySource},
			Want:   []string{"copy_source[0].bucket: More than one body"},
		},
		"content_wo without a version": {
			Config: pt.Attrs{"content": nil, "content_wo": "a"},
			Want:   []string{"content_wo: Version is missing"},
		},
		"version without content_wo": {
			Config: pt.Attrs{"content_wo_version": 2},
			Want:   []string{"content_wo_version: Body is missing"},
		},
		"not Base64": {
			Config: pt.Attrs{"content": nil, "content_base64": "YQ=!"},
			Want:   []string{"content_base64: Body is not Base64"},
		},
		"empty source": {
			Config: pt.Attrs{"content": nil, "source": ""}, Want: []string{"source: Value is not usable"},
		},
		"two copy_source blocks": {
			Config: pt.Attrs{"content": nil, "copy_source": append(copySource, copySource...)},
			Want:   []string{"copy_source[1].bucket: More than one copy_source"},
		},
		"copy_source without names": {
			Config: pt.Attrs{"content": nil, "copy_source": []pt.Attrs{{}}},
			Want: []string{
				"copy_source[0].bucket: Source of the copy is incomplete",
				"copy_source[0].key: Source of the copy is incomplete",
			},
		},
		"copy_source with an SSE-C block without a key": {
			Config: pt.Attrs{"content": nil, "copy_source": []pt.Attrs{
				{"bucket": pt.Bucket, "key": "a", "sse": pt.SSEC(pt.Attrs{})},
			}},
			Want: []string{"copy_source[0].sse[0].c[0]: SSE-C key is missing"},
		},
		"copy_source of an impossible key": {
			Config: pt.Attrs{"content": nil, "copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": ".."}}},
			Want:   []string{"copy_source[0].key: Value is not usable"},
		},
	})
}

func TestValidBodies(t *testing.T) {
	t.Parallel()
	pt.RunValidations(t, map[string]pt.Validation{
		"none":           {Config: pt.Attrs{"content": nil}},
		"empty content":  {Config: pt.Attrs{"content": ""}},
		"content_base64": {Config: pt.Attrs{"content": nil, "content_base64": "YQ=="}},
		"empty Base64":   {Config: pt.Attrs{"content": nil, "content_base64": ""}},
		"content_wo":     {Config: pt.Attrs{"content": nil, "content_wo": "a", "content_wo_version": 0}},
		"source":         {Config: pt.Attrs{"content": nil, "source": "does/not/exist"}},
		"copy_source": {Config: pt.Attrs{"content": nil, "copy_source": []pt.Attrs{{
			"bucket": pt.Bucket, "key": "a", "region": "ap-beijing", "version_id": "MTg",
			"if_match": `"ee8de918d05640145b18f70f4c3aa602"`, "sse": pt.SSEC(pt.Attrs{"key_name": "main"}),
		}}}},
		"all unknown": {Config: pt.Attrs{
			"content": pt.Unknown, "content_base64": pt.Unknown, "content_wo": pt.Unknown,
			"content_wo_version": pt.Unknown, "source": pt.Unknown, "copy_source": pt.Unknown,
		}},
		"one known, one unknown": {Config: pt.Attrs{"source": pt.Unknown}},
		"copy_source of unknown names": {Config: pt.Attrs{"content": nil, "copy_source": []pt.Attrs{
			{"bucket": pt.Unknown, "key": pt.Unknown, "if_match": pt.Unknown},
		}}},
	})
}

func TestLimitsNameTheirAttribute(t *testing.T) {
	t.Parallel()
	longValue := strings.Repeat("v", 257)
	refused := func(name string, value any, says string) pt.Validation {
		return pt.Validation{
			Config: pt.Attrs{name: value}, Want: []string{name + ": Value is not usable"}, Says: says,
		}
	}
	pt.RunValidations(t, map[string]pt.Validation{
		"bucket without an APPID": refused("bucket", "examplebucket", "bucket: "),
		"bucket in upper case":    refused("bucket", "Example-1250000000", "bucket: "),
		"key that starts with /":  refused("key", "/reports/2026.csv", "key: "),
		"empty key":               refused("key", "", "key: "),
		"key of 851 bytes":        refused("key", strings.Repeat("k", 851), "850"),
		"region of an URL":        refused("region", "https://cos.ap-guangzhou", "region: "),
		"11 tags":                 refused("tags", manyTags(11), "at most 10 tags, these are 11"),
		"tag value of 257 bytes":  refused("tags", map[string]string{"a": longValue}, "256"),
		"tag with a bracket":      refused("tags", map[string]string{"a": "<"}, "only letters"),
		"2 KB + 1 of metadata":    refused("metadata", metadataOf(2049), "2049 bytes"),
		"metadata in upper case":  refused("metadata", map[string]string{"Team": "a"}, "lower-case"),
		"metadata with _":         refused("metadata", map[string]string{"a_b": "a"}, "hyphens"),
		"metadata with a newline": refused("metadata", map[string]string{"a": "x\ny"}, "control"),
		"unknown storage class":   refused("storage_class", "GLACIER", "DEEP_ARCHIVE"),
		"storage class, small":    refused("storage_class", "standard", "STANDARD"),
		"unknown ACL":             refused("acl", "custom", "public-read"),
		"public-read-write":       refused("acl", "public-read-write", "public-read"),
		"unknown deletion policy": refused("deletion_policy", "retain", "abandon"),
		"tab in a header":         refused("cache_control", "no\tcache", "control characters"),
		"CRLF in a header":        refused("content_disposition", "a\r\nb: c", "control characters"),
		"blank at a header's end": refused("content_language", "en ", "white space"),
		"non-ASCII header":        refused("content_disposition", "für", "ASCII"),
		"empty header":            refused("content_encoding", "", "must not be empty"),
		"empty content type":      refused("content_type", "", "must not be empty"),
		"control in expires":      refused("expires", "\x7f", "control characters"),
		"null tag": {
			Config: pt.Attrs{"tags": map[string]any{"team": nil}},
			Want:   []string{`tags["team"]: Value is null`},
		},
	})
}

func TestValuesAtTheirLimit(t *testing.T) {
	t.Parallel()
	pt.RunValidations(t, map[string]pt.Validation{
		"key of 850 bytes": {Config: pt.Attrs{"key": strings.Repeat("k", 850)}},
		"key in Chinese":   {Config: pt.Attrs{"key": "报告/2026.csv"}},
		"10 tags":          {Config: pt.Attrs{"tags": manyTags(10)}},
		"no tags":          {Config: pt.Attrs{"tags": map[string]string{}}},
		"2 KB of metadata": {Config: pt.Attrs{"metadata": metadataOf(2048)}},
		"no metadata":      {Config: pt.Attrs{"metadata": map[string]string{}}},
		"every other value": {Config: pt.Attrs{
			"storage_class": "MAZ_STANDARD", "acl": "default", "deletion_policy": "abandon",
		}},
		"unknown values": {Config: pt.Attrs{
			"bucket": pt.Unknown, "key": pt.Unknown, "region": pt.Unknown,
			"tags": pt.Unknown, "metadata": pt.Unknown, "storage_class": pt.Unknown,
			"acl": pt.Unknown, "cache_control": pt.Unknown, "deletion_policy": pt.Unknown,
		}},
		"unknown elements": {Config: pt.Attrs{
			"tags":     map[string]any{"team": pt.Unknown},
			"metadata": map[string]any{"team": pt.Unknown, "cost": "7"},
		}},
	})
}
