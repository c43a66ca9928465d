package object_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestReplacementIsProvedFirst: core deletes before it creates, so whatever is missing has to be
// found by the plan. Nothing is deleted then.
func TestReplacementIsProvedFirst(t *testing.T) {
	t.Parallel()
	file := pt.WriteFile(t, "body.txt", "body")
	copied := func(source pt.Attrs) pt.Attrs {
		return pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(), "copy_source": []pt.Attrs{source}}
	}
	plainSource := pt.Attrs{"bucket": pt.Bucket, "key": "from"}
	for name, test := range map[string]struct {
		config pt.Attrs
		change pt.Attrs // beside another key
		deed   func(*testing.T, *pt.Cloud)
		says   string
	}{
		"file missing": {
			pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(), "source": file},
			pt.Attrs{"source": filepath.Join(filepath.Dir(file), "none")},
			nil, "cannot be read",
		},
		"source deleted": {copied(plainSource), nil, func(t *testing.T, c *pt.Cloud) {
			_, err := c.SomebodyElse().Delete(t.Context(), pt.Ref("from"))
			pt.Must(t, err)
		}, "NoSuchKey"},
		"source under another key": {copied(plainSource), nil, func(t *testing.T, c *pt.Cloud) {
			c.Rewrite("from", nil, func(o *cosapi.WriteOptions) {
				o.Encryption = cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)}
			})
		}, "SsecDecryptHeaderInvalid"},
		"source is another one": {
			copied(plainSource),
			pt.Attrs{"copy_source": []pt.Attrs{plainSource.With(pt.Attrs{"if_match": "another"})}},
			nil, "if_match names another",
		},
		"source archived": {copied(plainSource), nil, func(t *testing.T, c *pt.Cloud) {
			pt.Must(t, c.SetObjectStorageClass(pt.Bucket, "from", "ARCHIVE"))
		}, "ARCHIVE"},
		"key not at hand": {
			pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "nobody"})},
			nil, "nobody",
		},
		"destination taken": {pt.ContentObject("a", pt.SSECOS()), nil, func(_ *testing.T, c *pt.Cloud) {
			c.Upload("b", "theirs", cosapi.SSECOS{Algorithm: "AES256"})
		}, "another object is already"},
		"destination taken, customer key": {
			pt.ContentObject("a", pt.SSECOS()), nil, func(t *testing.T, c *pt.Cloud) {
				c.Upload("b", "theirs", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)})
			}, "another object is already",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.Upload("from", "source", cosapi.SSECOS{Algorithm: "AES256"})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(test.config)
			if test.deed != nil {
				test.deed(t, cloud)
			}
			moved := test.config.With(pt.Attrs{"key": "b"}).With(test.change)
			_, diagnostics := object.On(pt.NewServer(t, cloud, pt.KeyringAttrs())).Apply(moved)
			pt.ExpectError(t, pt.ErrorText(diagnostics), test.says)
			if _, err := cloud.SomebodyElse().HeadOnly(t.Context(), pt.Ref("a"), keyOf(t, test.config)); err != nil {
				t.Errorf("the old object is gone: %v", err)
			}
		})
	}
}

// TestReplacementThatIsProved costs two HEADs more, where there is anything to look at.
func TestReplacementThatIsProved(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("from", "source", cosapi.SSECOS{Algorithm: "AES256"})
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}},
	}
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(config)
	cloud.ResetJournal()
	change := object.Plan(config.With(pt.Attrs{"key": "b"}))
	if change.Action != "replace" {
		t.Fatalf("plan = %s: %s", change.Action, change.Errors())
	}
	cloud.ExpectOps("HeadObject", "HeadObject")
}

// TestReplacementThatCannotBeProved: what is not known yet is a warning, which names the way out.
func TestReplacementThatCannotBeProved(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	for name, change := range map[string]pt.Attrs{
		"key":  {"key": pt.Unknown},
		"body": {"key": "b", "content": pt.Unknown},
	} {
		text := object.Plan(config.With(change)).Warnings()
		if !strings.Contains(text, "create_before_destroy") {
			t.Errorf("%s unknown: warnings = %q", name, text)
		}
	}
}

// TestReplacementInPlaceIsProved: with -replace and taint core plans a new object without a prior
// state, in the place of one that the same run has read.
func TestReplacementInPlaceIsProved(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	file := pt.WriteFile(t, "body.txt", "body")
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(), "source": file}
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(config)
	planning := pt.NewServer(t, cloud, nil)
	object.On(planning).MustRefresh()
	pt.Must(t, os.Remove(file))
	pt.ExpectError(t, planning.Object().Plan(config).Errors(), "The replacement cannot be made")
}

// TestCopyOutlivesItsSource: what has been copied stays right. Only another source is needed then.
func TestCopyOutlivesItsSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("from", "source", cosapi.SSECOS{Algorithm: "AES256"})
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS(),
		"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "from"}},
	}
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(config)
	_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("from"))
	pt.Must(t, err)
	object.MustRefresh()
	change := object.Plan(config)
	if change.Action != "no-op" || !strings.Contains(change.Warnings(), "The source is gone") {
		t.Errorf("plan = %s, %q", change.Action, change.Warnings()+change.Errors())
	}
	tagged := config.With(pt.Attrs{"tags": map[string]string{"a": "b"}})
	object.MustApply(tagged)
	encrypted := tagged.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})})
	cloud.ResetJournal()
	object.MustApply(encrypted)
	if cloud.Requests("PutObjectCopy") != 1 {
		t.Errorf("requests %v, want one copy", cloud.Ops())
	}
	object.MustBeClean(encrypted)
	other := encrypted.With(pt.Attrs{"copy_source": []pt.Attrs{{"bucket": pt.Bucket, "key": "none"}}})
	_, diagnostics := object.Apply(other)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "NoSuchKey", pt.Bucket+"/none")
}

// TestImportLeavesTheStorageClassAlone: core prints the state into generated configuration, where the
// class would be pinned. It survives the next write all the same.
func TestImportLeavesTheStorageClassAlone(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "text", cosapi.SSECOS{Algorithm: "AES256"})
	pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "a", "STANDARD_IA"))
	object := pt.NewServer(t, cloud, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a")); text != "" {
		t.Fatal(text)
	}
	object.Expect(pt.Attrs{"storage_class": nil})
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a", "sse": pt.SSECOS()}
	if change := object.Plan(config); change.Action != "no-op" {
		t.Errorf("plan = %s", change.Action)
	}
	pinned := config.With(pt.Attrs{"storage_class": "STANDARD_IA"})
	cloud.ResetJournal()
	again := object.On(pt.NewServer(t, cloud, nil))
	again.MustApply(pinned)
	cloud.ExpectOps()
	encrypted := config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})})
	object.MustApply(encrypted)
	object.Expect(pt.Attrs{"storage_class": "STANDARD_IA"})
	if info := cloud.Head(pt.Ref("a"), nil); info.StorageClass != "STANDARD_IA" {
		t.Errorf("class %s", info.StorageClass)
	}
	object.MustBeClean(encrypted)
}

// TestContextOfARewrittenObjectIsAppliedAgain: COS never reports a context.
func TestContextOfARewrittenObjectIsAppliedAgain(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"a": "b"}}))
	object.MustApply(config)
	cloud.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
		o.Encryption = cosapi.SSEKMS{KeyID: pt.CMK, Context: map[string]string{"a": "forged"}}
	})
	object.MustRefresh()
	cloud.ResetJournal()
	object.MustApply(config)
	cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
	object.MustBeClean(config)
}
