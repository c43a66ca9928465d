package provider

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// listAttrs choose refresh_mode "list".
func listAttrs() attrs { return keyringAttrs().with(attrs{"refresh_mode": "list"}) }

// settled creates objects and refreshes them long after they were written, as a run on another
// day does.
func settled(t *testing.T, c *cloud, configs []attrs) []*coreResource {
	t.Helper()
	server := newServer(t, c, listAttrs())
	objects := make([]*coreResource, len(configs))
	for i, config := range configs {
		objects[i] = server.object()
		objects[i].mustApply(config)
		must(t, c.AgeObject(config["bucket"].(string), config["key"].(string), time.Hour))
	}
	later := newServer(t, c, listAttrs())
	for i := range objects {
		objects[i] = objects[i].on(later)
		objects[i].mustRefresh()
	}
	next := newServer(t, c, listAttrs())
	for i := range objects {
		objects[i] = objects[i].on(next)
	}
	c.ResetJournal()
	return objects
}

func TestListRefreshOfManyObjectsIsFewRequests(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	sse := [][]attrs{
		sseCOS(), sseKMS(attrs{}), sseC(attrs{"key_name": "main"}),
		sseC(attrs{"key_wo": testKeyD, "key_wo_version": 1}),
	}
	var configs []attrs
	for i := range 60 {
		configs = append(configs, contentObject(fmt.Sprintf("many/%03d", i), sse[i%len(sse)]))
	}
	objects := settled(t, cloud, configs)
	var group sync.WaitGroup
	for _, object := range objects {
		group.Go(func() {
			before := object.state
			if text := errorText(object.refresh()); text != "" || !object.state.Equal(before) {
				t.Errorf("refresh: %s %s", text, differences(before, object.state))
			}
		})
	}
	group.Wait()
	if n := len(cloud.Journal()); n > 3 || cloud.Requests("GetBucket") != n {
		t.Errorf("requests = %v, want at most 3 listings", cloud.ops())
	}
}

func TestListRefreshFindsWhatHeadFinds(t *testing.T) {
	t.Parallel()
	config := contentObject("a", sseCOS()).with(attrs{"content_type": "text/plain"})
	for name, test := range map[string]struct {
		drift func(*cloud)
		shown attrs
		want  []string
	}{
		"nothing": {func(*cloud) {}, attrs{}, []string{"GetBucket"}},
		"encryption taken off": {
			func(c *cloud) { c.stripEncryption("a") },
			attrs{"encryption.mode": "NONE"},
			[]string{"GetBucket", "HeadObject"},
		},
		"bytes": {
			func(c *cloud) { c.upload("a", "theirs!", cosapi.SSECOS{Algorithm: "AES256"}) },
			attrs{"crc64ecma": cosapi.CRC64([]byte("theirs!"))},
			[]string{"GetBucket", "HeadObject"},
		},
		"storage class": {
			func(c *cloud) { must(c.t, c.SetObjectStorageClass(testBucket, "a", "ARCHIVE")) },
			attrs{"storage_class": "ARCHIVE"},
			[]string{"GetBucket", "HeadObject"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, cosemu.Config{})
			object := settled(t, cloud, []attrs{config})[0]
			test.drift(cloud)
			cloud.ResetJournal()
			object.mustRefresh()
			cloud.expectOps(test.want...)
			object.expect(test.shown)
		})
	}
}

func TestListRefreshConfirmsADeletion(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := settled(t, cloud, []attrs{contentObject("a", sseCOS())})[0]
	_, err := cloud.somebodyElse().Delete(t.Context(), testRef("a"))
	must(t, err)
	cloud.ResetJournal()
	object.mustRefresh()
	cloud.expectOps("GetBucket", "HeadObject", "GetObject")
	if !object.state.IsNull() {
		t.Error("the object is still in the state")
	}
}

// TestListRefreshUnderLaggingListings: a listing that does not know of a write yet is not drift.
func TestListRefreshUnderLaggingListings(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{ListLag: time.Hour})
	object := newServer(t, cloud, listAttrs()).object()
	config := contentObject("a", sseCOS())
	object.mustApply(config)
	for range 2 {
		object = object.on(newServer(t, cloud, listAttrs()))
		object.mustBeClean(config)
	}
}

func TestListRefreshStillReadsManagedTagsAndACL(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := settled(t, cloud, []attrs{contentObject("a", sseCOS()).with(attrs{
		"tags": map[string]string{"a": "b"}, "acl": "private",
	})})[0]
	must(t, cloud.somebodyElse().PutTags(t.Context(), testRef("a"), map[string]string{"a": "c"}))
	cloud.ResetJournal()
	object.mustRefresh()
	cloud.expectOps("GetBucket", "GetObjectTagging", "GetObjectACL")
	object.expect(attrs{"tags.a": "c"})
}

func TestListRefreshWithoutPermissionFallsBackToHead(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	object := settled(t, cloud, []attrs{contentObject("a", sseCOS())})[0]
	cloud.AddFaults(cosemu.Fault{Op: "GetBucket", Status: 403, Code: "AccessDenied"})
	object.mustRefresh()
	cloud.expectOps("GetBucket", "HeadObject")
}

// TestListRefreshGoesByTheClockOfCOS: a clock here that is ahead does not make a fresh object old.
func TestListRefreshGoesByTheClockOfCOS(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{
		Now: func() time.Time { return time.Now().Add(-time.Minute) },
	})
	object := newServer(t, cloud, listAttrs()).object()
	object.mustApply(contentObject("a", sseCOS()))
	object = object.on(newServer(t, cloud, listAttrs()))
	object.mustRefresh()
	object = object.on(newServer(t, cloud, listAttrs()))
	cloud.ResetJournal()
	object.mustRefresh()
	cloud.expectOps("HeadObject")
}
