package object_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

func TestListRefreshOfManyObjectsIsFewRequests(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	sse := [][]pt.Attrs{
		pt.SSECOS(), pt.SSEKMS(pt.Attrs{}), pt.SSEC(pt.Attrs{"key_name": "main"}),
		pt.SSEC(pt.Attrs{"key_wo": pt.KeyD, "key_wo_version": 1}),
	}
	var configs []pt.Attrs
	for i := range 60 {
		configs = append(configs, pt.ContentObject(fmt.Sprintf("many/%03d", i), sse[i%len(sse)]))
	}
	objects := pt.Settled(t, cloud, configs)
	var group sync.WaitGroup
	for _, object := range objects {
		group.Go(func() {
			before := object.State
			if text := pt.ErrorText(object.Refresh()); text != "" || !object.State.Equal(before) {
				t.Errorf("refresh: %s %s", text, pt.Differences(before, object.State))
			}
		})
	}
	group.Wait()
	if n := len(cloud.Journal()); n > 3 || cloud.Requests("GetBucket") != n {
		t.Errorf("requests = %v, want at most 3 listings", cloud.Ops())
	}
}

func TestListRefreshFindsWhatHeadFinds(t *testing.T) {
	t.Parallel()
	config := pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{"content_type": "text/plain"})
	for name, test := range map[string]struct {
		drift func(*pt.Cloud)
		shown pt.Attrs
		want  []string
	}{
		"nothing": {func(*pt.Cloud) {}, pt.Attrs{}, []string{"GetBucket"}},
		"encryption taken off": {
			func(c *pt.Cloud) { c.StripEncryption("a") },
			pt.Attrs{"encryption.mode": "NONE"},
			[]string{"GetBucket", "HeadObject"},
		},
		"bytes": {
			func(c *pt.Cloud) { c.Upload("a", "theirs!", cosapi.SSECOS{Algorithm: "AES256"}) },
			pt.Attrs{"crc64ecma": cosapi.CRC64([]byte("theirs!"))},
			[]string{"GetBucket", "HeadObject"},
		},
		"storage class": {
			func(c *pt.Cloud) {
				pt.Must(c.T, c.SetObjectStorageClass(pt.Bucket, "a", "ARCHIVE"))
			},
			pt.Attrs{"storage_class": "ARCHIVE"},
			[]string{"GetBucket", "HeadObject"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := pt.NewCloud(t, cosemu.Config{})
			object := pt.Settled(t, cloud, []pt.Attrs{config})[0]
			test.drift(cloud)
			cloud.ResetJournal()
			object.MustRefresh()
			cloud.ExpectOps(test.want...)
			object.Expect(test.shown)
		})
	}
}

func TestListRefreshConfirmsADeletion(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.Settled(t, cloud, []pt.Attrs{pt.ContentObject("a", pt.SSECOS())})[0]
	_, err := cloud.SomebodyElse().Delete(t.Context(), pt.Ref("a"))
	pt.Must(t, err)
	cloud.ResetJournal()
	object.MustRefresh()
	cloud.ExpectOps("GetBucket", "HeadObject", "GetObject")
	if !object.State.IsNull() {
		t.Error("the object is still in the state")
	}
}

// TestListRefreshUnderLaggingListings: a listing that does not know of a write yet is not drift.
func TestListRefreshUnderLaggingListings(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{ListLag: time.Hour})
	object := pt.NewServer(t, cloud, pt.ListAttrs()).Object()
	config := pt.ContentObject("a", pt.SSECOS())
	object.MustApply(config)
	for range 2 {
		object = object.On(pt.NewServer(t, cloud, pt.ListAttrs()))
		object.MustBeClean(config)
	}
}

func TestListRefreshStillReadsManagedTagsAndACL(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.Settled(t, cloud, []pt.Attrs{pt.ContentObject("a", pt.SSECOS()).With(pt.Attrs{
		"tags": map[string]string{"a": "b"}, "acl": "private",
	})})[0]
	pt.Must(t, cloud.SomebodyElse().PutTags(t.Context(), pt.Ref("a"), map[string]string{"a": "c"}))
	cloud.ResetJournal()
	object.MustRefresh()
	cloud.ExpectOps("GetBucket", "GetObjectTagging", "GetObjectACL")
	object.Expect(pt.Attrs{"tags.a": "c"})
}

func TestListRefreshWithoutPermissionFallsBackToHead(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := pt.Settled(t, cloud, []pt.Attrs{pt.ContentObject("a", pt.SSECOS())})[0]
	cloud.AddFaults(cosemu.Fault{Op: "GetBucket", Status: 403, Code: "AccessDenied"})
	object.MustRefresh()
	cloud.ExpectOps("GetBucket", "HeadObject")
}

// TestListRefreshGoesByTheClockOfCOS: a clock here that is ahead does not make a fresh object old.
func TestListRefreshGoesByTheClockOfCOS(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{
		Now: func() time.Time { return time.Now().Add(-time.Minute) },
	})
	object := pt.NewServer(t, cloud, pt.ListAttrs()).Object()
	object.MustApply(pt.ContentObject("a", pt.SSECOS()))
	object = object.On(pt.NewServer(t, cloud, pt.ListAttrs()))
	object.MustRefresh()
	object = object.On(pt.NewServer(t, cloud, pt.ListAttrs()))
	cloud.ResetJournal()
	object.MustRefresh()
	cloud.ExpectOps("HeadObject")
}
