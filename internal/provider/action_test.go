package provider

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

const reencryptType = "cos_encrypted_object_reencrypt"

// invoke validates, plans and invokes an action as core does. It returns the progress messages and
// the diagnostics.
func (s *protocolServer) invoke(
	typeName string, config attrs,
) ([]string, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	actions := s.server.(tfprotov6.ActionServer)
	block := s.schemas.ActionSchemas[typeName].Schema.Block
	dynamic := s.dynamic(blockValue(s.t, block, config))
	validated, err := actions.ValidateActionConfig(s.t.Context(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: dynamic})
	must(s.t, err)
	if errorText(validated.Diagnostics) != "" {
		return nil, validated.Diagnostics
	}
	planned, err := actions.PlanAction(s.t.Context(),
		&tfprotov6.PlanActionRequest{ActionType: typeName, Config: dynamic})
	must(s.t, err)
	if errorText(planned.Diagnostics) != "" {
		return nil, planned.Diagnostics
	}
	stream, err := actions.InvokeAction(s.t.Context(),
		&tfprotov6.InvokeActionRequest{ActionType: typeName, Config: dynamic})
	must(s.t, err)
	var messages []string
	var diagnostics []*tfprotov6.Diagnostic
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			messages = append(messages, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diagnostics = event.Diagnostics
		}
	}
	return messages, diagnostics
}

// mustInvoke is invoke without errors.
func (s *protocolServer) mustInvoke(typeName string, config attrs) []string {
	s.t.Helper()
	messages, diagnostics := s.invoke(typeName, config)
	if text := errorText(diagnostics); text != "" {
		s.t.Fatal(text)
	}
	return messages
}

// TestReencryptKeepsEverythingElse goes from each encryption to each, and back to nothing to do.
func TestReencryptKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	keyA, keyB := mustKey(t, testKeyA), mustKey(t, testKeyB)
	from := map[string]cosapi.Encryption{
		"none": cosapi.NoEncryption{}, "SSE-COS": cosapi.SSECOS{Algorithm: "AES256"},
		"SSE-KMS": cosapi.SSEKMS{KeyID: testCMK}, "SSE-C": cosapi.SSEC{Key: keyA},
	}
	to := map[string]struct {
		sse  []attrs
		mode cosapi.Mode
		key  *cosapi.CustomerKey
	}{
		"SSE-COS": {sseCOS(), cosapi.ModeSSECOS, nil},
		"SSE-KMS": {sseKMS(attrs{"key_id": testCMK}), cosapi.ModeSSEKMS, nil},
		"SSE-C":   {sseC(attrs{"key_name": "next"}), cosapi.ModeSSEC, &keyB},
	}
	for fromName, encryption := range from {
		for toName, target := range to {
			t.Run(fromName+" to "+toName, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				options := cosapi.WriteOptions{
					Encryption: encryption, StorageClass: "STANDARD_IA",
					Headers: cosapi.ObjectHeaders{
						ContentType: "text/x", CacheControl: "no-cache",
						Metadata: map[string]string{"a": "b"},
					},
					Tags: map[string]string{"t": "u"}, ACL: &cosapi.ACL{Canned: "public-read"},
				}
				cloud.place(testRef("k"), "content", options)
				server := newServer(t, cloud, keyringAttrs())
				config := attrs{"bucket": testBucket, "key": "k", "sse": target.sse}
				cloud.ResetJournal()
				messages := server.mustInvoke(reencryptType, config)
				expectSaid(t, messages, encryption.Mode(), target.mode)
				if uploaded := cloud.bytesIn(); uploaded != 0 {
					t.Errorf("%d bytes were uploaded", uploaded)
				}
				expectReencrypted(t, cloud, options, target.mode, target.key)
				done := fromName == toName && fromName != "SSE-C"
				if got := cloud.Requests("PutObjectCopy") == 0; got != done {
					t.Errorf("nothing was copied: %t, want %t; said %q", got, done, messages)
				}
				cloud.ResetJournal()
				again := server.mustInvoke(reencryptType, config)
				if cloud.Requests("PutObjectCopy") != 0 || !strings.Contains(again[0], "already") {
					t.Errorf("the second time: %v, said %q", cloud.ops(), again)
				}
			})
		}
	}
}

// expectSaid checks the progress message of a change of encryption.
func expectSaid(t *testing.T, messages []string, from, to cosapi.Mode) {
	t.Helper()
	want := "with " + string(to) + " now, before it was with " + string(from)
	switch from {
	case to:
		want = "with " + string(to)
	case cosapi.ModeNone:
		want = "with " + string(to) + " now, before it was not encrypted"
	}
	if len(messages) != 1 || !strings.Contains(messages[0], want) {
		t.Errorf("said %q, want %q", messages, want)
	}
}

func expectReencrypted(
	t *testing.T, cloud *cloud, options cosapi.WriteOptions, mode cosapi.Mode,
	key *cosapi.CustomerKey,
) {
	t.Helper()
	ref := testRef("k")
	info := cloud.head(ref, key)
	if info.Encryption.Mode != mode || info.StorageClass != options.StorageClass {
		t.Errorf("%s in %s, want %s in %s", info.Encryption.Mode, info.StorageClass, mode,
			options.StorageClass)
	}
	if diff := cmp.Diff(options.Headers, info.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	tags, err := cloud.somebodyElse().Tags(t.Context(), ref)
	if err != nil || tags["t"] != "u" {
		t.Errorf("tags = %v, %v", tags, err)
	}
	acl, err := cloud.somebodyElse().ACL(t.Context(), ref)
	if err != nil || acl.Canned != "public-read" {
		t.Errorf("acl = %v, %v", acl, err)
	}
	content, _, err := cloud.somebodyElse().Content(t.Context(), ref, key, 100)
	if err != nil || string(content) != "content" {
		t.Errorf("content = %q, %v", content, err)
	}
}

// TestReencryptWithAContextAlwaysCopies: COS never reports one, so nothing shows that it is there.
func TestReencryptWithAContextAlwaysCopies(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.store("k", "content", cosapi.SSECOS{Algorithm: "AES256"})
	server := newServer(t, cloud, nil)
	config := attrs{
		"bucket": testBucket, "key": "k",
		"sse": sseKMS(attrs{"key_id": testCMK, "context": map[string]string{"a": "b"}}),
	}
	for range 2 {
		cloud.ResetJournal()
		server.mustInvoke(reencryptType, config)
		cloud.expectOps("HeadObject", "GetObjectACL", "PutObjectCopy")
	}
}

// TestReencryptNamesThePresentKey: with key_name the keyring is not tried, and a second run finds
// the object under its new key.
func TestReencryptNamesThePresentKey(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	cloud.store("k", "content", cosapi.SSEC{Key: mustKey(t, testKeyB)})
	server := newServer(t, cloud, keyringAttrs())
	config := attrs{
		"bucket": testBucket, "key": "k", "key_name": "next",
		"sse": sseC(attrs{"key_name": "third"}),
	}
	cloud.ResetJournal()
	server.mustInvoke(reencryptType, config)
	cloud.expectOps("HeadObject", "GetObjectACL", "PutObjectCopy")
	if said := server.mustInvoke(reencryptType, config); !strings.Contains(said[0], "already") {
		t.Errorf("the second time it said %q", said)
	}
	if cloud.Requests("PutObjectCopy") != 0 {
		t.Error("the second run copied again")
	}
}

func TestReencryptWarnsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: testRegion, Bucket: testVersionedBucket, Key: "k"}
	cloud.place(ref, "content", cosapi.WriteOptions{Encryption: cosapi.SSEC{Key: mustKey(t, testKeyA)}})
	_, diagnostics := newServer(t, cloud, keyringAttrs()).invoke(reencryptType, attrs{
		"bucket": testVersionedBucket, "key": "k", "sse": sseCOS(),
	})
	if text := errorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	if text := warningText(diagnostics); !strings.Contains(text, "Keep the old key") {
		t.Errorf("warning = %q", text)
	}
}

func TestReencryptErrorsChangeNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*cloud)
		config  attrs
		want    []string
	}{
		"no object": {
			func(*cloud) {},
			attrs{"sse": sseCOS()},
			[]string{"Cannot read the object", "NoSuchKey"},
		},
		"no key opens it": {
			func(c *cloud) { c.store("k", "x", cosapi.SSEC{Key: mustKey(c.t, testKeyD)}) },
			attrs{"sse": sseCOS()},
			[]string{"None of the provider's customer_keys"},
		},
		"archived": {
			func(c *cloud) {
				c.place(testRef("k"), "x", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
			},
			attrs{"sse": sseCOS()},
			[]string{"The object is archived", "Nothing was changed"},
		},
		"key not in the keyring": {
			func(c *cloud) { c.store("k", "x", cosapi.NoEncryption{}) },
			attrs{"sse": sseC(attrs{"key_name": "lost"})},
			[]string{"lost", "customer_keys"},
		},
		"present key not in the keyring": {
			func(c *cloud) { c.store("k", "x", cosapi.NoEncryption{}) },
			attrs{"sse": sseCOS(), "key_name": "lost"},
			[]string{"lost", "customer_keys"},
		},
		"no sse": {func(*cloud) {}, attrs{}, []string{"Encryption is not chosen"}},
		"two modes": {
			func(*cloud) {},
			attrs{"sse": []attrs{{"cos": []attrs{{}}, "kms": []attrs{{}}}}},
			[]string{"More than one kind of encryption"},
		},
		"other algorithm": {
			func(*cloud) {},
			attrs{"sse": []attrs{{"cos": []attrs{{"algorithm": "AES"}}}}},
			[]string{"algorithm"},
		},
		"ACL cannot be read": {
			func(c *cloud) {
				c.store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{Op: "GetObjectACL", Status: 403, Code: "AccessDenied"})
			},
			attrs{"sse": sseCOS()},
			[]string{"ACL", "AccessDenied"},
		},
		"changed meanwhile": {
			func(c *cloud) {
				c.store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{
					Op: "PutObjectCopy", Status: 412, Code: "PreconditionFailed",
				})
			},
			attrs{"sse": sseCOS()},
			[]string{"The object changed meanwhile", "Run the action again"},
		},
		"stored in plain text": {
			func(c *cloud) {
				c.store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
			},
			attrs{"sse": sseCOS()},
			[]string{"Cannot encrypt the object in another way"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			test.prepare(cloud)
			config := attrs{"bucket": testBucket, "key": "k"}.with(test.config)
			messages, diagnostics := newServer(t, cloud, keyringAttrs()).invoke(reencryptType, config)
			expectError(t, errorText(diagnostics), test.want...)
			if len(messages) != 0 {
				t.Errorf("it said %q", messages)
			}
		})
	}
}

func TestRestoreActionWaitsAndTells(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		delay  time.Duration
		config attrs
		want   []string
	}{
		"at once": {0, attrs{}, []string{"can be read until"}},
		"waiting": {
			1500 * time.Millisecond, attrs{}, []string{"Waiting for the restore", "can be read"},
		},
		"not waiting": {time.Hour, attrs{"wait": false}, []string{"COS is restoring"}},
		"with a key":  {0, attrs{"key_name": "main"}, []string{"can be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := archivedCloud(t, "ARCHIVE", test.delay, cosapi.SSEC{Key: mustKey(t, testKeyA)})
			said := newServer(t, cloud, keyringAttrs()).
				mustInvoke(restoreType, restoreConfig(test.config))
			if len(said) == 0 || cloud.Requests("PostObjectRestore") != 1 {
				t.Fatalf("said %q after %v", said, cloud.ops())
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
					t.Errorf("said %q, want %q", said, want)
				}
			}
		})
	}
}

func TestRestoreActionErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		class  string
		delay  time.Duration
		config attrs
		want   []string
	}{
		"not archived": {"STANDARD", 0, attrs{}, []string{"Object is not archived"}},
		"tier":         {"ARCHIVE", 0, attrs{"tier": "Fast"}, []string{"tier"}},
		"days":         {"ARCHIVE", 0, attrs{"days": 0}, []string{"days"}},
		"key":          {"ARCHIVE", 0, attrs{"key_name": "lost"}, []string{"lost", "customer_keys"}},
		"too slow": {
			"ARCHIVE", time.Hour,
			attrs{"timeouts": attrs{"invoke": "2s"}},
			[]string{"Cannot wait for the restore", "COS goes on restoring"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := archivedCloud(t, test.class, test.delay, nil)
			_, diagnostics := newServer(t, cloud, nil).
				invoke(restoreType, restoreConfig(test.config))
			expectError(t, errorText(diagnostics), test.want...)
		})
	}
}

// TestReencryptDoesNotUndoAnotherWrite: what was written between the look and the copy stays.
func TestReencryptDoesNotUndoAnotherWrite(t *testing.T) {
	t.Parallel()
	for _, bucket := range []string{testBucket, testVersionedBucket} {
		t.Run(bucket, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			ref := cosapi.ObjectRef{Region: testRegion, Bucket: bucket, Key: "k"}
			cloud.place(ref, "ours", cosapi.WriteOptions{})
			server := newServer(t, cloud, nil)
			cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DelayMS: 2000})
			cloud.ResetJournal()
			written := make(chan struct{})
			go func() {
				defer close(written)
				for cloud.Requests("GetObjectACL") == 0 {
					time.Sleep(time.Millisecond)
				}
				cloud.place(ref, "theirs", cosapi.WriteOptions{})
			}()
			_, diagnostics := server.invoke(reencryptType,
				attrs{"bucket": bucket, "key": "k", "sse": sseCOS()})
			<-written
			expectError(t, errorText(diagnostics), "The object changed meanwhile")
			content, _, err := cloud.somebodyElse().Content(t.Context(), ref, nil, 100)
			if err != nil || string(content) != "theirs" {
				t.Errorf("content = %q, %v, want theirs", content, err)
			}
		})
	}
}
