package reencrypt_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestReencryptKeepsEverythingElse goes from each encryption to each, and back to nothing to do.
func TestReencryptKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	keyA, keyB := pt.MustKey(t, pt.KeyA), pt.MustKey(t, pt.KeyB)
	from := map[string]cosapi.Encryption{
		"none": cosapi.NoEncryption{}, "SSE-COS": cosapi.SSECOS{Algorithm: "AES256"},
		"SSE-KMS": cosapi.SSEKMS{KeyID: pt.CMK}, "SSE-C": cosapi.SSEC{Key: keyA},
	}
	to := map[string]struct {
		sse  []pt.Attrs
		mode cosapi.Mode
		key  *cosapi.CustomerKey
	}{
		"SSE-COS": {pt.SSECOS(), cosapi.ModeSSECOS, nil},
		"SSE-KMS": {pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}), cosapi.ModeSSEKMS, nil},
		"SSE-C":   {pt.SSEC(pt.Attrs{"key_name": "next"}), cosapi.ModeSSEC, &keyB},
	}
	for fromName, encryption := range from {
		for toName, target := range to {
			t.Run(fromName+" to "+toName, func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				options := cosapi.WriteOptions{
					Encryption: encryption, StorageClass: "STANDARD_IA",
					Headers: cosapi.ObjectHeaders{
						ContentType: "text/x", CacheControl: "no-cache",
						Metadata: map[string]string{"a": "b"},
					},
					Tags: map[string]string{"t": "u"}, ACL: &cosapi.ACL{Canned: "public-read"},
				}
				cloud.Place(pt.Ref("k"), "content", options)
				server := pt.NewServer(t, cloud, pt.KeyringAttrs())
				config := pt.Attrs{"bucket": pt.Bucket, "key": "k", "sse": target.sse}
				cloud.ResetJournal()
				messages := server.MustInvoke(pt.ReencryptType, config)
				expectSaid(t, messages, encryption.Mode(), target.mode)
				if uploaded := cloud.BytesIn(); uploaded != 0 {
					t.Errorf("%d bytes were uploaded", uploaded)
				}
				expectReencrypted(t, cloud, options, target.mode, target.key)
				done := fromName == toName && fromName != "SSE-C"
				if got := cloud.Requests("PutObjectCopy") == 0; got != done {
					t.Errorf("nothing was copied: %t, want %t; said %q", got, done, messages)
				}
				cloud.ResetJournal()
				again := server.MustInvoke(pt.ReencryptType, config)
				if cloud.Requests("PutObjectCopy") != 0 || !strings.Contains(again[0], "already") {
					t.Errorf("the second time: %v, said %q", cloud.Ops(), again)
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
	t *testing.T, cloud *pt.Cloud, options cosapi.WriteOptions, mode cosapi.Mode,
	key *cosapi.CustomerKey,
) {
	t.Helper()
	ref := pt.Ref("k")
	info := cloud.Head(ref, key)
	if info.Encryption.Mode != mode || info.StorageClass != options.StorageClass {
		t.Errorf("%s in %s, want %s in %s", info.Encryption.Mode, info.StorageClass, mode,
			options.StorageClass)
	}
	if diff := cmp.Diff(options.Headers, info.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	tags, err := cloud.SomebodyElse().Tags(t.Context(), ref)
	if err != nil || tags["t"] != "u" {
		t.Errorf("tags = %v, %v", tags, err)
	}
	acl, err := cloud.SomebodyElse().ACL(t.Context(), ref)
	if err != nil || acl.Canned != "public-read" {
		t.Errorf("acl = %v, %v", acl, err)
	}
	content, _, err := cloud.SomebodyElse().Content(t.Context(), ref, key, 100)
	if err != nil || string(content) != "content" {
		t.Errorf("content = %q, %v", content, err)
	}
}

// TestReencryptWithAContextAlwaysCopies: COS never reports one, so nothing shows that it is there.
func TestReencryptWithAContextAlwaysCopies(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Store("k", "content", cosapi.SSECOS{Algorithm: "AES256"})
	server := pt.NewServer(t, cloud, nil)
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "k",
		"sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": map[string]string{"a": "b"}}),
	}
	for range 2 {
		cloud.ResetJournal()
		server.MustInvoke(pt.ReencryptType, config)
		cloud.ExpectOps("HeadObject", "GetObjectACL", "PutObjectCopy")
	}
}

// TestReencryptNamesThePresentKey: with key_name the keyring is not tried, and a second run finds
// the object under its new key.
// TestReencryptByPartsShowsProgress: it can take an hour, and a log is not what people look at.
func TestReencryptByPartsShowsProgress(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{Discard: true})
	cloud.Store("k", strings.Repeat("x", 80<<20), cosapi.SSECOS{Algorithm: "AES256"})
	server := pt.NewServerIn(t, cloud, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "8388608",
	}, nil)
	messages := server.MustInvoke(pt.ReencryptType, pt.Attrs{
		"bucket": pt.Bucket, "key": "k", "sse": pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}),
	})
	if len(messages) < 10 || !strings.Contains(messages[0], " MiB of 80.0 MiB") {
		t.Fatalf("said %q, want every tenth", messages)
	}
	for i, want := range []string{"10 %", "20 %", "30 %"} {
		if !strings.Contains(messages[i], "k: "+want) {
			t.Errorf("message %d = %q, want %s", i, messages[i], want)
		}
	}
}

func TestReencryptNamesThePresentKey(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Store("k", "content", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyB)})
	server := pt.NewServer(t, cloud, pt.KeyringAttrs())
	config := pt.Attrs{
		"bucket": pt.Bucket, "key": "k", "key_name": "next",
		"sse": pt.SSEC(pt.Attrs{"key_name": "third"}),
	}
	cloud.ResetJournal()
	server.MustInvoke(pt.ReencryptType, config)
	cloud.ExpectOps("HeadObject", "GetObjectACL", "PutObjectCopy")
	if said := server.MustInvoke(pt.ReencryptType, config); !strings.Contains(said[0], "already") {
		t.Errorf("the second time it said %q", said)
	}
	if cloud.Requests("PutObjectCopy") != 0 {
		t.Error("the second run copied again")
	}
}

func TestReencryptWarnsOfEarlierVersions(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	ref := cosapi.ObjectRef{Region: pt.Region, Bucket: pt.VersionedBucket, Key: "k"}
	cloud.Place(ref, "content", cosapi.WriteOptions{Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)}})
	_, diagnostics := pt.NewServer(t, cloud, pt.KeyringAttrs()).Invoke(pt.ReencryptType, pt.Attrs{
		"bucket": pt.VersionedBucket, "key": "k", "sse": pt.SSECOS(),
	})
	if text := pt.ErrorText(diagnostics); text != "" {
		t.Fatal(text)
	}
	if text := pt.WarningText(diagnostics); !strings.Contains(text, "Keep the old key") {
		t.Errorf("warning = %q", text)
	}
}

func TestReencryptErrorsChangeNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*pt.Cloud)
		config  pt.Attrs
		want    []string
	}{
		"no object": {
			func(*pt.Cloud) {},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"Cannot read the object", "NoSuchKey"},
		},
		"no key opens it": {
			func(c *pt.Cloud) {
				c.Store("k", "x", cosapi.SSEC{Key: pt.MustKey(c.T, pt.KeyD)})
			},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"None of the provider's customer_keys"},
		},
		"archived": {
			func(c *pt.Cloud) {
				c.Place(pt.Ref("k"), "x", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
			},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"The object is archived", "Nothing was changed"},
		},
		"key not in the keyring": {
			func(c *pt.Cloud) { c.Store("k", "x", cosapi.NoEncryption{}) },
			pt.Attrs{"sse": pt.SSEC(pt.Attrs{"key_name": "lost"})},
			[]string{"lost", "customer_keys"},
		},
		"present key not in the keyring": {
			func(c *pt.Cloud) { c.Store("k", "x", cosapi.NoEncryption{}) },
			pt.Attrs{"sse": pt.SSECOS(), "key_name": "lost"},
			[]string{"lost", "customer_keys"},
		},
		"no sse": {func(*pt.Cloud) {}, pt.Attrs{}, []string{"Encryption is not chosen"}},
		"two modes": {
			func(*pt.Cloud) {},
			pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{}}, "kms": []pt.Attrs{{}}}}},
			[]string{"More than one kind of encryption"},
		},
		"other algorithm": {
			func(*pt.Cloud) {},
			pt.Attrs{"sse": []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "AES"}}}}},
			[]string{"algorithm"},
		},
		"ACL cannot be read": {
			func(c *pt.Cloud) {
				c.Store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{Op: "GetObjectACL", Status: 403, Code: "AccessDenied"})
			},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"ACL", "AccessDenied"},
		},
		"changed meanwhile": {
			func(c *pt.Cloud) {
				c.Store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{
					Op: "PutObjectCopy", Times: 2, Status: 412, Code: "PreconditionFailed",
				})
			},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"The object changed meanwhile", "Run the action again"},
		},
		"stored in plain text": {
			func(c *pt.Cloud) {
				c.Store("k", "x", cosapi.NoEncryption{})
				c.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DropEncryption: true})
			},
			pt.Attrs{"sse": pt.SSECOS()},
			[]string{"Cannot encrypt the object in another way"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			test.prepare(cloud)
			config := pt.Attrs{"bucket": pt.Bucket, "key": "k"}.With(test.config)
			messages, diagnostics := pt.NewServer(t, cloud, pt.KeyringAttrs()).Invoke(pt.ReencryptType,
				config)
			pt.ExpectError(t, pt.ErrorText(diagnostics), test.want...)
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
		config pt.Attrs
		want   []string
	}{
		"at once": {0, pt.Attrs{}, []string{"can be read until"}},
		"waiting": {
			1500 * time.Millisecond, pt.Attrs{}, []string{"Waiting for the restore", "can be read"},
		},
		"not waiting": {time.Hour, pt.Attrs{"wait": false}, []string{"COS is restoring"}},
		"with a key":  {0, pt.Attrs{"key_name": "main"}, []string{"can be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.ArchivedCloud(t, "ARCHIVE", test.delay, cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
			said := pt.NewServer(t, cloud, pt.KeyringAttrs()).
				MustInvoke(pt.RestoreType, pt.RestoreConfig(test.config))
			if len(said) == 0 || cloud.Requests("PostObjectRestore") != 1 {
				t.Fatalf("said %q after %v", said, cloud.Ops())
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
		config pt.Attrs
		want   []string
	}{
		"not archived": {"STANDARD", 0, pt.Attrs{}, []string{"Object is not archived"}},
		"tier":         {"ARCHIVE", 0, pt.Attrs{"tier": "Fast"}, []string{"tier"}},
		"days":         {"ARCHIVE", 0, pt.Attrs{"days": 0}, []string{"days"}},
		"key":          {"ARCHIVE", 0, pt.Attrs{"key_name": "lost"}, []string{"lost", "customer_keys"}},
		"too slow": {
			"ARCHIVE", time.Hour,
			pt.Attrs{"timeouts": pt.Attrs{"invoke": "2s"}},
			[]string{"Cannot wait for the restore", "COS goes on restoring"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.ArchivedCloud(t, test.class, test.delay, nil)
			_, diagnostics := pt.NewServer(t, cloud, nil).
				Invoke(pt.RestoreType, pt.RestoreConfig(test.config))
			pt.ExpectError(t, pt.ErrorText(diagnostics), test.want...)
		})
	}
}

// TestReencryptDoesNotUndoAnotherWrite: what was written between the look and the copy stays.
func TestReencryptDoesNotUndoAnotherWrite(t *testing.T) {
	t.Parallel()
	for _, bucket := range []string{pt.Bucket, pt.VersionedBucket} {
		t.Run(bucket, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			ref := cosapi.ObjectRef{Region: pt.Region, Bucket: bucket, Key: "k"}
			cloud.Place(ref, "ours", cosapi.WriteOptions{})
			server := pt.NewServer(t, cloud, nil)
			cloud.AddFaults(cosemu.Fault{Op: "PutObjectCopy", DelayMS: 2000})
			cloud.ResetJournal()
			written := make(chan struct{})
			go func() {
				defer close(written)
				for cloud.Requests("GetObjectACL") == 0 {
					time.Sleep(time.Millisecond)
				}
				cloud.Place(ref, "theirs", cosapi.WriteOptions{})
			}()
			_, diagnostics := server.Invoke(pt.ReencryptType,
				pt.Attrs{"bucket": bucket, "key": "k", "sse": pt.SSECOS()})
			<-written
			pt.ExpectError(t, pt.ErrorText(diagnostics), "The object changed meanwhile")
			content, _, err := cloud.SomebodyElse().Content(t.Context(), ref, nil, 100)
			if err != nil || string(content) != "theirs" {
				t.Errorf("content = %q, %v, want theirs", content, err)
			}
		})
	}
}
