package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// countedServer counts the reads that reach the framework.
type countedServer struct {
	FrameworkServer
	reads int
}

func (s *countedServer) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	s.reads++
	return s.FrameworkServer.ReadResource(ctx, req)
}

// countFramework puts a counter between the shortcut and the framework.
func countFramework(s *protocolServer) *countedServer {
	counted := &countedServer{}
	WrapFramework(s.server, func(framework FrameworkServer) FrameworkServer {
		counted.FrameworkServer = framework
		return counted
	})
	return counted
}

// oldFile is a file that was last changed an hour ago.
func oldFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, []byte(content), 0o600))
	past := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(name, past, past))
	return name
}

// TestShortcutAnswersAsTheFrameworkDoes compares the answer to an unchanged object's refresh with
// the one that the framework gives to the same request.
func TestShortcutAnswersAsTheFrameworkDoes(t *testing.T) {
	t.Parallel()
	object := contentObject("a", sseCOS())
	for name, config := range map[string]attrs{
		"SSE-COS":        object,
		"SSE-KMS":        contentObject("a", sseKMS(attrs{})),
		"keyring":        contentObject("a", sseC(attrs{"key_name": "main"})),
		"write-only key": contentObject("a", sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1})),
		"secret body": contentObject("a", sseKMS(attrs{})).with(attrs{
			"content": nil, "content_wo": "secret", "content_wo_version": 1,
		}),
		"headers":         object.with(attrs{"metadata": map[string]string{"a": "b"}}),
		"storage class":   object.with(attrs{"storage_class": "STANDARD_IA"}),
		"file":            object.with(attrs{"content": nil, "source": oldFile(t, "file")}),
		"timeouts":        object.with(attrs{"timeouts": attrs{"read": "1m"}}),
		"versioned":       object.with(attrs{"bucket": testVersionedBucket}),
		"deletion policy": object.with(attrs{"deletion_policy": "abandon"}),
		"region spelt":    object.with(attrs{"region": testRegion}),
		"key in a folder": contentObject("a/b/ü", sseCOS()),
	} {
		for _, identity := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, identity %t", name, identity), func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t, cosemu.Config{})
				object := settled(t, cloud, []attrs{config})[0]
				if !identity {
					object.identity = nil
				}
				expectSameAnswer(t, object)
				cloud.expectOps("GetBucket")
			})
		}
	}
}

func expectSameAnswer(t *testing.T, object *coreResource) {
	t.Helper()
	counted := countFramework(object.protocolServer)
	byFramework := *object
	byFramework.protocolServer = &protocolServer{
		t: t, schemas: object.schemas, server: listedServer{counted.FrameworkServer},
	}
	object.mustRefresh()
	if counted.reads != 0 {
		t.Error("the framework was asked")
	}
	byFramework.mustRefresh()
	if !object.state.Equal(byFramework.state) {
		t.Errorf("state: %s", differences(byFramework.state, object.state))
	}
	if got, want := baselineOf(t, object), baselineOf(t, &byFramework); got != want {
		t.Errorf("private state = %s, want %s", got, want)
	}
	if got, want := identityText(t, object), identityText(t, &byFramework); got != want {
		t.Errorf("identity = %s, want %s", got, want)
	}
}

// listedServer tells the framework that a listing has shown the object unchanged.
type listedServer struct{ FrameworkServer }

func (s listedServer) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return s.FrameworkServer.ReadResource(withListedUnchanged(ctx), req)
}

// baselineOf is private state as JSON with its members sorted.
func baselineOf(t *testing.T, object *coreResource) string {
	t.Helper()
	var private map[string][]byte
	must(t, json.Unmarshal(object.private, &private))
	text := ""
	for name, value := range private {
		var members map[string]any
		must(t, json.Unmarshal(value, &members))
		sorted, err := json.Marshal(members)
		must(t, err)
		text += name + string(sorted)
	}
	return text
}

func identityText(t *testing.T, object *coreResource) string {
	t.Helper()
	if object.identity == nil {
		return "none"
	}
	typ := object.identitySchema().ValueType()
	value, err := object.identity.IdentityData.Unmarshal(typ)
	must(t, err)
	return value.String()
}

// identitySchema is the identity of cos_encrypted_object.
func (s *protocolServer) identitySchema() *tfprotov6.ResourceIdentitySchema {
	s.t.Helper()
	schemas, err := s.server.GetResourceIdentitySchemas(s.t.Context(),
		&tfprotov6.GetResourceIdentitySchemasRequest{})
	must(s.t, err)
	return schemas.IdentitySchemas[encryptedObjectTypeName]
}

// changeBaseline changes one member of the private state's baseline.
func changeBaseline(t *testing.T, object *coreResource, member string, value any) {
	t.Helper()
	var private map[string][]byte
	must(t, json.Unmarshal(object.private, &private))
	var known map[string]any
	must(t, json.Unmarshal(private[baselineKey], &known))
	known[member] = value
	var err error
	private[baselineKey], err = json.Marshal(known)
	must(t, err)
	object.private, err = json.Marshal(private)
	must(t, err)
}

// TestShortcutLeavesTheRestToTheFramework: each object has something that only a full refresh can
// find or note.
func TestShortcutLeavesTheRestToTheFramework(t *testing.T) {
	t.Parallel()
	file := oldFile(t, "file")
	for name, test := range map[string]struct {
		config attrs
		change func(*cloud, *coreResource)
		want   []string
		// again: the next run cannot take the shortcut either.
		again bool
	}{
		"tags": {
			attrs{"tags": map[string]string{"a": "b"}},
			func(*cloud, *coreResource) {},
			[]string{"GetBucket", "GetObjectTagging"},
			true,
		},
		"acl": {
			attrs{"acl": "private"},
			func(*cloud, *coreResource) {},
			[]string{"GetBucket", "GetObjectACL"},
			true,
		},
		"file touched": {
			attrs{"content": nil, "source": file},
			func(*cloud, *coreResource) {
				must(t, os.WriteFile(file, []byte("other"), 0o600))
				past := time.Now().Add(-time.Minute)
				must(t, os.Chtimes(file, past, past))
			},
			[]string{"GetBucket"},
			false,
		},
		"file no longer configured": {
			attrs{},
			func(_ *cloud, o *coreResource) { changeBaseline(t, o, "file", map[string]any{"size": 1}) },
			[]string{"GetBucket"},
			false,
		},
		"endpoint": {
			attrs{},
			func(_ *cloud, o *coreResource) { changeBaseline(t, o, "endpoint", "https://other") },
			[]string{"GetBucket"},
			false,
		},
		"keyring": {
			attrs{},
			func(_ *cloud, o *coreResource) { changeBaseline(t, o, "keyring_md5s", map[string]any{}) },
			[]string{"GetBucket"},
			false,
		},
		"refreshed seconds after the write": {
			attrs{},
			func(c *cloud, o *coreResource) {
				seen := c.head(testRef("a"), nil).LastModified
				changeBaseline(t, o, "head_at", formatTime(seen.Add(4*time.Second)))
			},
			[]string{"HeadObject"},
			false,
		},
		"not read since a listing showed another": {
			attrs{},
			func(_ *cloud, o *coreResource) { changeBaseline(t, o, "unread", true) },
			[]string{"HeadObject"},
			false,
		},
		"never seen": {
			attrs{},
			func(_ *cloud, o *coreResource) { changeBaseline(t, o, "last_modified", "") },
			[]string{"HeadObject"},
			false,
		},
		"private state lost": {
			attrs{},
			func(_ *cloud, o *coreResource) { o.private = nil },
			[]string{"HeadObject"},
			false,
		},
		"archived": {
			attrs{"storage_class": "ARCHIVE"},
			func(*cloud, *coreResource) {},
			[]string{"HeadObject"},
			true,
		},
		"more in private state": {
			attrs{},
			func(_ *cloud, o *coreResource) {
				o.private = append([]byte(`{".import_before_read":"dHJ1ZQ==",`), o.private[1:]...)
			},
			[]string{"GetBucket"},
			false,
		},
		"written by this process": {
			attrs{},
			func(_ *cloud, o *coreResource) {
				DataOf(o.server).written.claim(testRef("a"))
			},
			[]string{"HeadObject"},
			false,
		},
		"imported": {
			attrs{},
			func(c *cloud, o *coreResource) {
				*o = *o.object()
				o.importID(testBucket + "/a")
				c.ResetJournal()
				changeBaseline(t, o, "head_at", "")
			},
			[]string{"HeadObject"},
			false,
		},
		"changed": {
			attrs{},
			func(c *cloud, _ *coreResource) {
				c.upload("a", "other", cosapi.SSECOS{Algorithm: "AES256"})
			},
			[]string{"GetBucket", "HeadObject"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			config := contentObject("a", sseCOS()).with(test.config)
			object := settled(t, cloud, []attrs{config})[0]
			test.change(cloud, object)
			cloud.ResetJournal()
			counted := countFramework(object.protocolServer)
			object.mustRefresh()
			cloud.expectOps(test.want...)
			if counted.reads != 1 {
				t.Errorf("the framework was asked %d times, want once", counted.reads)
			}
			object = object.on(newServer(t, cloud, listAttrs()))
			counted = countFramework(object.protocolServer)
			object.mustRefresh()
			if again := counted.reads == 1; again != test.again {
				t.Errorf("the framework was asked again: %t, want %t", again, test.again)
			}
		})
	}
}

// TestShortcutWaitsForTheListingWithinTheTimeout: the deadline of a read is that of its listing.
func TestShortcutWaitsForTheListingWithinTheTimeout(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	config := contentObject("a", sseCOS()).with(attrs{"timeouts": attrs{"read": "2s"}})
	object := settled(t, cloud, []attrs{config})[0]
	cloud.AddFaults(cosemu.Fault{Op: "GetBucket", DelayMS: 60_000})
	object.mustRefresh()
	if n := cloud.Requests("HeadObject"); n != 1 {
		t.Errorf("%d HEADs, want one in place of the listing that did not come", n)
	}
}

// TestShortcutLeavesDeferralToTheFramework: with part of the configuration unknown, every answer
// is a deferral.
func TestShortcutLeavesDeferralToTheFramework(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := settled(t, cloud, []attrs{contentObject("a", sseCOS())})[0]
	unconfigured := newUnconfiguredServer(t)
	unconfigured.configureDeferrable(
		cloud.providerAttrs().with(listAttrs()).with(attrs{"region": unknownValue}))
	response, err := unconfigured.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: object.typeName, CurrentState: object.dynamic(object.state),
		Private: object.private,
	})
	must(t, err)
	if response.Deferred == nil || len(cloud.Journal()) != 0 {
		t.Errorf("deferred: %v after %v, want a deferral and no request",
			response.Deferred, cloud.ops())
	}
}

// TestShortcutLogsNoSecret: what a failed listing answers may repeat what it was asked with.
func TestShortcutLogsNoSecret(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := settled(t, cloud, []attrs{contentObject("a", sseCOS())})[0]
	secret := cosemu.DocumentedCredential().SecretKey
	cloud.AddFaults(cosemu.Fault{
		Op: "GetBucket", Status: 403, Code: "Not" + secret,
	})
	var log bytes.Buffer
	_, err := object.server.ReadResource(tflogtest.RootLogger(t.Context(), &log),
		&tfprotov6.ReadResourceRequest{
			TypeName: object.typeName, CurrentState: object.dynamic(object.state),
			Private: object.private,
		})
	must(t, err)
	if !strings.Contains(log.String(), "Cannot list the bucket") ||
		strings.Contains(log.String(), secret) {
		t.Errorf("log:\n%s", log.String())
	}
}
