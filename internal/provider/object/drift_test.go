package object_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// TestDriftIsShownAndCorrected has a row for everything that somebody else may do to an object
// that answers 200, and the requests that put it right.
func TestDriftIsShownAndCorrected(t *testing.T) {
	t.Parallel()
	keyA, keyB := pt.MustKey(t, pt.KeyA), pt.MustKey(t, pt.KeyB)
	copied := []string{"GetObjectACL", "PutObjectCopy"}
	uploaded := []string{"HeadObject", "GetObjectACL", "GetObjectTagging", "PutObject"}
	text := pt.Attrs{"content_type": "text/plain"}
	tests := map[string]struct {
		config pt.Attrs
		drift  func(*pt.Cloud)
		shown  pt.Attrs
		want   []string
	}{
		"encryption taken off": {
			pt.ContentObject("a", pt.SSECOS()), func(c *pt.Cloud) { c.StripEncryption("a") },
			pt.Attrs{"encryption.mode": "NONE", "encryption.algorithm": nil},
			copied,
		},
		"KMS encryption taken off": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})),
			func(c *pt.Cloud) { c.StripEncryption("a") },
			pt.Attrs{"encryption.mode": "NONE", "encryption.kms_key_id": nil},
			copied,
		},
		"SSE-C taken off": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
			func(c *pt.Cloud) { c.Rewrite("a", &keyA, func(*cosapi.WriteOptions) {}) },
			pt.Attrs{"encryption.mode": "NONE", "encryption.customer_key_md5": nil},
			copied,
		},
		"SSE-C taken off, key only in the configuration": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
			func(c *pt.Cloud) {
				key := pt.MustKey(c.T, pt.KeyD)
				c.Rewrite("a", &key, func(*cosapi.WriteOptions) {})
			},
			pt.Attrs{"encryption.mode": "NONE"},
			copied,
		},
		"other mode": {
			pt.ContentObject("a", pt.SSECOS()), func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: pt.CMK}
				})
			},
			pt.Attrs{"encryption.mode": "SSE-KMS", "encryption.kms_key_id": pt.CMK},
			copied,
		},
		"other KMS key": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})), func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: pt.OtherCMK}
				})
			},
			pt.Attrs{"encryption.kms_key_id": pt.OtherCMK},
			copied,
		},
		"other KMS key than the remembered default": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})), func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEKMS{KeyID: pt.OtherCMK}
				})
			},
			pt.Attrs{"encryption.kms_key_id": pt.OtherCMK},
			copied,
		},
		"other customer key, named in the configuration's keyring": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), func(c *pt.Cloud) {
				c.Rewrite("a", &keyA, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSEC{Key: keyB}
				})
			},
			pt.Attrs{"encryption.mode": "SSE-C", "encryption.customer_key_md5": keyB.MD5()},
			copied,
		},
		"bytes": {
			pt.ContentObject("a", pt.SSECOS()).With(text),
			func(c *pt.Cloud) { c.Upload("a", "changed", cosapi.SSECOS{Algorithm: "AES256"}) },
			pt.Attrs{"crc64ecma": cosapi.CRC64([]byte("changed")), "size": 7},
			uploaded,
		},
		"write-only body rewritten with the same bytes": {
			pt.Attrs{
				"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(), "content_type": "text/plain",
				"content_wo": "secret", "content_wo_version": 1,
			},
			func(c *pt.Cloud) { pt.Must(c.T, c.AgeObject(pt.Bucket, "a", -time.Hour)) },
			pt.Attrs{},
			[]string{"HeadObject", "GetObjectACL", "GetObjectTagging"},
		},
		"bytes of a write-only body": {
			pt.Attrs{
				"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(), "content_type": "text/plain",
				"content_wo": "secret", "content_wo_version": 1,
			},
			func(c *pt.Cloud) {
				c.Upload("a", "forged", cosapi.SSECOS{Algorithm: "AES256"})
				pt.Must(c.T, c.AgeObject(pt.Bucket, "a", -time.Hour))
			},
			pt.Attrs{"crc64ecma": nil, "size": nil, "etag": nil},
			append(uploaded, "HeadObject"),
		},
		"header": {
			pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"cache_control": "no-store"}),
			func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.CacheControl = "max-age=1"
				})
			},
			pt.Attrs{"cache_control": "max-age=1"},
			copied,
		},
		"content type": {
			pt.ContentObject("a", pt.SSECOS()).With(text), func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.ContentType = "text/html"
				})
			},
			pt.Attrs{"content_type": "text/html"},
			copied,
		},
		"metadata": {
			pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"metadata": map[string]string{"a": "b"}}),
			func(c *pt.Cloud) {
				c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
					o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
					o.Headers.Metadata = map[string]string{"x": "y"}
				})
			},
			pt.Attrs{},
			copied,
		},
		"storage class, managed": {
			pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"storage_class": "STANDARD"}),
			func(c *pt.Cloud) {
				pt.Must(c.T, c.SetObjectStorageClass(pt.Bucket, "a", "STANDARD_IA"))
			},
			pt.Attrs{"storage_class": "STANDARD_IA"},
			copied,
		},
		"storage class, left to lifecycle rules": {
			pt.ContentObject("a", pt.SSECOS()),
			func(c *pt.Cloud) {
				pt.Must(c.T, c.SetObjectStorageClass(pt.Bucket, "a", "STANDARD_IA"))
			},
			pt.Attrs{"storage_class": "STANDARD_IA"},
			nil,
		},
		"tags, managed": {
			pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"tags": map[string]string{"a": "b"}}),
			func(c *pt.Cloud) {
				pt.Must(c.T, c.SomebodyElse().PutTags(c.T.Context(), pt.Ref("a"),
					map[string]string{"x": "y"}))
			},
			pt.Attrs{},
			[]string{"PutObjectTagging"},
		},
		"tags, not managed": {
			pt.ContentObject("a", pt.SSECOS()), func(c *pt.Cloud) {
				pt.Must(c.T, c.SomebodyElse().PutTags(c.T.Context(), pt.Ref("a"),
					map[string]string{"x": "y"}))
			},
			pt.Attrs{"tags": nil},
			nil,
		},
		"ACL, managed": {
			pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"acl": "private"}), func(c *pt.Cloud) {
				pt.Must(c.T, c.SomebodyElse().PutACL(c.T.Context(), pt.Ref("a"),
					cosapi.ACL{Canned: "public-read"}))
			},
			pt.Attrs{"acl": "public-read"},
			[]string{"PutObjectACL"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.config)
			object.MustRefresh()
			test.drift(cloud)
			object.MustRefresh()
			object.Expect(test.shown)
			cloud.ResetJournal()
			object.MustApply(test.config)
			cloud.ExpectOps(test.want...)
			object.MustBeClean(test.config)
		})
	}
}

func TestDeletedObjectIsPlannedAgain(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
	cloud.ResetJournal()
	object.MustRefresh()
	cloud.ExpectOps("HeadObject", "GetObject")
	if !object.State.IsNull() {
		t.Fatal("the object is still in the state")
	}
	object = object.On(pt.NewServer(t, cloud, nil))
	object.Private, object.Identity = nil, nil
	if change := object.MustApply(config); change.Action != "create" {
		t.Errorf("plan = %s, want create", change.Action)
	}
}

func TestMissingBucket(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object.MustRefresh()

	t.Run("at the same endpoint", func(t *testing.T) {
		cloud.AddFaults(
			cosemu.Fault{Op: "HeadObject", Status: 404, Code: "NoSuchBucket"},
			cosemu.Fault{Op: "GetObject", Status: 404, Code: "NoSuchBucket"})
		gone := *object
		diagnostics := gone.Refresh()
		if text := pt.WarningText(diagnostics); !strings.Contains(text, pt.Bucket) ||
			!strings.Contains(text, pt.Region) || !strings.Contains(text, "localhost") {
			t.Errorf("warning = %q, want bucket, region and endpoint", text)
		}
		if !gone.State.IsNull() {
			t.Error("the object is still in the state")
		}
	})
	t.Run("at another endpoint", func(t *testing.T) {
		elsewhere := pt.NewCloud(t, cosemu.Config{Buckets: []string{"other-1250000000"}})
		moved := object.On(pt.NewServer(t, elsewhere, nil))
		if text := pt.ErrorText(moved.Refresh()); !strings.Contains(text, "endpoint") {
			t.Errorf("error = %q, want one about the endpoint", text)
		}
		if moved.State.IsNull() {
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
	for mode, sse := range map[string][]pt.Attrs{
		"cos": pt.SSECOS(), "c": pt.SSEC(pt.Attrs{"key_name": "main"}),
	} {
		for name, test := range tests {
			if mode == "c" && name == "permission" {
				continue // It looks like a wrong key: see TestRefusedKeyOfAnUnchangedObject.
			}
			t.Run(mode+" "+name, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
				object.MustApply(pt.ContentObject("a", sse))
				cloud.AddFaults(cosemu.Fault{
					Op: "*", Times: 20, Status: test.status, Code: test.code,
				})
				before := object.State
				text := pt.ErrorText(object.Refresh())
				for _, want := range []string{test.code, test.want, pt.Bucket + "/a", "request id"} {
					if !strings.Contains(text, want) {
						t.Errorf("error = %q, want it to name %q", text, want)
					}
				}
				if !object.State.Equal(before) {
					t.Error("the state changed")
				}
			})
		}
	}
}

func TestRefusedKeyOfAnUnchangedObject(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
	object.MustRefresh()
	before := object.State
	for _, op := range []string{"HeadObject", "GetObject"} {
		cloud.AddFaults(cosemu.Fault{Op: op, Times: 5, Status: 403, Code: "AccessDenied"})
	}
	diagnostics := object.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "could not be verified") {
		t.Errorf("warning = %q", text)
	}
	if pt.ErrorText(diagnostics) != "" || !object.State.Equal(before) {
		t.Errorf("errors %q; the state must be kept", pt.ErrorText(diagnostics))
	}
}

// TestEverythingDeniedIsAnError: nothing was verified, so nothing may look as if it were.
func TestEverythingDeniedIsAnError(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
	object.MustApply(pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})))
	object.MustRefresh()
	before := object.State
	cloud.AddFaults(cosemu.Fault{Op: "*", Times: 9, Status: 403, Code: "AccessDenied"})
	diagnostics := object.Refresh()
	pt.ExpectError(t, pt.ErrorText(diagnostics), "HeadObject", "GetBucket",
		"AccessDenied")
	if !object.State.Equal(before) {
		t.Error("the state was not kept")
	}
}

func TestTagsThatMayNotBeReadAreAWarning(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
		"tags": map[string]string{"a": "b"}, "acl": "private",
	})
	object.MustApply(config)
	cloud.AddFaults(cosemu.Fault{Op: "GetObjectTagging", Status: 403, Code: "AccessDenied"},
		cosemu.Fault{Op: "GetObjectACL", Status: 403, Code: "AccessDenied"})
	cloud.ResetJournal()
	text := pt.WarningText(object.Refresh())
	cloud.ExpectOps("HeadObject", "GetObjectTagging", "GetObjectACL")
	for _, want := range []string{"cos:GetObjectTagging", "cos:GetObjectACL"} {
		if !strings.Contains(text, want) {
			t.Errorf("warnings = %q, want %s named", text, want)
		}
	}
	if change := object.Plan(config); change.Action != "no-op" {
		t.Errorf("plan = %s, want no-op", change.Action)
	}
}

// secretBodyOfAnHourAgo is a write-only body that was uploaded an hour ago and not looked at since
// the HEAD that followed: the state has nothing to compare but that one's Last-Modified.
func secretBodyOfAnHourAgo(t *testing.T, cloud *pt.Cloud) (*pt.Instance, pt.Attrs) {
	t.Helper()
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
		"content": nil, "content_wo": "ours", "content_wo_version": 1,
	})
	object.MustApply(config)
	pt.Must(t, cloud.AgeObject(pt.Bucket, "a", time.Hour))
	pt.ChangeBaseline(t, object, "last_modified",
		value.FormatTime(cloud.Head(pt.Ref("a"), nil).LastModified))
	return object, config
}

func TestSecretBodyOverwrittenBeforeTheFirstRefresh(t *testing.T) {
	t.Parallel()
	for _, overwritten := range []bool{true, false} {
		t.Run(fmt.Sprint(overwritten), func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object, config := secretBodyOfAnHourAgo(t, cloud)
			if overwritten {
				cloud.Overwrite("a", "theirs")
			}
			object.MustRefresh()
			if got := object.Plan(config).Action == "update"; got != overwritten {
				t.Errorf("the plan uploads again: %t, want %t", got, overwritten)
			}
		})
	}
}

func TestSecretBodyOverwrittenAfterThePlan(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object, config := secretBodyOfAnHourAgo(t, cloud)
	change := object.Plan(config.With(pt.Attrs{"content_wo": "new", "content_wo_version": 2}))
	cloud.Overwrite("a", "theirs")
	pt.ExpectError(t, pt.ErrorText(object.ApplyPlanned(change)), "changed after the plan",
		"Plan again")
}
