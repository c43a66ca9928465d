package provider_test

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
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/object"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
	"github.com/encrypted-cos/terraform-provider-cos/internal/provider/value"
)

// countedServer counts the reads that reach the framework.
type countedServer struct {
	provider.FrameworkServer
	reads int
}

func (s *countedServer) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	s.reads++
	return s.FrameworkServer.ReadResource(ctx, req)
}

// countFramework puts a counter between the shortcut and the framework.
func countFramework(s *pt.Server) *countedServer {
	counted := &countedServer{}
	provider.WrapFramework(s.Provider,
		func(framework provider.FrameworkServer) provider.FrameworkServer {
			counted.FrameworkServer = framework
			return counted
		})
	return counted
}

// oldFile is a file that was last changed an hour ago.
func oldFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	pt.Must(t, os.WriteFile(name, []byte(content), 0o600))
	past := time.Now().Add(-time.Hour)
	pt.Must(t, os.Chtimes(name, past, past))
	return name
}

// TestShortcutAnswersAsTheFrameworkDoes compares the answer to an unchanged object's refresh with
// the one that the framework gives to the same request.
func TestShortcutAnswersAsTheFrameworkDoes(t *testing.T) {
	t.Parallel()
	object := pt.ContentObject("a", pt.SSECOS())
	for name, config := range map[string]pt.Attrs{
		"SSE-COS":        object,
		"SSE-KMS":        pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})),
		"keyring":        pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_name": "main"})),
		"write-only key": pt.ContentObject("a", pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1})),
		"secret body": pt.ContentObject("a", pt.SSEKMS(pt.Attrs{})).With(pt.Attrs{
			"content": nil, "content_wo": "secret", "content_wo_version": 1,
		}),
		"headers":         object.With(pt.Attrs{"metadata": map[string]string{"a": "b"}}),
		"storage class":   object.With(pt.Attrs{"storage_class": "STANDARD_IA"}),
		"file":            object.With(pt.Attrs{"content": nil, "source": oldFile(t, "file")}),
		"timeouts":        object.With(pt.Attrs{"timeouts": pt.Attrs{"read": "1m"}}),
		"versioned":       object.With(pt.Attrs{"bucket": pt.VersionedBucket}),
		"deletion policy": object.With(pt.Attrs{"deletion_policy": "abandon"}),
		"region spelt":    object.With(pt.Attrs{"region": pt.Region}),
		"key in a folder": pt.ContentObject("a/b/ü", pt.SSECOS()),
	} {
		for _, identity := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, identity %t", name, identity), func(t *testing.T) {
				t.Parallel()
				cloud := pt.NewCloud(t, cosemu.Config{})
				object := pt.Settled(t, cloud, []pt.Attrs{config})[0]
				if !identity {
					object.Identity = nil
				}
				expectSameAnswer(t, object)
				cloud.ExpectOps("GetBucket")
			})
		}
	}
}

func expectSameAnswer(t *testing.T, object *pt.Instance) {
	t.Helper()
	counted := countFramework(object.Server)
	byFramework := *object
	byFramework.Server = &pt.Server{
		T: t, Schemas: object.Schemas, Provider: listedServer{counted.FrameworkServer},
	}
	object.MustRefresh()
	if counted.reads != 0 {
		t.Error("the framework was asked")
	}
	byFramework.MustRefresh()
	if !object.State.Equal(byFramework.State) {
		t.Errorf("state: %s", pt.Differences(byFramework.State, object.State))
	}
	if got, want := baselineOf(t, object), baselineOf(t, &byFramework); got != want {
		t.Errorf("private state = %s, want %s", got, want)
	}
	if got, want := pt.IdentityText(t, object), pt.IdentityText(t, &byFramework); got != want {
		t.Errorf("identity = %s, want %s", got, want)
	}
}

// listedServer tells the framework that a listing has shown the object unchanged.
type listedServer struct{ provider.FrameworkServer }

func (s listedServer) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return s.FrameworkServer.ReadResource(object.WithListedUnchanged(ctx), req)
}

// baselineOf is private state as JSON with its members sorted.
func baselineOf(t *testing.T, object *pt.Instance) string {
	t.Helper()
	var private map[string][]byte
	pt.Must(t, json.Unmarshal(object.Private, &private))
	text := ""
	for name, value := range private {
		var members map[string]any
		pt.Must(t, json.Unmarshal(value, &members))
		sorted, err := json.Marshal(members)
		pt.Must(t, err)
		text += name + string(sorted)
	}
	return text
}

// TestShortcutLeavesTheRestToTheFramework: each object has something that only a full refresh can
// find or note.
func TestShortcutLeavesTheRestToTheFramework(t *testing.T) {
	t.Parallel()
	file := oldFile(t, "file")
	for name, test := range map[string]struct {
		config pt.Attrs
		change func(*pt.Cloud, *pt.Instance)
		want   []string
		// again: the next run cannot take the shortcut either.
		again bool
	}{
		"tags": {
			pt.Attrs{"tags": map[string]string{"a": "b"}},
			func(*pt.Cloud, *pt.Instance) {},
			[]string{"GetBucket", "GetObjectTagging"},
			true,
		},
		"acl": {
			pt.Attrs{"acl": "private"},
			func(*pt.Cloud, *pt.Instance) {},
			[]string{"GetBucket", "GetObjectACL"},
			true,
		},
		"file touched": {
			pt.Attrs{"content": nil, "source": file},
			func(*pt.Cloud, *pt.Instance) {
				pt.Must(t, os.WriteFile(file, []byte("other"), 0o600))
				past := time.Now().Add(-time.Minute)
				pt.Must(t, os.Chtimes(file, past, past))
			},
			[]string{"GetBucket"},
			false,
		},
		"file no longer configured": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				pt.ChangeBaseline(t, o, "file", map[string]any{"size": 1})
			},
			[]string{"GetBucket"},
			false,
		},
		"endpoint": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				pt.ChangeBaseline(t, o, "endpoint", "https://other")
			},
			[]string{"GetBucket"},
			false,
		},
		"keyring": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				pt.ChangeBaseline(t, o, "keyring_md5s", map[string]any{})
			},
			[]string{"GetBucket"},
			false,
		},
		"refreshed seconds after the write": {
			pt.Attrs{},
			func(c *pt.Cloud, o *pt.Instance) {
				seen := c.Head(pt.Ref("a"), nil).LastModified
				pt.ChangeBaseline(t, o, "head_at", value.FormatTime(seen.Add(4*time.Second)))
			},
			[]string{"HeadObject"},
			false,
		},
		"not read since a listing showed another": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				pt.ChangeBaseline(t, o, "unread", true)
			},
			[]string{"HeadObject"},
			false,
		},
		"never seen": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				pt.ChangeBaseline(t, o, "last_modified", "")
			},
			[]string{"HeadObject"},
			false,
		},
		"private state lost": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) { o.Private = nil },
			[]string{"HeadObject"},
			false,
		},
		"archived": {
			pt.Attrs{"storage_class": "ARCHIVE"},
			func(*pt.Cloud, *pt.Instance) {},
			[]string{"HeadObject"},
			true,
		},
		"more in private state": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				o.Private = append([]byte(`{".import_before_read":"dHJ1ZQ==",`), o.Private[1:]...)
			},
			[]string{"GetBucket"},
			false,
		},
		"written by this process": {
			pt.Attrs{},
			func(_ *pt.Cloud, o *pt.Instance) {
				provider.DataOf(o.Provider).Written.Claim(pt.Ref("a"))
			},
			[]string{"HeadObject"},
			false,
		},
		"imported": {
			pt.Attrs{},
			func(c *pt.Cloud, o *pt.Instance) {
				*o = *o.Object()
				o.ImportID(pt.Bucket + "/a")
				c.ResetJournal()
				pt.ChangeBaseline(t, o, "head_at", "")
			},
			[]string{"HeadObject"},
			false,
		},
		"changed": {
			pt.Attrs{},
			func(c *pt.Cloud, _ *pt.Instance) {
				c.Upload("a", "other", cosapi.SSECOS{Algorithm: "AES256"})
			},
			[]string{"GetBucket", "HeadObject"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			config := pt.ContentObject("a", pt.SSECOS()).With(test.config)
			object := pt.Settled(t, cloud, []pt.Attrs{config})[0]
			test.change(cloud, object)
			cloud.ResetJournal()
			counted := countFramework(object.Server)
			object.MustRefresh()
			cloud.ExpectOps(test.want...)
			if counted.reads != 1 {
				t.Errorf("the framework was asked %d times, want once", counted.reads)
			}
			object = object.On(pt.NewServer(t, cloud, pt.ListAttrs()))
			counted = countFramework(object.Server)
			object.MustRefresh()
			if again := counted.reads == 1; again != test.again {
				t.Errorf("the framework was asked again: %t, want %t", again, test.again)
			}
		})
	}
}

// TestShortcutWaitsForTheListingWithinTheTimeout: the deadline of a read is that of its listing.
func TestShortcutWaitsForTheListingWithinTheTimeout(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"timeouts": pt.Attrs{"read": "2s"}})
	object := pt.Settled(t, cloud, []pt.Attrs{config})[0]
	cloud.AddFaults(cosemu.Fault{Op: "GetBucket", DelayMS: 60_000})
	object.MustRefresh()
	if n := cloud.Requests("HeadObject"); n != 1 {
		t.Errorf("%d HEADs, want one in place of the listing that did not come", n)
	}
}

// TestShortcutLeavesDeferralToTheFramework: with part of the configuration unknown, every answer
// is a deferral.
func TestShortcutLeavesDeferralToTheFramework(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.Settled(t, cloud, []pt.Attrs{pt.ContentObject("a", pt.SSECOS())})[0]
	unconfigured := pt.NewUnconfiguredServer(t)
	unconfigured.ConfigureDeferrable(
		cloud.ProviderAttrs().With(pt.ListAttrs()).With(pt.Attrs{"region": pt.Unknown}))
	response, err := unconfigured.Provider.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: object.TypeName, CurrentState: object.Dynamic(object.State),
		Private: object.Private,
	})
	pt.Must(t, err)
	if response.Deferred == nil || len(cloud.Journal()) != 0 {
		t.Errorf("deferred: %v after %v, want a deferral and no request",
			response.Deferred, cloud.Ops())
	}
}

// TestShortcutLogsNoSecret: what a failed listing answers may repeat what it was asked with.
func TestShortcutLogsNoSecret(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.Settled(t, cloud, []pt.Attrs{pt.ContentObject("a", pt.SSECOS())})[0]
	secret := cosemu.DocumentedCredential().SecretKey
	cloud.AddFaults(cosemu.Fault{
		Op: "GetBucket", Status: 403, Code: "Not" + secret,
	})
	var log bytes.Buffer
	_, err := object.Provider.ReadResource(tflogtest.RootLogger(t.Context(), &log),
		&tfprotov6.ReadResourceRequest{
			TypeName: object.TypeName, CurrentState: object.Dynamic(object.State),
			Private: object.Private,
		})
	pt.Must(t, err)
	if !strings.Contains(log.String(), "Cannot list the bucket") ||
		strings.Contains(log.String(), secret) {
		t.Errorf("log:\n%s", log.String())
	}
}
