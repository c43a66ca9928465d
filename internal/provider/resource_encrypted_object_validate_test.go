package provider

import (
	"fmt"
	"strings"
	"testing"
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
	copySource := []attrs{{"bucket": testBucket, "key": "a"}}
	runValidations(t, map[string]validation{
		"content and source": {
			config: attrs{"source": "f"}, want: []string{"source: More than one body"},
			says: "content and source are set",
		},
		"content_base64 and content_wo": {
			config: attrs{
				"content": nil, "content_base64": "YQ==", "content_wo": "a", "content_wo_version": 1,
			},
			want: []string{"content_wo: More than one body"},
		},
		"content and copy_source": {
			config: attrs{"copy_source": copySource},
			want:   []string{"copy_source[0].bucket: More than one body"},
		},
		"content_wo without a version": {
			config: attrs{"content": nil, "content_wo": "a"},
			want:   []string{"content_wo: Version is missing"},
		},
		"version without content_wo": {
			config: attrs{"content_wo_version": 2},
			want:   []string{"content_wo_version: Body is missing"},
		},
		"not Base64": {
			config: attrs{"content": nil, "content_base64": "YQ=!"},
			want:   []string{"content_base64: Body is not Base64"},
		},
		"empty source": {
			config: attrs{"content": nil, "source": ""}, want: []string{"source: Value is not usable"},
		},
		"two copy_source blocks": {
			config: attrs{"content": nil, "copy_source": append(copySource, copySource...)},
			want:   []string{"copy_source[1].bucket: More than one copy_source"},
		},
		"copy_source without names": {
			config: attrs{"content": nil, "copy_source": []attrs{{}}},
			want: []string{
				"copy_source[0].bucket: Source of the copy is incomplete",
				"copy_source[0].key: Source of the copy is incomplete",
			},
		},
		"copy_source with an SSE-C block without a key": {
			config: attrs{"content": nil, "copy_source": []attrs{
				{"bucket": testBucket, "key": "a", "sse": sseC(attrs{})},
			}},
			want: []string{"copy_source[0].sse[0].c[0]: SSE-C key is missing"},
		},
		"copy_source of an impossible key": {
			config: attrs{"content": nil, "copy_source": []attrs{{"bucket": testBucket, "key": ".."}}},
			want:   []string{"copy_source[0].key: Value is not usable"},
		},
	})
}

func TestValidBodies(t *testing.T) {
	t.Parallel()
	runValidations(t, map[string]validation{
		"none":           {config: attrs{"content": nil}},
		"empty content":  {config: attrs{"content": ""}},
		"content_base64": {config: attrs{"content": nil, "content_base64": "YQ=="}},
		"empty Base64":   {config: attrs{"content": nil, "content_base64": ""}},
		"content_wo":     {config: attrs{"content": nil, "content_wo": "a", "content_wo_version": 0}},
		"source":         {config: attrs{"content": nil, "source": "does/not/exist"}},
		"copy_source": {config: attrs{"content": nil, "copy_source": []attrs{{
			"bucket": testBucket, "key": "a", "region": "ap-beijing", "version_id": "MTg",
			"if_match": `"ee8de918d05640145b18f70f4c3aa602"`, "sse": sseC(attrs{"key_name": "main"}),
		}}}},
		"all unknown": {config: attrs{
			"content": unknownValue, "content_base64": unknownValue, "content_wo": unknownValue,
			"content_wo_version": unknownValue, "source": unknownValue, "copy_source": unknownValue,
		}},
		"one known, one unknown": {config: attrs{"source": unknownValue}},
		"copy_source of unknown names": {config: attrs{"content": nil, "copy_source": []attrs{
			{"bucket": unknownValue, "key": unknownValue, "if_match": unknownValue},
		}}},
	})
}

func TestLimitsNameTheirAttribute(t *testing.T) {
	t.Parallel()
	longValue := strings.Repeat("v", 257)
	refused := func(name string, value any, says string) validation {
		return validation{
			config: attrs{name: value}, want: []string{name + ": Value is not usable"}, says: says,
		}
	}
	runValidations(t, map[string]validation{
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
			config: attrs{"tags": map[string]any{"team": nil}},
			want:   []string{`tags["team"]: Value is null`},
		},
	})
}

func TestValuesAtTheirLimit(t *testing.T) {
	t.Parallel()
	runValidations(t, map[string]validation{
		"key of 850 bytes": {config: attrs{"key": strings.Repeat("k", 850)}},
		"key in Chinese":   {config: attrs{"key": "报告/2026.csv"}},
		"10 tags":          {config: attrs{"tags": manyTags(10)}},
		"no tags":          {config: attrs{"tags": map[string]string{}}},
		"2 KB of metadata": {config: attrs{"metadata": metadataOf(2048)}},
		"no metadata":      {config: attrs{"metadata": map[string]string{}}},
		"every other value": {config: attrs{
			"storage_class": "MAZ_STANDARD", "acl": "default", "deletion_policy": "abandon",
		}},
		"unknown values": {config: attrs{
			"bucket": unknownValue, "key": unknownValue, "region": unknownValue,
			"tags": unknownValue, "metadata": unknownValue, "storage_class": unknownValue,
			"acl": unknownValue, "cache_control": unknownValue, "deletion_policy": unknownValue,
		}},
		"unknown elements": {config: attrs{
			"tags":     map[string]any{"team": unknownValue},
			"metadata": map[string]any{"team": unknownValue, "cost": "7"},
		}},
	})
}
