package object_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestImportWithoutABodyPlansCleanInEveryMode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stored cosapi.Encryption
		sse    []pt.Attrs
		want   pt.Attrs
	}{
		"cos": {
			cosapi.SSECOS{Algorithm: "AES256"}, pt.SSECOS(), pt.Attrs{"sse.0.cos.0.algorithm": "AES256"},
		},
		"kms with its key": {
			cosapi.SSEKMS{KeyID: pt.OtherCMK},
			pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK}),
			pt.Attrs{"sse.0.kms.0.key_id": pt.OtherCMK},
		},
		"kms": {
			cosapi.SSEKMS{KeyID: pt.CMK}, pt.SSEKMS(pt.Attrs{}), pt.Attrs{"sse.0.kms.0.key_id": pt.CMK},
		},
		"c": {
			cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)},
			pt.SSEC(pt.Attrs{"key_name": "next"}),
			pt.Attrs{"sse.0.c.0.key_name": "next"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			c.Store("a.txt", "hello", test.stored)
			object := pt.NewServer(t, c, pt.KeyringAttrs()).Object()
			if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a.txt")); text != "" {
				t.Fatal(text)
			}
			object.Expect(test.want.With(pt.Attrs{
				"region": pt.Region, "overwrite": "false", "deletion_policy": "delete", "size": 5,
			}))
			config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "sse": test.sse}
			if change := object.Plan(config); change.Action != "no-op" {
				t.Errorf("first plan = %s: %s%s", change.Action, change.Errors(),
					pt.Differences(object.State, change.Planned))
			}
		})
	}
}

func TestImportedObjectTakesItsBodyWithoutARequest(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	object := pt.NewServer(t, c, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a.txt")); text != "" {
		t.Fatal(text)
	}
	c.ResetJournal()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "content": "hello", "sse": pt.SSECOS()}
	if change := object.MustApply(config); change.Action != "update" {
		t.Errorf("first plan = %s, want a state-only update", change.Action)
	}
	c.ExpectOps()
	object.MustBeClean(config)
}

func TestImportedTagsAndGrantsSurviveAConfigurationWithoutThem(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	colleague, ref := c.SomebodyElse(), pt.Ref("a.txt")
	pt.Must(t, colleague.PutTags(t.Context(), ref, map[string]string{"team": "finance"}))
	pt.Must(t, colleague.PutACL(t.Context(), ref, cosapi.ACL{Grants: []cosapi.Grant{
		{Permission: "READ", GranteeID: "qcs::cam::uin/100000000011:uin/100000000011"},
	}}))
	object := pt.NewServer(t, c, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a.txt")); text != "" {
		t.Fatal(text)
	}
	// Grants that no canned ACL says are not for a configuration to repeat.
	object.Expect(pt.Attrs{"tags.team": "finance", "acl": nil})
	c.ResetJournal()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "sse": pt.SSECOS()}
	object.MustApply(config)
	c.ExpectOps()
	object.MustApply(config.With(pt.Attrs{"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK})}))
	tags, err := colleague.Tags(t.Context(), ref)
	pt.Must(t, err)
	acl, err := colleague.ACL(t.Context(), ref)
	pt.Must(t, err)
	if tags["team"] != "finance" || len(acl.Grants) == 0 {
		t.Errorf("after a re-encryption tags = %v, grants = %v", tags, acl.Grants)
	}
}

func TestImportEncryptsAPlainObjectWithoutAnUpload(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("a.txt", "hello", cosapi.NoEncryption{})
	object := pt.NewServer(t, c, nil).Object()
	const url = "https://" + pt.Bucket + ".cos." + pt.Region + ".myqcloud.com/a.txt"
	if text := pt.ErrorText(object.ImportID(url)); text != "" {
		t.Fatal(text)
	}
	object.Expect(pt.Attrs{"encryption.mode": "NONE"})
	c.ResetJournal()
	config := pt.Attrs{"bucket": pt.Bucket, "key": "a.txt", "sse": pt.SSECOS()}
	object.MustApply(config)
	object.Expect(pt.Attrs{"encryption.mode": "SSE-COS"})
	if c.BytesIn() != 0 || c.Requests("PutObjectCopy") != 1 {
		t.Errorf("%d bytes were uploaded by %v", c.BytesIn(), c.Ops())
	}
	object.MustBeClean(config)
}

func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	object := pt.NewServer(t, c, nil).Object()
	diagnostics := object.ImportIdentity(map[string]string{"bucket": pt.Bucket, "key": "a.txt"})
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	object.Expect(pt.Attrs{"id": pt.Bucket + "/a.txt", "region": pt.Region})
}

func TestImportOfAnSSECObjectThatNoKeyOpens(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("a.txt", "hello", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyC)})
	server := pt.NewServer(t, c, pt.Attrs{"customer_keys": map[string]string{"main": pt.KeyA}})
	text := pt.ErrorText(server.Object().ImportID(pt.Bucket + "/a.txt"))
	for _, want := range []string{"customer key (SSE-C)", `"main"`, "customer_keys"} {
		if !strings.Contains(text, want) {
			t.Errorf("error = %q, want it to say %q", text, want)
		}
	}
}

func TestImportOfAMissingObject(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, c, nil).Object()
	if text := pt.ErrorText(object.ImportID(pt.Bucket + "/a.txt")); text != "" {
		t.Errorf("errors = %q; core reports an object that is gone after the import", text)
	}
	if !object.State.IsNull() {
		t.Error("a missing object was imported")
	}
}

func TestMovedObjectIsEncryptedInPlace(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Store("reports/2026.csv", "a,b", cosapi.NoEncryption{})
	file := pt.WriteFile(t, "2026.csv", "a,b")
	moved, response := move(t, object.MovedTypeName,
		"registry.terraform.io/tencentcloudstack/tencentcloud",
		strings.Replace(movedState, `"source": "2026.csv"`, `"source": "`+file+`"`, 1))
	if text := pt.ErrorText(response.Diagnostics); text != "" {
		t.Fatal(text)
	}
	object := pt.NewServer(t, c, nil).Object()
	object.State, object.Private = moved, response.TargetPrivate
	if text := pt.ErrorText(object.Refresh()); text != "" {
		t.Fatal(text)
	}
	object.Expect(pt.Attrs{"region": pt.Region, "encryption.mode": "NONE", "source": file})
	c.ResetJournal()
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "reports/2026.csv", "source": file, "sse": pt.SSECOS(),
	}
	change := object.MustApply(config)
	if got := pt.Lookup(t, change.Planned, "encryption.mode"); got != "SSE-COS" {
		t.Errorf("planned mode = %v", got)
	}
	if c.BytesIn() != 0 || c.Requests("PutObjectCopy") != 1 {
		t.Errorf("%d bytes were uploaded by %v", c.BytesIn(), c.Ops())
	}
	object.MustBeClean(config)
}

func TestOnlyAnotherRegionReplaces(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prior, configured any
		replace           bool
	}{
		"the same":               {"ap-guangzhou", "ap-guangzhou", false},
		"another":                {"ap-guangzhou", "ap-beijing", true},
		"taken away":             {"ap-beijing", nil, false},
		"not known yet":          {"ap-guangzhou", pt.Unknown, true},
		"named after a move":     {nil, "ap-beijing", false},
		"not named after a move": {nil, nil, false},
	}
	c := pt.NewCloud(t, cosemu.Config{Regions: []string{pt.Region, "ap-beijing"}})
	object := pt.NewServer(t, c, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prior := pt.ObjectFields(t, object.State)
			prior["region"] = tftypes.NewValue(tftypes.String, test.prior)
			server := *object.Server
			server.T = t
			instance := object.On(&server)
			instance.State = tftypes.NewValue(object.State.Type(), prior)
			change := instance.Plan(pt.ContentObject("a", pt.SSECOS()).With(
				pt.Attrs{"region": test.configured}))
			if got := change.Action == "replace"; got != test.replace {
				t.Errorf("plan = %s (%s), want replace %v", change.Action, change.Errors(), test.replace)
			}
		})
	}
}
