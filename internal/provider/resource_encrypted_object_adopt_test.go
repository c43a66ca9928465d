package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// store lets somebody else upload a text object, with the headers that a configuration without
// headers asks for.
func (c *cloud) store(key, text string, encryption cosapi.Encryption) {
	c.t.Helper()
	_, err := c.somebodyElse().Put(context.Background(), testRef(key),
		cosapi.BytesBody([]byte(text)), cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: encryption,
			Headers:    cosapi.ObjectHeaders{ContentType: "text/plain; charset=utf-8"},
		}})
	must(c.t, err)
	c.ResetJournal()
}

func TestImportWithoutABodyPlansCleanInEveryMode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stored cosapi.Encryption
		sse    []attrs
		want   attrs
	}{
		"cos": {
			cosapi.SSECOS{Algorithm: "AES256"}, sseCOS(), attrs{"sse.0.cos.0.algorithm": "AES256"},
		},
		"kms with its key": {
			cosapi.SSEKMS{KeyID: testOtherCMK},
			sseKMS(attrs{"key_id": testOtherCMK}),
			attrs{"sse.0.kms.0.key_id": testOtherCMK},
		},
		"kms": {
			cosapi.SSEKMS{KeyID: testCMK}, sseKMS(attrs{}), attrs{"sse.0.kms.0.key_id": testCMK},
		},
		"c": {
			cosapi.SSEC{Key: mustKey(t, testKeyB)},
			sseC(attrs{"key_name": "next"}),
			attrs{"sse.0.c.0.key_name": "next"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, cosemu.Config{})
			c.store("a.txt", "hello", test.stored)
			object := newServer(t, c, keyringAttrs()).object()
			if text := errorText(object.importID(testBucket + "/a.txt")); text != "" {
				t.Fatal(text)
			}
			object.expect(test.want.with(attrs{
				"region": testRegion, "overwrite": "false", "deletion_policy": "delete", "size": 5,
			}))
			config := attrs{"bucket": testBucket, "key": "a.txt", "sse": test.sse}
			if change := object.plan(config); change.action != "no-op" {
				t.Errorf("first plan = %s: %s%s", change.action, change.errors(),
					differences(object.state, change.planned))
			}
		})
	}
}

func TestImportedObjectTakesItsBodyWithoutARequest(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	object := newServer(t, c, nil).object()
	if text := errorText(object.importID(testBucket + "/a.txt")); text != "" {
		t.Fatal(text)
	}
	c.ResetJournal()
	config := attrs{"bucket": testBucket, "key": "a.txt", "content": "hello", "sse": sseCOS()}
	if change := object.mustApply(config); change.action != "update" {
		t.Errorf("first plan = %s, want a state-only update", change.action)
	}
	c.expectOps()
	object.mustBeClean(config)
}

func TestImportedTagsAndGrantsSurviveAConfigurationWithoutThem(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	colleague, ref := c.somebodyElse(), testRef("a.txt")
	must(t, colleague.PutTags(t.Context(), ref, map[string]string{"team": "finance"}))
	must(t, colleague.PutACL(t.Context(), ref, cosapi.ACL{Grants: []cosapi.Grant{
		{Permission: "READ", GranteeID: "qcs::cam::uin/100000000011:uin/100000000011"},
	}}))
	object := newServer(t, c, nil).object()
	if text := errorText(object.importID(testBucket + "/a.txt")); text != "" {
		t.Fatal(text)
	}
	// Grants that no canned ACL says are not for a configuration to repeat.
	object.expect(attrs{"tags.team": "finance", "acl": nil})
	c.ResetJournal()
	config := attrs{"bucket": testBucket, "key": "a.txt", "sse": sseCOS()}
	object.mustApply(config)
	c.expectOps()
	object.mustApply(config.with(attrs{"sse": sseKMS(attrs{"key_id": testCMK})}))
	tags, err := colleague.Tags(t.Context(), ref)
	must(t, err)
	acl, err := colleague.ACL(t.Context(), ref)
	must(t, err)
	if tags["team"] != "finance" || len(acl.Grants) == 0 {
		t.Errorf("after a re-encryption tags = %v, grants = %v", tags, acl.Grants)
	}
}

func TestImportEncryptsAPlainObjectWithoutAnUpload(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("a.txt", "hello", cosapi.NoEncryption{})
	object := newServer(t, c, nil).object()
	const url = "https://" + testBucket + ".cos." + testRegion + ".myqcloud.com/a.txt"
	if text := errorText(object.importID(url)); text != "" {
		t.Fatal(text)
	}
	object.expect(attrs{"encryption.mode": "NONE"})
	c.ResetJournal()
	config := attrs{"bucket": testBucket, "key": "a.txt", "sse": sseCOS()}
	object.mustApply(config)
	object.expect(attrs{"encryption.mode": "SSE-COS"})
	if c.bytesIn() != 0 || c.Requests("PutObjectCopy") != 1 {
		t.Errorf("%d bytes were uploaded by %v", c.bytesIn(), c.ops())
	}
	object.mustBeClean(config)
}

func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("a.txt", "hello", cosapi.SSECOS{Algorithm: "AES256"})
	object := newServer(t, c, nil).object()
	diagnostics := object.importIdentity(map[string]string{"bucket": testBucket, "key": "a.txt"})
	if text := errorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	object.expect(attrs{"id": testBucket + "/a.txt", "region": testRegion})
}

func TestImportOfAnSSECObjectThatNoKeyOpens(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("a.txt", "hello", cosapi.SSEC{Key: mustKey(t, testKeyC)})
	server := newServer(t, c, attrs{"customer_keys": map[string]string{"main": testKeyA}})
	text := errorText(server.object().importID(testBucket + "/a.txt"))
	for _, want := range []string{"customer key (SSE-C)", `"main"`, "customer_keys"} {
		if !strings.Contains(text, want) {
			t.Errorf("error = %q, want it to say %q", text, want)
		}
	}
}

func TestImportOfAMissingObject(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	object := newServer(t, c, nil).object()
	if text := errorText(object.importID(testBucket + "/a.txt")); text != "" {
		t.Errorf("errors = %q; core reports an object that is gone after the import", text)
	}
	if !object.state.IsNull() {
		t.Error("a missing object was imported")
	}
}

func TestMovedObjectIsEncryptedInPlace(t *testing.T) {
	t.Parallel()
	c := newCloud(t, cosemu.Config{})
	c.store("reports/2026.csv", "a,b", cosapi.NoEncryption{})
	file := writeFile(t, "2026.csv", "a,b")
	moved, response := move(t, movedTypeName,
		"registry.terraform.io/tencentcloudstack/tencentcloud",
		strings.Replace(movedState, `"source": "2026.csv"`, `"source": "`+file+`"`, 1))
	if text := errorText(response.Diagnostics); text != "" {
		t.Fatal(text)
	}
	object := newServer(t, c, nil).object()
	object.state, object.private = moved, response.TargetPrivate
	if text := errorText(object.refresh()); text != "" {
		t.Fatal(text)
	}
	object.expect(attrs{"region": testRegion, "encryption.mode": "NONE", "source": file})
	c.ResetJournal()
	config := attrs{
		"bucket": testBucket, "key": "reports/2026.csv", "source": file, "sse": sseCOS(),
	}
	change := object.mustApply(config)
	if got := lookup(t, change.planned, "encryption.mode"); got != "SSE-COS" {
		t.Errorf("planned mode = %v", got)
	}
	if c.bytesIn() != 0 || c.Requests("PutObjectCopy") != 1 {
		t.Errorf("%d bytes were uploaded by %v", c.bytesIn(), c.ops())
	}
	object.mustBeClean(config)
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
		"not known yet":          {"ap-guangzhou", unknownValue, true},
		"named after a move":     {nil, "ap-beijing", false},
		"not named after a move": {nil, nil, false},
	}
	c := newCloud(t, cosemu.Config{Regions: []string{testRegion, "ap-beijing"}})
	object := newServer(t, c, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prior := objectFields(t, object.state)
			prior["region"] = tftypes.NewValue(tftypes.String, test.prior)
			server := *object.protocolServer
			server.t = t
			instance := object.on(&server)
			instance.state = tftypes.NewValue(object.state.Type(), prior)
			change := instance.plan(contentObject("a", sseCOS()).with(
				attrs{"region": test.configured}))
			if got := change.action == "replace"; got != test.replace {
				t.Errorf("plan = %s (%s), want replace %v", change.action, change.errors(), test.replace)
			}
		})
	}
}
