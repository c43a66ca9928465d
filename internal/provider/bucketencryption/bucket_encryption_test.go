package bucketencryption_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const typeName = "cos_bucket_encryption"

func byKMS(key string) pt.Attrs {
	return pt.Attrs{"bucket": pt.Bucket, "sse": pt.SSEKMS(pt.Attrs{"key_id": key})}
}

func byCOS() pt.Attrs { return pt.Attrs{"bucket": pt.Bucket, "sse": pt.SSECOS()} }

func bucketRef() cosapi.ObjectRef { return cosapi.ObjectRef{Region: pt.Region, Bucket: pt.Bucket} }

// set gives the bucket a default as somebody else would.
func set(t *testing.T, c *pt.Cloud, encryption cosapi.BucketEncryption) {
	t.Helper()
	pt.Must(t, c.SomebodyElse().PutBucketEncryption(t.Context(), bucketRef(), encryption))
	c.ResetJournal()
}

func get(t *testing.T, c *pt.Cloud) cosapi.BucketEncryption {
	t.Helper()
	is, _, err := c.SomebodyElse().BucketEncryption(t.Context(), bucketRef())
	pt.Must(t, err)
	c.ResetJournal()
	return is
}

func TestLife(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	r.MustApply(byKMS(pt.CMK))
	r.Expect(pt.Attrs{
		"id": pt.Bucket, "region": pt.Region, "encryption.mode": "SSE-KMS",
		"encryption.kms_key_id": pt.CMK,
	})
	canary := []string{"PutObject", "HeadObject", "DeleteObject"}
	c.ExpectOps(slices.Concat([]string{"GetBucketEncryption", "PutBucketEncryption"}, canary, canary)...)
	r.MustBeClean(byKMS(pt.CMK))
	c.ExpectOps("GetBucketEncryption")

	change := r.MustApply(byCOS())
	if !strings.Contains(change.Warnings(), "becomes weaker") {
		t.Errorf("plan: %s", change.Warnings())
	}
	r.Expect(pt.Attrs{"encryption.mode": "SSE-COS", "encryption.algorithm": "AES256"})
	r.MustBeClean(byCOS())
	c.ResetJournal()
	if text := pt.ErrorText(r.Destroy()); text != "" {
		t.Fatal(text)
	}
	c.ExpectOps("GetBucketEncryption", "DeleteBucketEncryption")
}

func TestCreateRefusesAnotherDefault(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	set(t, c, cosapi.BucketEncryption{Algorithm: "SM4"})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	_, diagnostics := r.Apply(byKMS(pt.CMK))
	text := pt.ErrorText(diagnostics)
	if !strings.Contains(text, "terraform import cos_bucket_encryption.<name> "+pt.Bucket) ||
		!strings.Contains(text, "SM4") {
		t.Errorf("error: %s", text)
	}
	c.ExpectOps("GetBucketEncryption")
	r.State = pt.NewServer(t, c, nil).Resource(typeName).State
	r.MustApply(byKMS(pt.CMK).With(pt.Attrs{"overwrite": true}))
	if is := get(t, c); is.KMSKeyID != pt.CMK {
		t.Errorf("the default is %+v", is)
	}
}

// What is as configured already is taken over: an interrupted run must not block the next one.
func TestCreateTakesOverWhatIsAsWanted(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	set(t, c, cosapi.BucketEncryption{Algorithm: "KMS", KMSKeyID: pt.CMK, KMSAlgorithm: "SM4"})
	pt.NewServer(t, c, nil).Resource(typeName).MustApply(byKMS(pt.CMK))
	c.ExpectOps("GetBucketEncryption")
	if is := get(t, c); is.KMSAlgorithm != "SM4" {
		t.Errorf("the default is %+v", is)
	}
}

// A key that COS may not use is refused before the default is touched, and so is one that could not
// be tried.
func TestKeyIsTriedFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*pt.Cloud)
		want  []string
	}{
		"disabled": {
			func(c *pt.Cloud) { c.DisableKMSKey(pt.CMK) },
			[]string{"COS cannot use the key", "KmsKeyDisabled", "was not changed"},
		},
		"denied": {
			func(c *pt.Cloud) {
				c.AddFaults(cosemu.Fault{Op: "PutObject", Times: 10, Status: 403, Code: "AccessDenied"})
			},
			[]string{"proves nothing", "verify = false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pt.NewCloud(t, cosemu.Config{})
			former := cosapi.BucketEncryption{Algorithm: "AES256"}
			set(t, c, former)
			test.spoil(c)
			r := pt.NewServer(t, c, nil).Resource(typeName)
			_, diagnostics := r.Apply(byKMS(pt.CMK).With(pt.Attrs{"overwrite": true}))
			pt.ExpectError(t, pt.ErrorText(diagnostics), test.want...)
			if n := c.Requests("PutBucketEncryption"); n != 0 {
				t.Errorf("the default was set %d times", n)
			}
			if is := get(t, c); is != former {
				t.Errorf("the default is %+v", is)
			}
		})
	}
}

func TestWithoutVerify(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	r.MustApply(byKMS(pt.CMK).With(pt.Attrs{"verify": false}))
	c.ExpectOps("GetBucketEncryption", "PutBucketEncryption")
}

func TestDrift(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	r.MustApply(byKMS(pt.CMK))
	set(t, c, cosapi.BucketEncryption{Algorithm: "KMS", KMSKeyID: pt.OtherCMK})
	r.MustRefresh()
	r.Expect(pt.Attrs{"encryption.kms_key_id": pt.OtherCMK})
	if change := r.Plan(byKMS(pt.CMK)); change.Action != "update" {
		t.Errorf("plan: %s", change.Action)
	}
	r.MustApply(byKMS(pt.CMK))
	pt.Must(t, c.SomebodyElse().DeleteBucketEncryption(t.Context(), bucketRef()))
	diagnostics := r.Refresh()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "ignore_changes") {
		t.Errorf("warning: %q", text)
	}
	r.Expect(pt.Attrs{"encryption.mode": "NONE"})
	r.MustApply(byKMS(pt.CMK))
	r.MustBeClean(byKMS(pt.CMK))
}

// What somebody sets between plan and apply is neither replaced nor removed.
func TestForeignDefaultsStay(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	r.MustApply(byKMS(pt.CMK))
	change := r.Plan(byCOS())
	theirs := cosapi.BucketEncryption{Algorithm: "KMS", KMSKeyID: pt.OtherCMK}
	set(t, c, theirs)
	pt.ExpectError(t, pt.ErrorText(r.ApplyPlanned(change)), "changed since")
	diagnostics := r.Destroy()
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "stays") {
		t.Errorf("warning: %q", text)
	}
	if is := get(t, c); is != theirs {
		t.Errorf("the default is %+v", is)
	}
}

func TestAbandon(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	r := pt.NewServer(t, c, nil).Resource(typeName)
	r.MustApply(byCOS().With(pt.Attrs{"deletion_policy": "abandon"}))
	c.ResetJournal()
	if text := pt.ErrorText(r.Destroy()); text != "" {
		t.Fatal(text)
	}
	c.ExpectOps()
}

func TestImportIsClean(t *testing.T) {
	t.Parallel()
	for _, config := range []pt.Attrs{byKMS(pt.OtherCMK), byCOS()} {
		c := pt.NewCloud(t, cosemu.Config{})
		pt.NewServer(t, c, nil).Resource(typeName).MustApply(config)
		r := pt.NewServer(t, c, nil).Resource(typeName)
		if text := pt.ErrorText(r.ImportID(pt.Bucket)); text != "" {
			t.Fatal(text)
		}
		if change := r.Plan(config); change.Action != "no-op" {
			t.Errorf("plan: %s %s", change.Action, pt.Differences(r.State, change.Planned))
		}
	}
	r := pt.NewServer(t, pt.NewCloud(t, cosemu.Config{}), nil).Resource(typeName)
	if text := pt.ErrorText(r.ImportID("a/b")); text == "" {
		t.Error("an id that is no bucket was accepted")
	}
}

func TestSSECIsNoDefault(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	for name, sse := range map[string]any{"none": nil, "empty": []pt.Attrs{{}}} {
		r := pt.NewServer(t, c, nil).Resource(typeName)
		if text := r.Plan(pt.Attrs{"bucket": pt.Bucket, "sse": sse}).Errors(); text == "" {
			t.Errorf("%s: no error", name)
		}
	}
}
