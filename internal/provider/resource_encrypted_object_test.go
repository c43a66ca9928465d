package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// keyringAttrs are provider attributes with three keys in the keyring.
func keyringAttrs() attrs {
	return attrs{"customer_keys": map[string]string{
		"main": testKeyA, "next": testKeyB, "third": testKeyC,
	}}
}

// contentObject is a small object in the test bucket.
func contentObject(key string, sse []attrs) attrs {
	return attrs{"bucket": testBucket, "key": key, "content": "hello " + key, "sse": sse}
}

// writeFile puts a file into a folder of the test's own and returns its path.
func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestLifeOfAnObjectInEveryMode(t *testing.T) {
	t.Parallel()
	modes := map[string][]attrs{
		"cos":         sseCOS(),
		"kms":         sseKMS(attrs{"key_id": testCMK}),
		"kms default": sseKMS(attrs{}),
		"kms context": sseKMS(attrs{"key_id": testCMK, "context": map[string]string{"a": "<b>"}}),
		"c key":       sseC(attrs{"key": testKeyA}),
		"c key_name":  sseC(attrs{"key_name": "main"}),
		"c key_wo":    sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
	}
	for name, sse := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			bodies := map[string]attrs{
				"content":        {"content": "hello"},
				"content_base64": {"content_base64": "aGVsbG8="},
				"content_wo":     {"content_wo": "hello", "content_wo_version": 1},
				"source":         {"source": writeFile(t, "hello.txt", "hello")},
			}
			for kind, body := range bodies {
				t.Run(kind, func(t *testing.T) {
					object := newServer(t, cloud, keyringAttrs()).object()
					config := attrs{"bucket": testBucket, "key": kind + ".txt", "sse": sse}.with(body)
					cloud.ResetJournal()
					object.mustApply(config)
					cloud.expectOps("HeadObject", "PutObject")
					object.mustBeClean(config)
					cloud.expectRefresh(name == "c key_wo")
					// A destroy is a run of its own.
					object = object.on(newServer(t, cloud, keyringAttrs()))
					if text := errorText(object.destroy()); text != "" {
						t.Fatal(text)
					}
					cloud.expectOps("DeleteObject")
				})
			}
		})
	}
}

// expectRefresh expects one HEAD; of an object whose key only the configuration has, one listing
// and the HEAD of the plan.
func (c *cloud) expectRefresh(keyless bool) {
	c.t.Helper()
	if keyless {
		c.expectOps("GetBucket", "HeadObject")
		return
	}
	c.expectOps("HeadObject")
}

// encryptions are the seven ends of a change of encryption, with what COS then reports.
var encryptions = map[string][]attrs{
	"cos":         sseCOS(),
	"kms":         sseKMS(attrs{"key_id": testCMK}),
	"kms other":   sseKMS(attrs{"key_id": testOtherCMK}),
	"kms context": sseKMS(attrs{"key_id": testCMK, "context": map[string]string{"team": "hr"}}),
	"c main":      sseC(attrs{"key_name": "main"}),
	"c next":      sseC(attrs{"key_name": "next"}),
}

func TestTwelveChangesOfEncryptionHappenInPlace(t *testing.T) {
	t.Parallel()
	changes := []struct{ from, to string }{
		{"none", "cos"},
		{"none", "kms"},
		{"none", "c main"},
		{"cos", "kms"},
		{"cos", "c main"},
		{"kms", "cos"},
		{"kms", "c main"},
		{"c main", "cos"},
		{"c main", "kms"},
		{"c main", "c next"},
		{"kms", "kms other"},
		{"kms", "kms context"},
	}
	for _, change := range changes {
		t.Run(change.from+" to "+change.to, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := newServer(t, cloud, keyringAttrs()).object()
			key := "report.csv"
			from := change.from
			if from == "none" {
				from = "cos"
			}
			object.mustApply(contentObject(key, encryptions[from]))
			if change.from == "none" {
				cloud.stripEncryption(key)
				object.mustRefresh()
				object.expect(attrs{"encryption.mode": "NONE"})
			}
			before := object.attr("crc64ecma")
			cloud.ResetJournal()

			config := contentObject(key, encryptions[change.to])
			object.mustApply(config)
			if in := cloud.bytesIn(); in != 0 {
				t.Errorf("%d bytes were uploaded, want none", in)
			}
			cloud.expectOps("GetObjectACL", "PutObjectCopy")
			if after := object.attr("crc64ecma"); after != before {
				t.Errorf("CRC64 = %v, want %v", after, before)
			}
			object.mustBeClean(config)
			if change.from == "c main" {
				old := mustKey(t, testKeyA)
				if _, err := cloud.somebodyElse().Head(t.Context(), testRef(key), &old); err == nil {
					t.Error("the old key still opens the object")
				}
			}
		})
	}
}

// stripEncryption is a colleague who copies an object onto itself without asking for encryption.
func (c *cloud) stripEncryption(key string) {
	c.t.Helper()
	info := c.head(testRef(key), nil)
	_, err := c.somebodyElse().Copy(c.t.Context(),
		cosapi.CopySource{Ref: testRef(key), Size: info.Size, CRC64: info.CRC64}, testRef(key),
		cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: cosapi.NoEncryption{}, Headers: info.Headers,
		}})
	must(c.t, err)
}

// mustRefresh refreshes without an error.
func (r *coreResource) mustRefresh() {
	r.t.Helper()
	if text := errorText(r.refresh()); text != "" {
		r.t.Fatalf("refresh: %s", text)
	}
}
