package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// rewrite is a colleague who copies an object onto itself in another way.
func (c *cloud) rewrite(key string, read *cosapi.CustomerKey, change func(*cosapi.WriteOptions)) {
	c.t.Helper()
	info := c.head(testRef(key), read)
	options := cosapi.WriteOptions{
		Encryption: cosapi.NoEncryption{}, Headers: info.Headers, StorageClass: info.StorageClass,
	}
	change(&options)
	_, err := c.somebodyElse().Copy(c.t.Context(),
		cosapi.CopySource{Ref: testRef(key), Key: read, Size: info.Size, CRC64: info.CRC64},
		testRef(key), cosapi.CopyOptions{WriteOptions: options, KeepTags: true})
	must(c.t, err)
}

// upload is a colleague who replaces an object's bytes.
func (c *cloud) upload(key, text string, encryption cosapi.Encryption) {
	c.t.Helper()
	_, err := c.somebodyElse().Put(c.t.Context(), testRef(key), cosapi.BytesBody([]byte(text)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: encryption, Headers: cosapi.ObjectHeaders{ContentType: "text/plain"},
		}})
	must(c.t, err)
}

// TestDriftIsShownAndCorrected has a row for everything that somebody else may do to an object
// that answers 200, and the requests that put it right.
func TestDriftIsShownAndCorrected(t *testing.T) {
	t.Parallel()
	keyA, keyB := mustKey(t, testKeyA), mustKey(t, testKeyB)
	copied := []string{"GetObjectACL", "PutObjectCopy"}
	uploaded := []string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject"}
	text := attrs{"content_type": "text/plain"}
	tests := map[string]struct {
		config attrs
		drift  func(*cloud)
		shown  attrs
		want   []string
	}{
		"encryption taken off": {
			contentObject("a", sseCOS()), func(c *cloud) { c.stripEncryption("a") },
			attrs{"encryption.mode": "NONE", "encryption.algorithm": nil},
			copied,
		},
		"KMS encryption taken off": {
			contentObject("a", sseKMS(attrs{"key_id": testCMK})),
			func(c *cloud) { c.stripEncryption("a") },
			attrs{"encryption.mode": "NONE", "encryption.kms_key_id": nil},
			copied,
		},
		"SSE-C taken off": {
			contentObject("a", sseC(attrs{"key_name": "main"})),
			func(c *cloud) { c.rewrite("a", &keyA, func(*cosapi.WriteOptions) {}) },
			attrs{"encryption.mode": "NONE", "encryption.customer_key_md5": nil},
			copied,
		},
		"SSE-C taken off, key only in the configuration": {
			contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})),
			func(c *cloud) {
				key := mustKey(c.t, testKeyD)
				c.rewrite("a", &key, func(*cosapi.WriteOptions) {})
			},
			attrs{"encryption.mode": "NONE"},
			copied,
		},
		"other mode": {
			contentObject("a", sseCOS()), func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: testCMK}
				})
			},
			attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": testCMK},
			copied,
		},
		"other KMS key": {
			contentObject("a", sseKMS(attrs{"key_id": testCMK})), func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: testOtherCMK}
				})
			},
			attrs{"encryption.kms_key_id": testOtherCMK},
			copied,
		},
		"other KMS key than the remembered default": {
			contentObject("a", sseKMS(attrs{})), func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: testOtherCMK}
				})
			},
			attrs{"encryption.kms_key_id": testOtherCMK},
			copied,
		},
		"other customer key, named in the configuration's keyring": {
			contentObject("a", sseC(attrs{"key_name": "main"})), func(c *cloud) {
				c.rewrite("a", &keyA, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: keyB}
				})
			},
			attrs{"encryption.mode": "SSE-C", "encryption.customer_key_md5": nil},
			[]string{"GetBucket", "GetObjectACL", "GetObjectTagging", "PutObject"},
		},
		"bytes": {
			contentObject("a", sseCOS()).with(text),
			func(c *cloud) { c.upload("a", "changed", cosapi.SSECOS{Algorithm: "AES256"}) },
			attrs{"crc64ecma": cosapi.CRC64([]byte("changed")), "size": 7},
			uploaded,
		},
		"write-only body rewritten with the same bytes": {
			attrs{
				"bucket": testBucket, "key": "a", "sse": sseCOS(), "content_type": "text/plain",
				"content_wo": "secret", "content_wo_version": 1,
			},
			func(c *cloud) { must(c.t, c.AgeObject(testBucket, "a", -time.Hour)) },
			attrs{},
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"bytes of a write-only body": {
			attrs{
				"bucket": testBucket, "key": "a", "sse": sseCOS(), "content_type": "text/plain",
				"content_wo": "secret", "content_wo_version": 1,
			},
			func(c *cloud) {
				c.upload("a", "forged", cosapi.SSECOS{Algorithm: "AES256"})
				must(c.t, c.AgeObject(testBucket, "a", -time.Hour))
			},
			attrs{"crc64ecma": nil, "size": nil, "etag": nil},
			uploaded,
		},
		"header": {
			contentObject("a", sseCOS()).with(attrs{"cache_control": "no-store"}),
			func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.CacheControl = "max-age=1"
				})
			},
			attrs{"cache_control": "max-age=1"},
			copied,
		},
		"content type": {
			contentObject("a", sseCOS()).with(text), func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.ContentType = "text/html"
				})
			},
			attrs{"content_type": "text/html"},
			copied,
		},
		"metadata": {
			contentObject("a", sseCOS()).with(attrs{"metadata": map[string]string{"a": "b"}}),
			func(c *cloud) {
				c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.Metadata = map[string]string{"x": "y"}
				})
			},
			attrs{},
			copied,
		},
		"storage class, managed": {
			contentObject("a", sseCOS()).with(attrs{"storage_class": "STANDARD"}),
			func(c *cloud) { must(c.t, c.SetObjectStorageClass(testBucket, "a", "STANDARD_IA")) },
			attrs{"storage_class": "STANDARD_IA"},
			copied,
		},
		"storage class, left to lifecycle rules": {
			contentObject("a", sseCOS()),
			func(c *cloud) { must(c.t, c.SetObjectStorageClass(testBucket, "a", "STANDARD_IA")) },
			attrs{"storage_class": "STANDARD_IA"},
			nil,
		},
		"tags, managed": {
			contentObject("a", sseCOS()).with(attrs{"tags": map[string]string{"a": "b"}}),
			func(c *cloud) {
				must(c.t, c.somebodyElse().PutTags(c.t.Context(), testRef("a"),
					map[string]string{"x": "y"}))
			},
			attrs{},
			[]string{"PutObjectTagging"},
		},
		"tags, not managed": {
			contentObject("a", sseCOS()), func(c *cloud) {
				must(c.t, c.somebodyElse().PutTags(c.t.Context(), testRef("a"),
					map[string]string{"x": "y"}))
			},
			attrs{"tags": nil},
			nil,
		},
		"ACL, managed": {
			contentObject("a", sseCOS()).with(attrs{"acl": "private"}), func(c *cloud) {
				must(c.t, c.somebodyElse().PutACL(c.t.Context(), testRef("a"),
					cosapi.ACL{Canned: "public-read"}))
			},
			attrs{"acl": "public-read"},
			[]string{"PutObjectACL"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(test.config)
			object.mustRefresh()
			test.drift(cloud)
			object.mustRefresh()
			object.expect(test.shown)
			cloud.ResetJournal()
			object.mustApply(test.config)
			cloud.expectOps(test.want...)
			object.mustBeClean(test.config)
		})
	}
}

func TestDeletedObjectIsPlannedAgain(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	_, err := cloud.somebodyElse().Delete(t.Context(), testRef("a"))
	must(t, err)
	cloud.ResetJournal()
	object.mustRefresh()
	cloud.expectOps("HeadObject", "GetObject")
	if !object.state.IsNull() {
		t.Fatal("the object is still in the state")
	}
	object = object.on(newServer(t, cloud, nil))
	object.private, object.identity = nil, nil
	if change := object.mustApply(config); change.action != "create" {
		t.Errorf("plan = %s, want create", change.action)
	}
}

func TestMissingBucket(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	object.mustRefresh()

	t.Run("at the same endpoint", func(t *testing.T) {
		cloud.AddFaults(
			cosemu.Fault{Op: "HeadObject", Status: 404, Code: "NoSuchBucket"},
			cosemu.Fault{Op: "GetObject", Status: 404, Code: "NoSuchBucket"})
		gone := *object
		diagnostics := gone.refresh()
		if text := warningText(diagnostics); !strings.Contains(text, testBucket) ||
			!strings.Contains(text, testRegion) || !strings.Contains(text, "localhost") {
			t.Errorf("warning = %q, want bucket, region and endpoint", text)
		}
		if !gone.state.IsNull() {
			t.Error("the object is still in the state")
		}
	})
	t.Run("at another endpoint", func(t *testing.T) {
		elsewhere := newCloud(t, cosemu.Config{Buckets: []string{"other-1250000000"}})
		moved := object.on(newServer(t, elsewhere, nil))
		if text := errorText(moved.refresh()); !strings.Contains(text, "endpoint") {
			t.Errorf("error = %q, want one about the endpoint", text)
		}
		if moved.state.IsNull() {
			t.Error("the object was removed from the state")
		}
	})
}

// TestRefusalsDecideNothing: credentials, clock and permissions fail a refresh with their code,
// and the object stays in the state.
func TestRefusalsDecideNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		code   string
		want   string
	}{
		"expired token":   {400, "ExpiredToken", "have expired"},
		"unknown id":      {403, "InvalidAccessKeyId", "secret_id"},
		"wrong signature": {403, "SignatureDoesNotMatch", "secret_key"},
		"clock":           {403, "RequestTimeTooSkewed", "clock"},
		"permission":      {403, "AccessDenied", "cos:HeadObject"},
	}
	for mode, sse := range map[string][]attrs{
		"cos": sseCOS(), "c": sseC(attrs{"key_name": "main"}),
	} {
		for name, test := range tests {
			if mode == "c" && name == "permission" {
				continue // It looks like a wrong key: see TestRefusedKeyOfAnUnchangedObject.
			}
			t.Run(mode+" "+name, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				object := newServer(t, cloud, keyringAttrs()).object()
				object.mustApply(contentObject("a", sse))
				cloud.AddFaults(cosemu.Fault{
					Op: "*", Times: 20, Status: test.status, Code: test.code,
				})
				before := object.state
				text := errorText(object.refresh())
				for _, want := range []string{test.code, test.want, testBucket + "/a", "request id"} {
					if !strings.Contains(text, want) {
						t.Errorf("error = %q, want it to name %q", text, want)
					}
				}
				if !object.state.Equal(before) {
					t.Error("the state changed")
				}
			})
		}
	}
}

func TestRefusedKeyOfAnUnchangedObject(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_name": "main"})))
	object.mustRefresh()
	before := object.state
	for _, op := range []string{"HeadObject", "GetObject"} {
		cloud.AddFaults(cosemu.Fault{Op: op, Times: 5, Status: 403, Code: "AccessDenied"})
	}
	diagnostics := object.refresh()
	if text := warningText(diagnostics); !strings.Contains(text, "could not be verified") {
		t.Errorf("warning = %q", text)
	}
	if errorText(diagnostics) != "" || !object.state.Equal(before) {
		t.Errorf("errors %q; the state must be kept", errorText(diagnostics))
	}
}

func TestRefusedKeyAndDeniedListingProveNothing(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, keyringAttrs()).object()
	object.mustApply(contentObject("a", sseC(attrs{"key_name": "main"})))
	object.mustRefresh()
	before := object.state
	cloud.AddFaults(cosemu.Fault{Op: "*", Times: 9, Status: 403, Code: "AccessDenied"})
	diagnostics := object.refresh()
	if errorText(diagnostics) != "" || warningText(diagnostics) == "" ||
		!object.state.Equal(before) {
		t.Errorf("errors %q, warnings %q; want a warning and the state kept",
			errorText(diagnostics), warningText(diagnostics))
	}
}

func TestTagsThatMayNotBeReadAreAWarning(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS()).with(attrs{
		"tags": map[string]string{"a": "b"}, "acl": "private",
	})
	object.mustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "GetObjectTagging", Status: 403, Code: "AccessDenied"},
		cosemu.Fault{Op: "GetObjectACL", Status: 403, Code: "AccessDenied"})
	cloud.ResetJournal()
	text := warningText(object.refresh())
	cloud.expectOps("HeadObject", "GetObjectTagging", "GetObjectACL")
	for _, want := range []string{"cos:GetObjectTagging", "cos:GetObjectACL"} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %s named", text, want)
		}
	}
	if change := object.plan(config); change.action != "no-op" {
		t.Errorf("plan = %s, want no-op", change.action)
	}
}

// secretBodyOfAnHourAgo is a write-only body that was uploaded an hour ago and not looked at since:
// an upload's answer does not say Last-Modified, and the state shows nothing to compare.
func secretBodyOfAnHourAgo(t *testing.T, cloud *cloud) (*coreResource, attrs) {
	t.Helper()
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS()).with(attrs{
		"content": nil, "content_wo": "ours", "content_wo_version": 1,
	})
	object.mustApply(config)
	must(t, cloud.AgeObject(testBucket, "a", time.Hour))
	changeBaseline(t, object, "written_at", formatTime(time.Now().Add(-time.Hour)))
	return object, config
}

// overwrite replaces the bytes of an object and nothing else.
func (c *cloud) overwrite(key, text string) {
	c.t.Helper()
	c.place(testRef(key), text, cosapi.WriteOptions{
		Encryption: cosapi.SSECOS{Algorithm: "AES256"},
		Headers:    c.head(testRef(key), nil).Headers,
	})
}

func TestSecretBodyOverwrittenBeforeTheFirstRefresh(t *testing.T) {
	t.Parallel()
	for _, overwritten := range []bool{true, false} {
		t.Run(fmt.Sprint(overwritten), func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object, config := secretBodyOfAnHourAgo(t, cloud)
			if overwritten {
				cloud.overwrite("a", "theirs")
			}
			object.mustRefresh()
			if got := object.plan(config).action == "update"; got != overwritten {
				t.Errorf("the plan uploads again: %t, want %t", got, overwritten)
			}
		})
	}
}

func TestSecretBodyOverwrittenAfterThePlan(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object, config := secretBodyOfAnHourAgo(t, cloud)
	change := object.plan(config.with(attrs{"content_wo": "new", "content_wo_version": 2}))
	cloud.overwrite("a", "theirs")
	expectError(t, errorText(object.applyPlanned(change)), "changed after the plan", "Plan again")
}
