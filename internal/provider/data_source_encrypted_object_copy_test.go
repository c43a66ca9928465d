package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const copyType = "cos_encrypted_object_copy"

// copyConfig copies "from" to "to", encrypted as sse says.
func copyConfig(sse []attrs) attrs {
	return attrs{
		"bucket": testBucket, "key": "to", "sse": sse,
		"copy_source": []attrs{{"bucket": testBucket, "key": "from"}},
	}
}

// sseFor is the sse block of a data source that asks for a mode; SSE-C by key b.
func sseFor(mode cosapi.Mode) []attrs {
	switch mode {
	case cosapi.ModeSSEKMS:
		return sseKMS(attrs{"key_id": testCMK, "context": map[string]string{"team": "x"}})
	case cosapi.ModeSSEC:
		return sseC(attrs{"key_name": "b"})
	default:
		return sseCOS()
	}
}

// copied is the copy as somebody else sees it.
func (c *cloud) copied(mode cosapi.Mode) cosapi.ObjectInfo {
	c.t.Helper()
	if mode != cosapi.ModeSSEC {
		return c.head(testRef("to"), nil)
	}
	key := mustKey(c.t, testKeyB)
	return c.head(testRef("to"), &key)
}

func TestCopyDataSourceCopiesBetweenAnyTwoModes(t *testing.T) {
	t.Parallel()
	for from, encryption := range modeOptions(t) {
		for _, to := range []cosapi.Mode{cosapi.ModeSSECOS, cosapi.ModeSSEKMS, cosapi.ModeSSEC} {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				c := newCloud(t, cosemu.Config{})
				c.place(testRef("from"), "content", cosapi.WriteOptions{
					Encryption: encryption, Headers: cosapi.ObjectHeaders{ContentType: "text/x-own"},
				})
				server, config := newServer(t, c, keysAB()), copyConfig(sseFor(to))
				if from == cosapi.ModeSSEC {
					config["copy_source"].([]attrs)[0]["sse"] = openingC(attrs{"key_name": "a"})
				}
				first := server.mustRead(copyType, config)
				c.expectOps("HeadObject", "HeadObject", "PutObjectCopy", "HeadObject")
				expectState(t, first, attrs{
					"encryption.mode": string(to), "size": len("content"),
					"content_type": "text/x-own", "crc64ecma": cosapi.CRC64([]byte("content")),
				})
				for _, key := range []string{testKeyA, testKeyB} {
					if strings.Contains(first.String(), key) {
						t.Error("a key is in the state")
					}
				}
				if got := c.copied(to).Encryption.Mode; got != to {
					t.Errorf("mode at the destination = %s, want %s", got, to)
				}
				c.ResetJournal()
				second := server.mustRead(copyType, config)
				c.expectOps("HeadObject", "HeadObject")
				if !first.Equal(second) {
					t.Errorf("second read differs: %s", differences(first, second))
				}
			})
		}
	}
}

func TestCopyDataSourceCopiesAgainWhenSomethingChanged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// change makes the second configuration, or changes the cloud.
		change func(c *cloud, config attrs)
		want   attrs
	}{
		"source content": {func(c *cloud, _ attrs) {
			c.place(testRef("from"), "other", cosapi.WriteOptions{})
		}, attrs{"size": len("other")}},
		"another source": {func(c *cloud, config attrs) {
			c.place(testRef("from2"), "second source", cosapi.WriteOptions{})
			config["copy_source"] = []attrs{{"bucket": testBucket, "key": "from2"}}
		}, attrs{"size": len("second source")}},
		"mode": {func(_ *cloud, config attrs) {
			config["sse"] = sseFor(cosapi.ModeSSEKMS)
		}, attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": testCMK}},
		"header": {func(_ *cloud, config attrs) {
			config["content_type"] = "text/csv"
		}, attrs{"content_type": "text/csv"}},
		"metadata": {func(_ *cloud, config attrs) {
			config["metadata"] = map[string]string{"team": "x"}
		}, attrs{"metadata.team": "x"}},
		"storage class": {func(_ *cloud, config attrs) {
			config["storage_class"] = "STANDARD_IA"
		}, attrs{"storage_class": "STANDARD_IA"}},
		"encryption taken off by somebody else": {func(c *cloud, _ attrs) {
			info := c.head(testRef("to"), nil)
			_, err := c.somebodyElse().Copy(c.t.Context(),
				cosapi.CopySource{Ref: testRef("to"), Size: info.Size}, testRef("to"),
				cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
					Encryption: cosapi.NoEncryption{}, Headers: info.Headers,
				}})
			must(c.t, err)
		}, attrs{"encryption.mode": "SSE-COS"}},
		"copy deleted": {func(c *cloud, _ attrs) {
			_, err := c.somebodyElse().Delete(c.t.Context(), testRef("to"))
			must(c.t, err)
		}, attrs{"encryption.mode": "SSE-COS"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("from"), "content", cosapi.WriteOptions{})
			server, config := newServer(t, c, nil), copyConfig(sseCOS())
			server.mustRead(copyType, config)
			tt.change(c, config)
			c.ResetJournal()
			state := server.mustRead(copyType, config)
			c.expectOps("HeadObject", "HeadObject", "PutObjectCopy", "HeadObject")
			expectState(t, state, tt.want)
			if in := c.bytesIn(); in != 0 {
				t.Errorf("body bytes sent = %d", in)
			}
			server.mustRead(copyType, config)
			c.expectOps("HeadObject", "HeadObject")
		})
	}
}

func TestCopyDataSourceRotatesTheKeyOfItsCopy(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("from"), "content", cosapi.WriteOptions{})
	server := newServer(t, c, keysAB())
	server.mustRead(copyType, copyConfig(sseC(attrs{"key_name": "a"})))
	state := server.mustRead(copyType, copyConfig(sseC(attrs{"key_name": "b"})))
	expectState(t, state, attrs{"encryption.customer_key_md5": mustKey(t, testKeyB).MD5()})
	state = server.mustRead(copyType, copyConfig(sseCOS()))
	expectState(t, state, attrs{"encryption.mode": "SSE-COS"})
}

func TestCopyDataSourceNeverOverwritesWhatItDidNotMake(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		occupy func(c *cloud, server *protocolServer)
		wants  []string
	}{
		"somebody's object": {func(c *cloud, _ *protocolServer) {
			c.place(testRef("to"), "precious", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
		}, []string{"not made by this data source", "overwrite = true"}},
		"a copy that carries our marker along": {func(c *cloud, server *protocolServer) {
			elsewhere := copyConfig(sseCOS()).with(attrs{"key": "elsewhere"})
			server.mustRead(copyType, elsewhere)
			info := c.head(testRef("elsewhere"), nil)
			_, err := c.somebodyElse().Copy(c.t.Context(),
				cosapi.CopySource{Ref: testRef("elsewhere"), Size: info.Size}, testRef("to"),
				cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
					Encryption: cosapi.SSECOS{}, Headers: info.Headers,
				}})
			must(c.t, err)
		}, []string{"not made by this data source"}},
		"other bytes with our metadata": {func(c *cloud, server *protocolServer) {
			server.mustRead(copyType, copyConfig(sseCOS()))
			info := c.head(testRef("to"), nil)
			c.place(testRef("to"), "precious", cosapi.WriteOptions{
				Encryption: cosapi.SSECOS{}, Headers: info.Headers,
			})
		}, []string{"content was changed"}},
		"an SSE-C object of an unknown key": {func(c *cloud, _ *protocolServer) {
			c.place(testRef("to"), "precious", cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: mustKey(c.t, testKeyC)},
			})
		}, []string{"no key at hand opens it"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.place(testRef("from"), "content", cosapi.WriteOptions{})
			server := newServer(t, c, keysAB())
			tt.occupy(c, server)
			c.ResetJournal()
			_, diagnostics := server.readData(copyType, copyConfig(sseCOS()))
			text := errorText(diagnostics)
			for _, want := range append(tt.wants, "[AttributeName(\"key\")]") {
				if !strings.Contains(text, want) {
					t.Errorf("error = %q, want %q", text, want)
				}
			}
			if c.Requests("PutObjectCopy") != 0 {
				t.Errorf("requests = %v, want no copy", c.ops())
			}
			state := server.mustRead(copyType, copyConfig(sseCOS()).with(attrs{"overwrite": true}))
			expectState(t, state, attrs{"size": len("content")})
			c.ResetJournal()
			server.mustRead(copyType, copyConfig(sseCOS()).with(attrs{"overwrite": true}))
			c.expectOps("HeadObject", "HeadObject")
		})
	}
}

func TestCopyDataSourceFollowsTheSource(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("from"), "content", cosapi.WriteOptions{
		StorageClass: "STANDARD_IA", Tags: map[string]string{"cost": "7"},
		Headers: cosapi.ObjectHeaders{
			ContentType: "text/csv", CacheControl: "no-store", ContentLanguage: "de",
			Metadata: map[string]string{"team": "finance"},
		},
	})
	server := newServer(t, c, nil)
	state := server.mustRead(copyType, copyConfig(sseCOS()).with(attrs{"content_language": "en"}))
	expectState(t, state, attrs{
		"storage_class": "STANDARD_IA", "content_type": "text/csv", "cache_control": "no-store",
		"content_language": "en", "metadata.team": "finance",
	})
	tags, err := c.somebodyElse().Tags(t.Context(), testRef("to"))
	must(t, err)
	if tags["cost"] != "7" {
		t.Errorf("tags = %v, want the source's", tags)
	}
	// A copy of the copy has a marker of its own, and shows none.
	again := copyConfig(sseCOS()).with(attrs{
		"key": "third", "copy_source": []attrs{{"bucket": testBucket, "key": "to"}},
	})
	state = server.mustRead(copyType, again)
	var metadata map[string]tftypes.Value
	must(t, objectFields(t, state)["metadata"].As(&metadata))
	if len(metadata) != 1 {
		t.Errorf("metadata = %v, want the team only", metadata)
	}
	c.ResetJournal()
	server.mustRead(copyType, again)
	c.expectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceCopiesAcrossRegions(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{
		Regions: []string{testRegion, "ap-beijing"},
		Buckets: []string{testBucket, "north-1250000000@ap-beijing"},
	})
	c.place(testRef("from"), "content", cosapi.WriteOptions{})
	config := copyConfig(sseCOS()).with(attrs{
		"bucket": "north-1250000000", "region": "ap-beijing",
		"copy_source": []attrs{{"bucket": testBucket, "key": "from", "region": testRegion}},
	})
	server := newServer(t, c, nil)
	state := server.mustRead(copyType, config)
	expectState(t, state, attrs{"region": "ap-beijing", "id": "north-1250000000/to"})
	c.ResetJournal()
	server.mustRead(copyType, config)
	c.expectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceCopiesAVersion(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	source := cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "from"}
	c.place(source, "first", cosapi.WriteOptions{})
	old := c.head(source, nil).VersionID
	c.place(source, "second version", cosapi.WriteOptions{})
	server := newServer(t, c, nil)
	config := copyConfig(sseCOS())
	config["copy_source"] = []attrs{{
		"bucket": testVersionedBucket, "key": "from", "version_id": old,
	}}
	state := server.mustRead(copyType, config)
	expectState(t, state, attrs{"size": len("first"), "source_version_id": old})
	c.ResetJournal()
	server.mustRead(copyType, config)
	c.expectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceCopiesLargeObjectsByParts(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	content := strings.Repeat("0123456789abcdef", 3<<16)
	c.place(testRef("from"), content, cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: mustKey(t, testKeyA)},
	})
	server := newServerIn(t, c, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
		"TF_COS_CHECKPOINT_DIR": "off",
	}, keysAB())
	config := copyConfig(sseC(attrs{"key_name": "b"}))
	config["copy_source"].([]attrs)[0]["sse"] = openingC(attrs{"key_name": "a"})
	state := server.mustRead(copyType, config)
	expectState(t, state, attrs{"size": len(content), "crc64ecma": cosapi.CRC64([]byte(content))})
	if parts := c.Requests("UploadPartCopy"); parts != 3 || c.Requests("UploadPart") != 0 {
		t.Errorf("requests = %v, want three copied parts", c.ops())
	}
	c.ResetJournal()
	server.mustRead(copyType, config)
	c.expectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceIsPinnedByIfMatch(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("from"), "content", cosapi.WriteOptions{})
	etag := c.head(testRef("from"), nil).ETag
	server := newServer(t, c, nil)
	for _, spelling := range []string{etag, `"` + etag + `"`} {
		config := copyConfig(sseCOS())
		config["copy_source"].([]attrs)[0]["if_match"] = spelling
		expectState(t, server.mustRead(copyType, config), attrs{"source_etag": etag})
	}
	// The copy itself is pinned to the source that was looked at, also without if_match.
	c.ResetJournal()
	server.mustRead(copyType, copyConfig(sseCOS()).with(attrs{"key": "other"}))
	for _, entry := range c.Journal() {
		pinned := slices.Contains(entry.HeaderNames, "x-cos-copy-source-if-match")
		if entry.Op == "PutObjectCopy" && !pinned {
			t.Errorf("copy without a condition: %v", entry.HeaderNames)
		}
	}
	config := copyConfig(sseCOS()).with(attrs{"key": "never"})
	config["copy_source"].([]attrs)[0]["if_match"] = "another"
	c.ResetJournal()
	_, diagnostics := server.readData(copyType, config)
	if text := errorText(diagnostics); !strings.Contains(text, "if_match") ||
		!strings.Contains(text, etag) {
		t.Errorf("error = %q, want if_match and the ETag that is there", text)
	}
	c.expectOps("HeadObject")
}

func TestCopyDataSourceReportsWhatCannotBeCopied(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(c *cloud)
		change  attrs
		wants   []string
	}{
		"no source": {func(*cloud) {}, nil, []string{"read the source", "does not exist", "request id"}},
		"archived source": {func(c *cloud) {
			c.place(testRef("from"), "content", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
		}, nil, []string{"InvalidObjectState", "cos_encrypted_object_restore"}},
		"SSE-C source without its key": {func(c *cloud) {
			c.place(testRef("from"), "content", cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: mustKey(c.t, testKeyC)},
			})
		}, nil, []string{"None of the provider's customer_keys (a, b) opens it"}},
		"no such KMS key": {func(c *cloud) {
			c.place(testRef("from"), "content", cosapi.WriteOptions{})
		}, attrs{"sse": sseKMS(attrs{"key_id": "no-such-key"})}, []string{"KmsKeyNotExist"}},
		"no such bucket": {func(c *cloud) {
			c.place(testRef("from"), "content", cosapi.WriteOptions{})
		}, attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket", "nobucket-1250000000"}},
		"onto itself": {func(*cloud) {}, attrs{"key": "from"}, []string{"same object"}},
		"key not in the keyring": {
			func(*cloud) {},
			attrs{"sse": sseC(attrs{"key_name": "gone"})},
			[]string{"gone"},
		},
		"no region": {func(*cloud) {}, nil, []string{"Region is missing"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			tt.arrange(c)
			extra := keysAB()
			if name == "no region" {
				extra["region"] = nil
			}
			_, diagnostics := newServerIn(t, c, nil, extra).
				readData(copyType, copyConfig(sseCOS()).with(tt.change))
			text := errorText(diagnostics)
			for _, want := range tt.wants {
				if !strings.Contains(text, want) {
					t.Errorf("error = %q, want %q", text, want)
				}
			}
			if _, err := c.somebodyElse().Head(t.Context(), testRef("to"), nil); err == nil {
				t.Error("there is a copy")
			}
		})
	}
}

func TestCopyDataSourceRemovesACopyThatIsNotEncrypted(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("from"), "content", cosapi.WriteOptions{})
	c.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	_, diagnostics := newServer(t, c, nil).readData(copyType, copyConfig(sseCOS()))
	if text := errorText(diagnostics); !strings.Contains(text, "did not report the encryption") {
		t.Errorf("error = %q", text)
	}
	if _, found, err := c.somebodyElse().Find(t.Context(), testRef("to")); err != nil || found {
		t.Errorf("copy found = %v, error %v, want none", found, err)
	}
}

func TestCopyDataSourceKeepsTheTimeOfItsCopy(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.place(testRef("from"), "content", cosapi.WriteOptions{})
	server := newServer(t, c, nil)
	first := lookup(t, server.mustRead(copyType, copyConfig(sseCOS())), "copied_at")
	made := c.head(testRef("to"), nil).LastModified.UTC().Format(time.RFC3339)
	if first != made {
		t.Errorf("copied_at = %v, want %v", first, made)
	}
	must(t, c.AgeObject(testBucket, "from", time.Hour))
	again := lookup(t, server.mustRead(copyType, copyConfig(sseCOS())), "copied_at")
	if again != first {
		t.Errorf("copied_at = %v, want %v", again, first)
	}
}

func TestCopyDataSourceValidation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change attrs
		want   string
	}{
		"no sse":         {attrs{"sse": nil}, "sse"},
		"no copy_source": {attrs{"copy_source": nil}, "copy_source"},
		"no source key":  {attrs{"copy_source": []attrs{{"bucket": testBucket}}}, "key"},
		"two modes": {
			attrs{"sse": []attrs{{"cos": []attrs{{}}, "kms": []attrs{{}}}}},
			"More than one",
		},
		"short key": {attrs{"sse": sseC(attrs{"key": "short"})}, "SSE-C key is not usable"},
		"key_name and key": {
			attrs{"sse": sseC(attrs{"key": testKeyA, "key_name": "a"})},
			"More than one",
		},
		"bad bucket":  {attrs{"bucket": "UPPER"}, "Value is not usable"},
		"bad key":     {attrs{"key": "/to"}, "Value is not usable"},
		"bad class":   {attrs{"storage_class": "COLD"}, "Value is not usable"},
		"bad header":  {attrs{"cache_control": "a\nb"}, "Value is not usable"},
		"bad region":  {attrs{"region": "Guangzhou!"}, "Value is not usable"},
		"metadata":    {attrs{"metadata": map[string]string{"Team": "x"}}, "Value is not usable"},
		"unknown sse": {attrs{"sse": unknownValue, "copy_source": unknownValue}, ""},
	}
	c := newCloud(t, cosemu.Config{})
	server := newServer(t, c, keysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := server.validateData(copyType, copyConfig(sseCOS()).with(tt.change))
			text := errorText(diagnostics)
			if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
			if strings.Contains(text, testKeyA) {
				t.Errorf("error shows a key: %q", text)
			}
		})
	}
}
