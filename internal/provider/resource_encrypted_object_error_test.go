package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// expectError fails the test unless an error text names everything that is wanted.
func expectError(t *testing.T, text string, wanted ...string) {
	t.Helper()
	if text == "" {
		t.Fatal("there was no error")
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("error does not name %q:\n%s", want, text)
		}
	}
}

// isGone fails the test if COS has the object.
func (c *cloud) isGone(key string) {
	c.t.Helper()
	_, found, err := c.somebodyElse().Find(c.t.Context(), testRef(key))
	must(c.t, err)
	if found {
		c.t.Errorf("%s was left behind", key)
	}
}

func TestErrorsOfACreateNameObjectCodeAndRemedy(t *testing.T) {
	t.Parallel()
	documented := cosemu.DocumentedCredential()
	temporary := cosemu.Credential{
		SecretID: "AKIDTEMPORARY", SecretKey: "temporary-secret-key", SecurityToken: "a-token",
		Expired: true,
	}
	tests := map[string]struct {
		emulator cosemu.Config
		provider attrs
		object   attrs
		want     []string
	}{
		"KMS key that does not exist": {
			object: contentObject("a", sseKMS(attrs{"key_id": "no-such-key"})),
			want: []string{
				"KmsKeyNotExist", "key_id", testBucket + "/a", testRegion, "request id", "regional",
			},
		},
		"bucket that does not exist": {
			object: contentObject("a", sseCOS()).with(attrs{"bucket": "missing-1250000000"}),
			want: []string{
				"NoSuchBucket", "missing-1250000000/a", testRegion, "localhost", "request id",
				`AttributeName("bucket")`,
			},
		},
		"unknown secret id": {
			provider: attrs{"secret_id": "AKIDUNKNOWN"}, object: contentObject("a", sseCOS()),
			want: []string{"InvalidAccessKeyId", "secret_id", testBucket + "/a", "request id"},
		},
		"wrong secret key": {
			provider: attrs{"secret_key": "wrong"}, object: contentObject("a", sseCOS()),
			want: []string{"SignatureDoesNotMatch", "secret_key", testBucket + "/a", "request id"},
		},
		"wrong clock": {
			emulator: cosemu.Config{Now: func() time.Time { return time.Now().Add(-2 * time.Hour) }},
			object:   contentObject("a", sseCOS()),
			want: []string{
				"RequestTimeTooSkewed", "15 minutes", "clock", testBucket + "/a", "request id",
			},
		},
		"expired token": {
			emulator: cosemu.Config{Credentials: []cosemu.Credential{documented, temporary}},
			provider: attrs{
				"secret_id": temporary.SecretID, "secret_key": temporary.SecretKey,
				"security_token": temporary.SecurityToken,
			},
			object: contentObject("a", sseC(attrs{"key": testKeyA})),
			want:   []string{"ExpiredToken", "security_token", testBucket + "/a", "request id"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, test.emulator)
			object := newServer(t, cloud, test.provider).object()
			_, diagnostics := object.apply(test.object)
			text := errorText(diagnostics)
			expectError(t, text, test.want...)
			if strings.Contains(text, "customer_keys") {
				t.Errorf("the error is taken for a wrong customer key:\n%s", text)
			}
			if !object.state.IsNull() {
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
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	object.mustRefresh()
	cloud.DisableKMSKey(testOtherCMK)
	before := object.state
	_, diagnostics := object.apply(contentObject("a", sseKMS(attrs{"key_id": testOtherCMK})))
	expectError(t, errorText(diagnostics), "KmsKeyDisabled", "key_id", "request id")
	if !object.state.Equal(before) {
		t.Errorf("state changed: %s", differences(before, object.state))
	}
	if info := cloud.head(testRef("a"), nil); info.Encryption.Mode != cosapi.ModeSSECOS {
		t.Errorf("mode = %s, want SSE-COS", info.Encryption.Mode)
	}
}

func TestCreateRefusesToReplaceAnObject(t *testing.T) {
	t.Parallel()
	key := mustKey(t, testKeyD)
	for name, existing := range map[string]cosapi.Encryption{
		"plain": cosapi.NoEncryption{}, "SSE-C under a foreign key": cosapi.SSEC{Key: key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.upload("a", "theirs", existing)
			cloud.ResetJournal()
			object := newServer(t, cloud, nil).object()
			_, diagnostics := object.apply(contentObject("a", sseCOS()))
			expectError(t, errorText(diagnostics), "terraform import", testBucket+"/a",
				"overwrite = true")
			if n := cloud.Requests("PutObject"); n != 0 {
				t.Errorf("%d PutObject, want none", n)
			}
			object = newServer(t, cloud, nil).object()
			object.mustApply(contentObject("a", sseCOS()).with(attrs{"overwrite": true}))
		})
	}
}

// TestCreateLosesTheRace: somebody creates the object between the look and the write.
func TestCreateLosesTheRace(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.upload("a", "theirs", cosapi.NoEncryption{})
	cloud.AddFaults(cosemu.Fault{Op: "HeadObject", Status: 404, Code: "NoSuchKey"})
	object := newServer(t, cloud, nil).object()
	_, diagnostics := object.apply(contentObject("a", sseCOS()))
	expectError(t, errorText(diagnostics), "exists already", "terraform import")
	if info := cloud.head(testRef("a"), nil); info.Size != int64(len("theirs")) {
		t.Error("their object was replaced")
	}
}

func TestLostAnswerOfACreateIsClearedUp(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropAnswer: true})
	object := newServer(t, cloud, nil).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	cloud.expectOps("HeadObject", "PutObject", "HeadObject")
	object.mustBeClean(config)
}

// TestNoSilentPlaintext: a server that accepts an object and does not encrypt it.
func TestNoSilentPlaintext(t *testing.T) {
	t.Parallel()
	for mode, sse := range map[string][]attrs{
		"SSE-COS": sseCOS(), "SSE-KMS": sseKMS(attrs{"key_id": testCMK}),
		"SSE-C": sseC(attrs{"key_name": "main"}),
	} {
		t.Run("create "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropEncryption: true})
			object := newServer(t, cloud, keyringAttrs()).object()
			_, diagnostics := object.apply(contentObject("a", sse))
			expectError(t, errorText(diagnostics), mode, "NONE", testBucket+"/a")
			if !object.state.IsNull() {
				t.Error("the failed create left a state")
			}
			cloud.isGone("a")
		})
		t.Run("create in a versioned bucket "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", DropEncryption: true})
			object := newServer(t, cloud, keyringAttrs()).object()
			_, diagnostics := object.apply(
				contentObject("a", sse).with(attrs{"bucket": testVersionedBucket}))
			expectError(t, errorText(diagnostics), mode)
			page, err := cloud.somebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
				Region: testRegion, Bucket: testVersionedBucket,
			})
			must(t, err)
			if len(page.Versions) != 0 {
				t.Errorf("versions left behind: %+v", page.Versions)
			}
		})
		t.Run("answer without encryption headers "+mode, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			cloud.AddFaults(cosemu.Fault{Op: "PutObject", NoEncryptionEcho: true})
			object := newServer(t, cloud, keyringAttrs()).object()
			object.mustApply(contentObject("a", sse))
			object.expect(attrs{"encryption.mode": mode})
			cloud.expectOps("HeadObject", "PutObject", "HeadObject")
		})
	}
}

func TestUpdateThatWasNotEncryptedShowsWhatCOSHolds(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := newServer(t, cloud, nil).object()
	object.mustApply(contentObject("a", sseCOS()))
	object.mustRefresh()
	cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
	config := contentObject("a", sseKMS(attrs{"key_id": testCMK}))
	_, diagnostics := object.apply(config)
	expectError(t, errorText(diagnostics), "SSE-KMS", "NONE")
	object.expect(attrs{"encryption.mode": "NONE"})
	object.mustApply(config)
	object.mustBeClean(config)
}

// TestConcurrentChangeIsNotOverwritten: somebody changes the object between plan and apply.
func TestConcurrentChangeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	config := contentObject("a", sseCOS()).with(attrs{"content_type": "text/plain"})
	changes := map[string]attrs{
		"before an upload": {"content": "ours"},
		"before a copy":    {"sse": sseKMS(attrs{})},
	}
	drifts := map[string]func(*cloud){
		"bytes": func(c *cloud) { c.upload("a", "theirs", cosapi.SSECOS{Algorithm: "AES256"}) },
		"metadata only, same ETag": func(c *cloud) {
			c.rewrite("a", nil, func(o *cosapi.WriteOptions) {
				o.Encryption = cosapi.SSECOS{Algorithm: "AES256"}
				o.Headers.Metadata = map[string]string{"theirs": "1"}
			})
			must(c.t, c.AgeObject(testBucket, "a", -time.Hour))
		},
	}
	for when, change := range changes {
		for what, drift := range drifts {
			t.Run(what+" "+when, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				object := newServer(t, cloud, nil).object()
				object.mustApply(config)
				object.mustRefresh()
				planned := object.plan(config.with(change))
				drift(cloud)
				theirs := cloud.head(testRef("a"), nil)
				text := errorText(object.applyPlanned(planned))
				expectError(t, text, "changed after the plan", testBucket+"/a", "Plan again")
				now := cloud.head(testRef("a"), nil)
				if now.ETag != theirs.ETag || !now.LastModified.Equal(theirs.LastModified) {
					t.Error("their change was overwritten")
				}
			})
		}
	}
}
