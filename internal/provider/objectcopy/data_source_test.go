package objectcopy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// sseFor is the sse block of a data source that asks for a mode; SSE-C by key b.
func sseFor(mode cosapi.Mode) []pt.Attrs {
	switch mode {
	case cosapi.ModeSSEKMS:
		return pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"team": "x"}})
	case cosapi.ModeSSEC:
		return pt.SSEC(pt.Attrs{"key_name": "b"})
	default:
		return pt.SSECOS()
	}
}

func TestCopyDataSourceCopiesBetweenAnyTwoModes(t *testing.T) {
	t.Parallel()
	for from, encryption := range pt.ModeOptions(t) {
		for _, to := range []cosapi.Mode{cosapi.ModeSSECOS, cosapi.ModeSSEKMS, cosapi.ModeSSEC} {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				c := pt.NewCloud(t, cosemu.Config{})
				c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{
					Encryption: encryption, Headers: cosapi.ObjectHeaders{ContentType: "text/x-own"},
				})
				server, config := pt.NewServer(t, c, pt.KeysAB()), pt.CopyConfig(sseFor(to))
				if from == cosapi.ModeSSEC {
					config["copy_source"].([]pt.Attrs)[0]["sse"] = pt.OpeningC(pt.Attrs{"key_name": "a"})
				}
				first := server.MustRead(pt.CopyType, config)
				c.ExpectOps("HeadObject", "HeadObject", "PutObjectCopy", "HeadObject")
				pt.ExpectState(t, first, pt.Attrs{
					"encryption.mode": string(to), "size": len("content"),
					"content_type": "text/x-own", "crc64ecma": cosapi.CRC64([]byte("content")),
				})
				for _, key := range []string{pt.KeyA, pt.KeyB} {
					if strings.Contains(first.String(), key) {
						t.Error("a key is in the state")
					}
				}
				if got := c.Copied(to).Encryption.Mode; got != to {
					t.Errorf("mode at the destination = %s, want %s", got, to)
				}
				c.ResetJournal()
				second := server.MustRead(pt.CopyType, config)
				c.ExpectOps("HeadObject", "HeadObject")
				if !first.Equal(second) {
					t.Errorf("second read differs: %s", pt.Differences(first, second))
				}
			})
		}
	}
}

func TestCopyDataSourceCopiesAgainWhenSomethingChanged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		// change makes the second configuration, or changes the cloud.
		change func(c *pt.Cloud, config pt.Attrs)
		want   pt.Attrs
	}{
		"source content": {func(c *pt.Cloud, _ pt.Attrs) {
			c.Place(pt.Ref("from"), "other", cosapi.WriteOptions{})
		}, pt.Attrs{"size": len("other")}},
		"headers of the source under the same ETag": {func(c *pt.Cloud, _ pt.Attrs) {
			rewriteHeaders(c, "from", cosapi.ObjectHeaders{CacheControl: "max-age=1"})
		}, pt.Attrs{"cache_control": "max-age=1"}},
		"metadata of the source under the same ETag": {func(c *pt.Cloud, _ pt.Attrs) {
			rewriteHeaders(c, "from", cosapi.ObjectHeaders{Metadata: map[string]string{"a": "b"}})
		}, pt.Attrs{"metadata.a": "b"}},
		"header of the copy changed by somebody else": {func(c *pt.Cloud, config pt.Attrs) {
			headers := c.Head(pt.Ref("to"), nil).Headers
			headers.CacheControl = "no-store"
			rewriteHeaders(c, "to", headers)
		}, pt.Attrs{"cache_control": nil}},
		"mode": {func(_ *pt.Cloud, config pt.Attrs) {
			config["sse"] = sseFor(cosapi.ModeSSEKMS)
		}, pt.Attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": pt.CMK}},
		"header": {func(_ *pt.Cloud, config pt.Attrs) {
			config["content_type"] = "text/csv"
		}, pt.Attrs{"content_type": "text/csv"}},
		"metadata": {func(_ *pt.Cloud, config pt.Attrs) {
			config["metadata"] = map[string]string{"team": "x"}
		}, pt.Attrs{"metadata.team": "x"}},
		"storage class": {func(_ *pt.Cloud, config pt.Attrs) {
			config["storage_class"] = "STANDARD_IA"
		}, pt.Attrs{"storage_class": "STANDARD_IA"}},
		"encryption taken off by somebody else": {func(c *pt.Cloud, _ pt.Attrs) {
			info := c.Head(pt.Ref("to"), nil)
			_, err := c.SomebodyElse().Copy(c.T.Context(),
				cosapi.CopySource{Ref: pt.Ref("to"), Size: info.Size}, pt.Ref("to"),
				cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
					Encryption: cosapi.NoEncryption{}, Headers: info.Headers,
				}})
			pt.Must(c.T, err)
		}, pt.Attrs{"encryption.mode": "SSE-COS"}},
		"copy deleted": {func(c *pt.Cloud, _ pt.Attrs) {
			_, err := c.SomebodyElse().Delete(c.T.Context(), pt.Ref("to"))
			pt.Must(c.T, err)
		}, pt.Attrs{"encryption.mode": "SSE-COS"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
			config := pt.CopyConfig(pt.SSECOS())
			pt.NewServer(t, c, nil).MustRead(pt.CopyType, config)
			tt.change(c, config)
			c.ResetJournal()
			server := pt.NewServer(t, c, nil)
			state := server.MustRead(pt.CopyType, config)
			c.ExpectOps("HeadObject", "HeadObject", "PutObjectCopy", "HeadObject")
			pt.ExpectState(t, state, tt.want)
			if in := c.BytesIn(); in != 0 {
				t.Errorf("body bytes sent = %d", in)
			}
			server.MustRead(pt.CopyType, config)
			c.ExpectOps("HeadObject", "HeadObject")
		})
	}
}

// rewriteHeaders is somebody who changes an object's headers and nothing else.
func rewriteHeaders(c *pt.Cloud, key string, headers cosapi.ObjectHeaders) {
	info := c.Head(pt.Ref(key), nil)
	encryption := cosapi.Encryption(cosapi.NoEncryption{})
	if info.Encryption.Mode == cosapi.ModeSSECOS {
		encryption = cosapi.SSECOS{}
	}
	_, err := c.SomebodyElse().Copy(c.T.Context(),
		cosapi.CopySource{Ref: pt.Ref(key), Size: info.Size}, pt.Ref(key),
		cosapi.CopyOptions{KeepTags: true, WriteOptions: cosapi.WriteOptions{
			Encryption: encryption, Headers: headers,
		}})
	pt.Must(c.T, err)
}

func TestCopyDataSourceFollowsTheTagsOfItsSource(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{Tags: map[string]string{"a": "1"}})
	config := pt.CopyConfig(pt.SSECOS())
	server := pt.NewServer(t, c, nil)
	server.MustRead(pt.CopyType, config)
	c.ResetJournal()
	server.MustRead(pt.CopyType, config)
	c.ExpectOps("HeadObject", "HeadObject", "GetObjectTagging")
	pt.Must(t, c.SomebodyElse().PutTags(t.Context(), pt.Ref("from"), map[string]string{"a": "2"}))
	server.MustRead(pt.CopyType, config)
	tags, err := c.SomebodyElse().Tags(t.Context(), pt.Ref("to"))
	pt.Must(t, err)
	if tags["a"] != "2" {
		t.Errorf("tags = %v, want the source's", tags)
	}
	// Whoever may not read the tags gets a copy all the same, and no other one each time.
	c.AddFaults(cosemu.Fault{Op: "GetObjectTagging", Times: 9, Status: 403, Code: "AccessDenied"})
	server.MustRead(pt.CopyType, config)
	c.ResetJournal()
	server.MustRead(pt.CopyType, config)
	if c.Requests("PutObjectCopy") != 0 {
		t.Errorf("requests = %v, want no copy", c.Ops())
	}
}

func TestTwoCopiesToOneDestinationAreAnError(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	c.Place(pt.Ref("from2"), "other", cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	config := pt.CopyConfig(pt.SSECOS())
	server.MustRead(pt.CopyType, config)
	server.MustRead(pt.CopyType, config)
	for name, other := range map[string]pt.Attrs{
		"source": {
			"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from2"}}, "overwrite": true,
		},
		"encryption": {"sse": sseFor(cosapi.ModeSSEKMS)},
	} {
		_, diagnostics := server.ReadData(pt.CopyType, config.With(other))
		if text := pt.ErrorText(diagnostics); !strings.Contains(text, "Two data sources") {
			t.Errorf("another %s: error = %q, want one that names both", name, text)
		}
	}
}

func TestCopyDataSourceRotatesTheKeyOfItsCopy(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	read := func(sse []pt.Attrs) tftypes.Value {
		return pt.NewServer(t, c, pt.KeysAB()).MustRead(pt.CopyType, pt.CopyConfig(sse))
	}
	read(pt.SSEC(pt.Attrs{"key_name": "a"}))
	state := read(pt.SSEC(pt.Attrs{"key_name": "b"}))
	pt.ExpectState(t, state, pt.Attrs{"encryption.customer_key_md5": pt.MustKey(t, pt.KeyB).MD5()})
	state = read(pt.SSECOS())
	pt.ExpectState(t, state, pt.Attrs{"encryption.mode": "SSE-COS"})
}

func TestCopyDataSourceNeverOverwritesWhatItDidNotMake(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		occupy func(c *pt.Cloud, server *pt.Server)
		wants  []string
	}{
		"somebody's object": {func(c *pt.Cloud, _ *pt.Server) {
			c.Place(pt.Ref("to"), "precious", cosapi.WriteOptions{Encryption: cosapi.SSECOS{}})
		}, []string{"not made by this data source", "overwrite = true"}},
		"a copy that carries our marker along": {func(c *pt.Cloud, server *pt.Server) {
			elsewhere := pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"key": "elsewhere"})
			server.MustRead(pt.CopyType, elsewhere)
			info := c.Head(pt.Ref("elsewhere"), nil)
			_, err := c.SomebodyElse().Copy(c.T.Context(),
				cosapi.CopySource{Ref: pt.Ref("elsewhere"), Size: info.Size}, pt.Ref("to"),
				cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
					Encryption: cosapi.SSECOS{}, Headers: info.Headers,
				}})
			pt.Must(c.T, err)
		}, []string{"not made by this data source"}},
		"a copy of another source": {func(c *pt.Cloud, _ *pt.Server) {
			c.Place(pt.Ref("from2"), "precious", cosapi.WriteOptions{})
			pt.NewServer(c.T, c, nil).MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS()).With(
				pt.Attrs{"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from2"}}}))
		}, []string{"another source"}},
		"other bytes with our metadata": {func(c *pt.Cloud, server *pt.Server) {
			server.MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS()))
			info := c.Head(pt.Ref("to"), nil)
			c.Place(pt.Ref("to"), "precious", cosapi.WriteOptions{
				Encryption: cosapi.SSECOS{}, Headers: info.Headers,
			})
		}, []string{"content was changed"}},
		"an SSE-C object of an unknown key": {func(c *pt.Cloud, _ *pt.Server) {
			c.Place(pt.Ref("to"), "precious", cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: pt.MustKey(c.T, pt.KeyC)},
			})
		}, []string{"no key at hand opens it"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
			server := pt.NewServer(t, c, pt.KeysAB())
			tt.occupy(c, server)
			c.ResetJournal()
			_, diagnostics := server.ReadData(pt.CopyType, pt.CopyConfig(pt.SSECOS()))
			text := pt.ErrorText(diagnostics)
			for _, want := range append(tt.wants, "[AttributeName(\"key\")]") {
				if !strings.Contains(text, want) {
					t.Errorf("error = %q, want %q", text, want)
				}
			}
			if c.Requests("PutObjectCopy") != 0 {
				t.Errorf("requests = %v, want no copy", c.Ops())
			}
			state := server.MustRead(pt.CopyType,
				pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"overwrite": true}))
			pt.ExpectState(t, state, pt.Attrs{"size": len("content")})
			c.ResetJournal()
			server.MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"overwrite": true}))
			c.ExpectOps("HeadObject", "HeadObject")
		})
	}
}

func TestCopyDataSourceFollowsTheSource(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{
		StorageClass: "STANDARD_IA", Tags: map[string]string{"cost": "7"},
		Headers: cosapi.ObjectHeaders{
			ContentType: "text/csv", CacheControl: "no-store", ContentLanguage: "de",
			Metadata: map[string]string{"team": "finance"},
		},
	})
	server := pt.NewServer(t, c, nil)
	state := server.MustRead(pt.CopyType,
		pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"content_language": "en"}))
	pt.ExpectState(t, state, pt.Attrs{
		"storage_class": "STANDARD_IA", "content_type": "text/csv", "cache_control": "no-store",
		"content_language": "en", "metadata.team": "finance",
	})
	tags, err := c.SomebodyElse().Tags(t.Context(), pt.Ref("to"))
	pt.Must(t, err)
	if tags["cost"] != "7" {
		t.Errorf("tags = %v, want the source's", tags)
	}
	// A copy of the copy has a marker of its own, and shows none.
	again := pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{
		"key": "third", "copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "to"}},
	})
	state = server.MustRead(pt.CopyType, again)
	var metadata map[string]tftypes.Value
	pt.Must(t, pt.ObjectFields(t, state)["metadata"].As(&metadata))
	if len(metadata) != 1 {
		t.Errorf("metadata = %v, want the team only", metadata)
	}
	c.ResetJournal()
	server.MustRead(pt.CopyType, again)
	c.ExpectOps("HeadObject", "HeadObject", "GetObjectTagging")
}

func TestCopyDataSourceCopiesAcrossRegions(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{
		Regions: []string{pt.Region, "ap-beijing"},
		Buckets: []string{pt.Bucket, "north-1250000000@ap-beijing"},
	})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	config := pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{
		"bucket": "north-1250000000", "region": "ap-beijing",
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from", "region": pt.Region}},
	})
	server := pt.NewServer(t, c, nil)
	state := server.MustRead(pt.CopyType, config)
	pt.ExpectState(t, state, pt.Attrs{"region": "ap-beijing", "id": "north-1250000000/to"})
	c.ResetJournal()
	server.MustRead(pt.CopyType, config)
	c.ExpectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceCopiesAVersion(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	source := cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "from"}
	c.Place(source, "first", cosapi.WriteOptions{})
	old := c.Head(source, nil).VersionID
	c.Place(source, "second version", cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	config := pt.CopyConfig(pt.SSECOS())
	config["copy_source"] = []pt.Attrs{{
		"bucket": pt.VersionedBucket, "key": "from", "version_id": old,
	}}
	state := server.MustRead(pt.CopyType, config)
	pt.ExpectState(t, state, pt.Attrs{"size": len("first"), "source_version_id": old})
	c.ResetJournal()
	server.MustRead(pt.CopyType, config)
	c.ExpectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceCopiesLargeObjectsByParts(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	content := strings.Repeat("0123456789abcdef", 3<<16)
	c.Place(pt.Ref("from"), content, cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
	})
	server := pt.NewServerIn(t, c, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
		"TF_COS_CHECKPOINT_DIR": "off",
	}, pt.KeysAB())
	config := pt.CopyConfig(pt.SSEC(pt.Attrs{"key_name": "b"}))
	config["copy_source"].([]pt.Attrs)[0]["sse"] = pt.OpeningC(pt.Attrs{"key_name": "a"})
	state := server.MustRead(pt.CopyType, config)
	pt.ExpectState(t, state, pt.Attrs{"size": len(content), "crc64ecma": cosapi.CRC64([]byte(content))})
	if parts := c.Requests("UploadPartCopy"); parts != 3 || c.Requests("UploadPart") != 0 {
		t.Errorf("requests = %v, want three copied parts", c.Ops())
	}
	c.ResetJournal()
	server.MustRead(pt.CopyType, config)
	c.ExpectOps("HeadObject", "HeadObject")
}

func TestCopyDataSourceIsPinnedByIfMatch(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	etag := c.Head(pt.Ref("from"), nil).ETag
	server := pt.NewServer(t, c, nil)
	for _, spelling := range []string{etag, `"` + etag + `"`} {
		config := pt.CopyConfig(pt.SSECOS())
		config["copy_source"].([]pt.Attrs)[0]["if_match"] = spelling
		pt.ExpectState(t, server.MustRead(pt.CopyType, config), pt.Attrs{"source_etag": etag})
	}
	// The copy itself is pinned to the source that was looked at, also without if_match.
	c.ResetJournal()
	server.MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"key": "other"}))
	for _, entry := range c.Journal() {
		pinned := slices.Contains(entry.HeaderNames, "x-cos-copy-source-if-match")
		if entry.Op == "PutObjectCopy" && !pinned {
			t.Errorf("copy without a condition: %v", entry.HeaderNames)
		}
	}
	config := pt.CopyConfig(pt.SSECOS()).With(pt.Attrs{"key": "never"})
	config["copy_source"].([]pt.Attrs)[0]["if_match"] = "another"
	c.ResetJournal()
	_, diagnostics := server.ReadData(pt.CopyType, config)
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "if_match") ||
		!strings.Contains(text, etag) {
		t.Errorf("error = %q, want if_match and the ETag that is there", text)
	}
	c.ExpectOps("HeadObject")
}

func TestCopyDataSourceReportsWhatCannotBeCopied(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(c *pt.Cloud)
		change  pt.Attrs
		wants   []string
	}{
		"no source": {func(*pt.Cloud) {}, nil, []string{"read the source", "does not exist", "request id"}},
		"archived source": {func(c *pt.Cloud) {
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
		}, nil, []string{"InvalidObjectState", "cos_encrypted_object_restore"}},
		"SSE-C source without its key": {func(c *pt.Cloud) {
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{
				Encryption: cosapi.SSEC{Key: pt.MustKey(c.T, pt.KeyC)},
			})
		}, nil, []string{"None of the provider's customer_keys (a, b) opens it"}},
		"no such KMS key": {func(c *pt.Cloud) {
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
		}, pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": "no-such-key"})}, []string{"KmsKeyNotExist"}},
		"no such bucket": {func(c *pt.Cloud) {
			c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
		}, pt.Attrs{"bucket": "nobucket-1250000000"}, []string{"NoSuchBucket", "nobucket-1250000000"}},
		"onto itself": {func(*pt.Cloud) {}, pt.Attrs{"key": "from"}, []string{"same object"}},
		"key not in the keyring": {
			func(*pt.Cloud) {},
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "gone"})},
			[]string{"gone"},
		},
		"no region": {func(*pt.Cloud) {}, nil, []string{"Region is missing"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			tt.arrange(c)
			extra := pt.KeysAB()
			if name == "no region" {
				extra["region"] = nil
			}
			_, diagnostics := pt.NewServerIn(t, c, nil, extra).
				ReadData(pt.CopyType, pt.CopyConfig(pt.SSECOS()).With(tt.change))
			text := pt.ErrorText(diagnostics)
			for _, want := range tt.wants {
				if !strings.Contains(text, want) {
					t.Errorf("error = %q, want %q", text, want)
				}
			}
			if _, err := c.SomebodyElse().Head(t.Context(), pt.Ref("to"), nil); err == nil {
				t.Error("there is a copy")
			}
		})
	}
}

func TestCopyDataSourceRemovesACopyThatIsNotEncrypted(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	c.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	_, diagnostics := pt.NewServer(t, c, nil).ReadData(pt.CopyType, pt.CopyConfig(pt.SSECOS()))
	if text := pt.ErrorText(diagnostics); !strings.Contains(text, "did not report the encryption") {
		t.Errorf("error = %q", text)
	}
	if _, found, err := c.SomebodyElse().Find(t.Context(), pt.Ref("to")); err != nil || found {
		t.Errorf("copy found = %v, error %v, want none", found, err)
	}
}

func TestCopyDataSourceKeepsTheTimeOfItsCopy(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	server := pt.NewServer(t, c, nil)
	first := pt.Lookup(t, server.MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS())), "copied_at")
	made := c.Head(pt.Ref("to"), nil).LastModified.UTC().Format(time.RFC3339)
	if first != made {
		t.Errorf("copied_at = %v, want %v", first, made)
	}
	pt.Must(t, c.AgeObject(pt.Bucket, "from", time.Hour))
	again := pt.Lookup(t, server.MustRead(pt.CopyType, pt.CopyConfig(pt.SSECOS())), "copied_at")
	if again != first {
		t.Errorf("copied_at = %v, want %v", again, first)
	}
}

func TestCopyDataSourceValidation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change pt.Attrs
		want   string
	}{
		"no sse":         {pt.Attrs{"sse": nil}, "sse"},
		"no copy_source": {pt.Attrs{"copy_source": nil}, "copy_source"},
		"no source key":  {pt.Attrs{"copy_source": []pt.Attrs{{"bucket": pt.Bucket}}}, "key"},
		"two modes": {
			pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{}}, "kms": []pt.Attrs{{}}}}},
			"More than one",
		},
		"short key": {pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": "short"})}, "SSE-C key is not usable"},
		"key_name and key": {
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key": pt.KeyA, "key_name": "a"})},
			"More than one",
		},
		"bad bucket":  {pt.Attrs{"bucket": "UPPER"}, "Value is not usable"},
		"bad key":     {pt.Attrs{"key": "/to"}, "Value is not usable"},
		"bad class":   {pt.Attrs{"storage_class": "COLD"}, "Value is not usable"},
		"bad header":  {pt.Attrs{"cache_control": "a\nb"}, "Value is not usable"},
		"bad region":  {pt.Attrs{"region": "Guangzhou!"}, "Value is not usable"},
		"metadata":    {pt.Attrs{"metadata": map[string]string{"Team": "x"}}, "Value is not usable"},
		"unknown sse": {pt.Attrs{"sse": pt.Unknown, "copy_source": pt.Unknown}, ""},
	}
	c := pt.NewCloud(t, cosemu.Config{})
	server := pt.NewServer(t, c, pt.KeysAB())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnostics := server.ValidateData(pt.CopyType, pt.CopyConfig(pt.SSECOS()).With(tt.change))
			text := pt.ErrorText(diagnostics)
			if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
				t.Errorf("error = %q, want %q", text, tt.want)
			}
			if strings.Contains(text, pt.KeyA) {
				t.Errorf("error shows a key: %q", text)
			}
		})
	}
}
