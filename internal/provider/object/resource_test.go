package object_test

import (
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestLifeOfAnObjectInEveryMode(t *testing.T) {
	t.Parallel()
	modes := map[string][]pt.Attrs{
		"cos":         pt.SSECOS(),
		"kms":         pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}),
		"kms default": pt.SSEKMS(pt.Attrs{}),
		"kms context": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"a": "<b>"}}),
		"c key":       pt.SSEC(pt.Attrs{"key": pt.KeyA}),
		"c key_name":  pt.SSEC(pt.Attrs{"key_name": "main"}),
		"c key_wo":    pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
	}
	for name, sse := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			bodies := map[string]pt.Attrs{
				"content":        {"content": "hello"},
				"content_base64": {"content_base64": "aGVsbG8="},
				"content_wo":     {"content_wo": "hello", "content_wo_version": 1},
				"source":         {"source": pt.WriteFile(t, "hello.txt", "hello")},
			}
			for kind, body := range bodies {
				t.Run(kind, func(t *testing.T) {
					object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
					config := pt.Attrs{"bucket": pt.Bucket, "key": kind + ".txt", "sse": sse}.With(body)
					cloud.ResetJournal()
					object.MustApply(config)
					wanted := []string{"HeadObject", "PutObject"}
					if kind == "content_wo" && name == "cos" {
						// Nothing else of it may be kept, so its Last-Modified is asked for.
						wanted = append(wanted, "HeadObject")
					}
					cloud.ExpectOps(wanted...)
					object.MustBeClean(config)
					cloud.ExpectRefresh(name == "c key_wo")
					// A destroy is a run of its own.
					object = object.On(pt.NewServer(t, cloud, pt.KeyringAttrs()))
					if text := pt.ErrorText(object.Destroy()); text != "" {
						t.Fatal(text)
					}
					cloud.ExpectOps("DeleteObject")
				})
			}
		})
	}
}

// encryptions are the seven ends of a change of encryption, with what COS then reports.
var encryptions = map[string][]pt.Attrs{
	"cos":         pt.SSECOS(),
	"kms":         pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}),
	"kms other":   pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK}),
	"kms context": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"team": "hr"}}),
	"c main":      pt.SSEC(pt.Attrs{"key_name": "main"}),
	"c next":      pt.SSEC(pt.Attrs{"key_name": "next"}),
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
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			key := "report.csv"
			from := change.from
			if from == "none" {
				from = "cos"
			}
			object.MustApply(pt.ContentObject(key, encryptions[from]))
			if change.from == "none" {
				cloud.StripEncryption(key)
				object.MustRefresh()
				object.Expect(pt.Attrs{"encryption.mode": "NONE"})
			}
			before := object.Attr("crc64ecma")
			cloud.ResetJournal()

			config := pt.ContentObject(key, encryptions[change.to])
			object.MustApply(config)
			if in := cloud.BytesIn(); in != 0 {
				t.Errorf("%d bytes were uploaded, want none", in)
			}
			cloud.ExpectOps("GetObjectACL", "PutObjectCopy")
			if after := object.Attr("crc64ecma"); after != before {
				t.Errorf("CRC64 = %v, want %v", after, before)
			}
			object.MustBeClean(config)
			if change.from == "c main" {
				old := pt.MustKey(t, pt.KeyA)
				if _, err := cloud.SomebodyElse().Head(t.Context(), pt.Ref(key), &old); err == nil {
					t.Error("the old key still opens the object")
				}
			}
		})
	}
}
