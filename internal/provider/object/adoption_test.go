package object_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// adopting are the requests of a create that finds its work done.
var adopting = []string{"HeadObject", "GetObjectTagging", "GetObjectACL"}

// TestInterruptedCreateIsRepeated: the object was made and the state was lost. The next run finds it
// as it would write it, whatever gives its bytes and however it is encrypted.
func TestInterruptedCreateIsRepeated(t *testing.T) {
	t.Parallel()
	file := pt.WriteFile(t, "body.txt", "from a file")
	for name, config := range map[string]pt.Attrs{
		"cos":     pt.ContentObject("a", pt.SSECOS()),
		"kms":     pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})),
		"c":       pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
		"c, wo":   pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
		"secret":  pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content": nil, "content_wo": "s3cret", "content_wo_version": 1}),
		"file":    pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content": nil, "source": file}),
		"dressed": dressed(pt.ContentObject("a", pt.SSECOS())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			pt.NewServer(t, cloud, pt.KeyringAttrs()).Object().MustApply(config)
			before := cloud.Head(pt.Ref("a"), keyOf(t, config))
			again := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			cloud.ResetJournal()
			_, diagnostics := again.Apply(config)
			if text := pt.ErrorText(diagnostics); text != "" {
				t.Fatal(text)
			}
			if text := pt.WarningText(diagnostics); !strings.Contains(text, "adopted") {
				t.Errorf("warnings = %q", text)
			}
			cloud.ExpectOps(adopting...)
			again.MustBeClean(config)
			if after := cloud.Head(pt.Ref("a"), keyOf(t, config)); after.ETag != before.ETag {
				t.Error("the object was written again")
			}
		})
	}
}

func dressed(config pt.Attrs) pt.Attrs {
	return config.With(pt.Attrs{
		"cache_control": "no-store", "metadata": map[string]string{"team": "finance"},
		"storage_class": "STANDARD_IA", "tags": map[string]string{"a": "b"}, "acl": "public-read",
	})
}

// keyOf is the key of an SSE-C configuration of these tests.
func keyOf(t *testing.T, config pt.Attrs) *cosapi.CustomerKey {
	t.Helper()
	sse, _ := config["sse"].([]pt.Attrs)
	c, ok := sse[0]["c"].([]pt.Attrs)
	if !ok {
		return nil
	}
	key := pt.MustKey(t, pt.KeyA)
	if text, ok := c[0]["key_wo"].(string); ok {
		key = pt.MustKey(t, text)
	}
	return &key
}

// TestOtherObjectsAreNotAdopted: every fact that a create would write is compared, and what cannot
// be proved is not taken for equal. The error says what is different, and nothing is sent.
func TestOtherObjectsAreNotAdopted(t *testing.T) {
	t.Parallel()
	base := pt.ContentObject("a", pt.SSECOS())
	for name, test := range map[string]struct {
		there  pt.Attrs
		wanted pt.Attrs
		deed   func(*pt.Cloud)
		says   string
	}{
		"bytes":  {base, base.With(pt.Attrs{"content": "other"}), nil, "its bytes are others: 7 bytes with CRC64"},
		"secret": {base, base.With(pt.Attrs{"content": nil, "content_wo": "other", "content_wo_version": 1}), nil, "its bytes are others."},
		"mode":   {base, pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})), nil, "it is encrypted with SSE-COS AES256"},
		"kms key": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK})),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})), nil, "it is encrypted with SSE-KMS",
		},
		"kms, any key": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})), pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})),
			nil, "kms without key_id",
		},
		"kms, context": {
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"a": "b"}})),
			pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"a": "b"}})),
			nil, "does not report the context",
		},
		"other customer key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next"})),
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), nil, "not the configured one",
		},
		"customer key": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "next"})), base, nil, "not the configured one",
		},
		"no customer key": {
			base, pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})), nil, "it is encrypted with SSE-COS",
		},
		"no CRC64": {base, base, func(c *pt.Cloud) {
			pt.Must(c.T, c.ForgetCRC64(pt.Bucket, "a"))
		}, "no CRC64"},
		"header":   {base.With(pt.Attrs{"cache_control": "no-store"}), base, nil, "Cache-Control"},
		"metadata": {base, base.With(pt.Attrs{"metadata": map[string]string{"team": "x"}}), nil, "x-cos-meta-team"},
		"class":    {base.With(pt.Attrs{"storage_class": "STANDARD_IA"}), base, nil, "STANDARD_IA and not STANDARD"},
		"tags":     {base.With(pt.Attrs{"tags": map[string]string{"theirs": "x"}}), base, nil, "theirs"},
		"acl":      {base.With(pt.Attrs{"acl": "public-read"}), base, nil, "its ACL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			pt.NewServer(t, cloud, pt.KeyringAttrs()).Object().MustApply(test.there)
			if test.deed != nil {
				test.deed(cloud)
			}
			again := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			cloud.ResetJournal()
			_, diagnostics := again.Apply(test.wanted)
			text := pt.ErrorText(diagnostics)
			pt.ExpectError(t, text, "exists already", test.says, "interrupted run",
				"terraform import ADDRESS '"+pt.Bucket+"/a'")
			for _, op := range cloud.Ops() {
				if strings.HasPrefix(op, "Put") || strings.HasPrefix(op, "Delete") {
					t.Errorf("%s was sent", op)
				}
			}
			if name == "secret" && strings.Contains(text, cosapi.CRC64([]byte("other"))) {
				t.Error("the error tells of the secret")
			}
		})
	}
}

// crowded is a cloud with somebody who acts once, right before a request.
func crowded(t *testing.T, config cosemu.Config, op string) (*pt.Cloud, func(func())) {
	t.Helper()
	var act atomic.Pointer[func()]
	config.Before = func(current string, req *http.Request) {
		if current != op || req.UserAgent() == pt.Colleague {
			return
		}
		if act := act.Swap(nil); act != nil {
			(*act)()
		}
	}
	return pt.NewCloud(t, config), func(f func()) { act.Store(&f) }
}

// TestObjectThatAppearsDuringACreate: between the look and the write somebody else may be as quick.
func TestObjectThatAppearsDuringACreate(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content_type": "text/plain"})
	for name, test := range map[string]struct{ text, errors string }{
		"the same": {config["content"].(string), ""},
		"other":    {"theirs", "exists already"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, meanwhile := crowded(t, cosemu.Config{}, "PutObject")
			object := pt.NewServer(t, cloud, nil).Object()
			meanwhile(func() {
				_, err := cloud.SomebodyElse().Put(context.Background(), pt.Ref("a"),
					cosapi.BytesBody([]byte(test.text)), cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
						Encryption: cosapi.SSECOS{Algorithm: "AES256"},
						Headers:    cosapi.ObjectHeaders{ContentType: "text/plain"},
					}})
				if err != nil {
					t.Error(err)
				}
			})
			_, diagnostics := object.Apply(config)
			if text := pt.ErrorText(diagnostics); (text == "") != (test.errors == "") ||
				!strings.Contains(text, test.errors) {
				t.Errorf("errors = %q, want %q", text, test.errors)
			}
			if info := cloud.Head(pt.Ref("a"), nil); info.Size != int64(len(test.text)) {
				t.Error("what somebody else wrote is gone")
			}
		})
	}
}

// TestAdoptionIsRemembered until the object is written from here.
func TestAdoptionIsRemembered(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS())
	for name, written := range map[string]bool{"adopted": false, "written since": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			pt.NewServer(t, cloud, nil).Object().MustApply(config)
			object := pt.NewServer(t, cloud, nil).Object()
			object.MustApply(config)
			if written {
				object.MustApply(config.With(pt.Attrs{"content": "ours"}))
			}
			object.MustRefresh()
			text := pt.WarningText(object.On(pt.NewServer(t, cloud, nil)).Destroy())
			if strings.Contains(text, "adopted") == written {
				t.Errorf("warnings = %q", text)
			}
			cloud.IsGone("a")
		})
	}
}

// TestReplacementOnTheSameKeyByAdoption: create_before_destroy without overwrite. Core creates, then
// destroys one and the same object.
func TestReplacementOnTheSameKeyByAdoption(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	config := pt.ContentObject("a", pt.SSECOS())
	old := pt.NewServer(t, cloud, nil).Object()
	old.MustApply(config)
	applying := pt.NewServer(t, cloud, nil)
	applying.Object().MustApply(config)
	if text := pt.WarningText(old.On(applying).Destroy()); !strings.Contains(text, "not deleted") {
		t.Errorf("warnings = %q", text)
	}
	cloud.Head(pt.Ref("a"), nil)
}

// TestOldEntryDestroyedInALaterRun: a dependent failed in between, so both entries are in the state.
// The process of the apply knows nothing of either; the plan's does.
func TestOldEntryDestroyedInALaterRun(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS())
	for _, first := range []string{"current", "deposed"} {
		t.Run(first+" planned first", func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			old := pt.NewServer(t, cloud, nil).Object()
			old.MustApply(config)
			current := pt.NewServer(t, cloud, nil).Object()
			current.MustApply(config)

			planning, applying := pt.NewServer(t, cloud, nil), pt.NewServer(t, cloud, nil)
			var warnings string
			destroy := func() pt.Change { return old.On(planning).PlanDestroy() }
			var deposed pt.Change
			if first == "deposed" {
				deposed = destroy()
				warnings = current.On(planning).Plan(config).Warnings()
			} else {
				current.On(planning).Plan(config)
				deposed = destroy()
			}
			if text := pt.ErrorText(old.On(applying).DestroyPlanned(deposed)); text != "" {
				t.Error(text)
			}
			if first == "deposed" {
				if !strings.Contains(warnings, "This apply deletes the object") {
					t.Errorf("warnings = %q", warnings)
				}
				cloud.IsGone("a")
				return
			}
			if !strings.Contains(deposed.Warnings(), "Another entry of the state") {
				t.Errorf("warnings = %q", deposed.Warnings())
			}
			cloud.Head(pt.Ref("a"), nil)
		})
	}
}

// TestRenamedAddress: without a moved block core creates and destroys one object at the same time.
// Whichever comes first, the object is there in the end.
func TestRenamedAddress(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS())
	for range 5 {
		cloud := pt.NewCloud(t, cosemu.Config{})
		old := pt.NewServer(t, cloud, nil).Object()
		old.MustApply(config)
		applying := pt.NewServer(t, cloud, nil)
		var group sync.WaitGroup
		group.Go(func() { old.On(applying).Destroy() })
		group.Go(func() { applying.Object().MustApply(config) })
		group.Wait()
		cloud.Head(pt.Ref("a"), nil)
	}
}
