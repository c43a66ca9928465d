package object_test

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestErrorsOfACreateNameObjectCodeAndRemedy(t *testing.T) {
	t.Parallel()
	documented := cosemu.DocumentedCredential()
	temporary := cosemu.Credential{
		SecretID: "AKIDTEMPORARY", SecretKey: "temporary-secret-key", SecurityToken: "a-token",
		Expired: true,
	}
	tests := map[string]struct {
		emulator cosemu.Config
		provider pt.Attrs
		object   pt.Attrs
		want     []string
	}{
		"KMS key that does not exist": {
			object: pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": "no-such-key"})),
			want: []string{
				"KmsKeyNotExist", "key_id", pt.Bucket + "/a", pt.Region, "request id", "regional",
			},
		},
		"bucket that does not exist": {
			object: pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"bucket": "missing-1250000000"}),
			want: []string{
				"NoSuchBucket", "missing-1250000000/a", pt.Region, "localhost", "request id",
				`AttributeName("bucket")`,
			},
		},
		"unknown secret id": {
			provider: pt.Attrs{"secret_id": "AKIDUNKNOWN"}, object: pt.ContentObject("a", pt.SSECOS()),
			want: []string{"InvalidAccessKeyId", "secret_id", pt.Bucket + "/a", "request id"},
		},
		"wrong secret key": {
			provider: pt.Attrs{"secret_key": "wrong"}, object: pt.ContentObject("a", pt.SSECOS()),
			want: []string{"SignatureDoesNotMatch", "secret_key", pt.Bucket + "/a", "request id"},
		},
		"wrong clock": {
			emulator: cosemu.Config{Now: func() time.Time { return time.Now().Add(-2 * time.Hour) }},
			object:   pt.ContentObject("a", pt.SSECOS()),
			want: []string{
				"RequestTimeTooSkewed", "15 minutes", "clock", pt.Bucket + "/a", "request id",
			},
		},
		"expired token": {
			emulator: cosemu.Config{Credentials: []cosemu.Credential{documented, temporary}},
			provider: pt.Attrs{
				"secret_id": temporary.SecretID, "secret_key": temporary.SecretKey,
				"security_token": temporary.SecurityToken,
			},
			object: pt.ContentObject("a", pt.SSEC(pt.Attrs{"key": pt.KeyA})),
			want:   []string{"ExpiredToken", "security_token", pt.Bucket + "/a", "request id"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, test.emulator)
			object := pt.NewServer(t, cloud, test.provider).Object()
			_, diagnostics := object.Apply(test.object)
			text := pt.ErrorText(diagnostics)
			pt.ExpectError(t, text, test.want...)
			if strings.Contains(text, "customer_keys") {
				t.Errorf("the error is taken for a wrong customer key:\n%s", text)
			}
			if !object.State.IsNull() {
				t.Error("the failed create left a state")
			}
			for _, entry := range cloud.Journal() {
				if entry.Op == "PutObject" && entry.Status == 200 {
					t.Error("something was written")
				}
			}
		})
	}
}

func TestDisabledKMSKeyFailsAnUpdateAndChangesNothing(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object.MustRefresh()
	cloud.DisableKMSKey(pt.OtherCMK)
	before := object.State
	_, diagnostics := object.Apply(pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.OtherCMK})))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "KmsKeyDisabled", "key_id", "request id")
	if !object.State.Equal(before) {
		t.Errorf("state changed: %s", pt.Differences(before, object.State))
	}
	if info := cloud.Head(pt.Ref("a"), nil); info.Encryption.Mode != cosapi.ModeSSECOS {
		t.Errorf("mode = %s, want SSE-COS", info.Encryption.Mode)
	}
}

func TestCreateRefusesToReplaceAnObject(t *testing.T) {
	t.Parallel()
	key := pt.MustKey(t, pt.KeyD)
	for name, existing := range map[string]cosapi.Encryption{
		"plain": cosapi.NoEncryption{}, "SSE-C under a foreign key": cosapi.SSEC{Key: key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.Upload("a", "theirs", existing)
			cloud.ResetJournal()
			object := pt.NewServer(t, cloud, nil).Object()
			_, diagnostics := object.Apply(pt.ContentObject("a", pt.SSECOS()))
			pt.ExpectError(t, pt.ErrorText(diagnostics), "terraform import", pt.Bucket+"/a",
				"overwrite = true")
			if n := cloud.Requests("PutObject"); n != 0 {
				t.Errorf("%d PutObject, want none", n)
			}
			object = pt.NewServer(t, cloud, nil).Object()
			object.MustApply(pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"overwrite": true}))
		})
	}
}

// TestCreateLosesTheRace: somebody creates the object between the look and the write.
func TestCreateLosesTheRace(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("a", "theirs", cosapi.NoEncryption{})
	cloud.AddFaults(cosemu.Fault{Op: "HeadObject", Status: 404, Code: "NoSuchKey"})
	object := pt.NewServer(t, cloud, nil).Object()
	_, diagnostics := object.Apply(pt.ContentObject("a", pt.SSECOS()))
	pt.ExpectError(t, pt.ErrorText(diagnostics), "exists already", "terraform import")
	if info := cloud.Head(pt.Ref("a"), nil); info.Size != int64(len("theirs")) {
		t.Error("their object was replaced")
	}
}

func TestLostAnswerOfACreateIsClearedUp(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropAnswer: true})
	object := pt.NewServer(t, cloud, nil).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	cloud.ExpectOps("HeadObject", "PutObject", "HeadObject")
	object.MustBeClean(config)
}

// TestNoSilentPlaintext: a server that accepts an object and does not encrypt it.
func TestNoSilentPlaintext(t *testing.T) {
	t.Parallel()
	for mode, sse := range map[string][]pt.Attrs{
		"SSE-COS": pt.SSECOS(), "SSE-KMS": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}),
		"SSE-C": pt.SSEC(pt.Attrs{"key_name": "main"}),
	} {
		t.Run("create "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropEncryption: true})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			_, diagnostics := object.Apply(pt.ContentObject("a", sse))
			pt.ExpectError(t, pt.ErrorText(diagnostics), mode, "NONE", pt.Bucket+"/a")
			if !object.State.IsNull() {
				t.Error("the failed create left a state")
			}
			cloud.IsGone("a")
		})
		t.Run("create in a versioned bucket "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropEncryption: true})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			_, diagnostics := object.Apply(
				pt.ContentObject("a", sse).With(pt.Attrs{"bucket": pt.VersionedBucket}))
			pt.ExpectError(t, pt.ErrorText(diagnostics), mode)
			page, err := cloud.SomebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
				Region: pt.Region, Bucket: pt.VersionedBucket,
			})
			pt.Must(t, err)
			if len(page.Versions) != 0 {
				t.Errorf("versions left behind: %+v", page.Versions)
			}
		})
		t.Run("answer without encryption headers "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", NoEncryptionEcho: true})
			object := pt.NewServer(t, cloud, pt.KeyringAttrs()).Object()
			object.MustApply(pt.ContentObject("a", sse))
			object.Expect(pt.Attrs{"encryption.mode": mode})
			cloud.ExpectOps("HeadObject", "PutObject", "HeadObject")
		})
	}
}

func TestUpdateThatWasNotEncryptedShowsWhatCOSHolds(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.NewServer(t, cloud, nil).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object.MustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	config := pt.ContentObject("a", pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}))
	_, diagnostics := object.Apply(config)
	pt.ExpectError(t, pt.ErrorText(diagnostics), "SSE-KMS", "NONE")
	object.Expect(pt.Attrs{"encryption.mode": "NONE"})
	object.MustApply(config)
	object.MustBeClean(config)
}

// TestConcurrentChangeIsNotOverwritten: somebody changes the object between plan and apply.
func TestConcurrentChangeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content_type": "text/plain"})
	changes := map[string]pt.Attrs{
		"before an upload": {"content": "ours"},
		"before a copy":    {"sse": pt.SSEKMS(pt.Attrs{})},
	}
	drifts := map[string]func(*pt.Cloud){
		"bytes": func(c *pt.Cloud) { c.Upload("a", "theirs", cosapi.SSECOS{Algorithm: "AES256"}) },
		"metadata only, same ETag": func(c *pt.Cloud) {
			c.Rewrite("a", nil, func(o *cosapi.WriteOptions) {
				o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
				o.Headers.Metadata = map[string]string{"theirs": "1"}
			})
			pt.Must(c.T, c.AgeObject(pt.Bucket, "a", -time.Hour))
		},
	}
	for when, change := range changes {
		for what, drift := range drifts {
			t.Run(what+" "+when, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				object := pt.NewServer(t, cloud, nil).Object()
				object.MustApply(config)
				object.MustRefresh()
				planned := object.Plan(config.With(change))
				drift(cloud)
				theirs := cloud.Head(pt.Ref("a"), nil)
				text := pt.ErrorText(object.ApplyPlanned(planned))
				pt.ExpectError(t, text, "changed after the plan", pt.Bucket+"/a", "Plan again")
				now := cloud.Head(pt.Ref("a"), nil)
				if now.ETag != theirs.ETag || !now.LastModified.Equal(theirs.LastModified) {
					t.Error("their change was overwritten")
				}
			})
		}
	}
}
