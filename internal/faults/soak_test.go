package faults_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// soakPercent is the share of requests that break.
const soakPercent = 5

// soaked is one object of the soak: where it is, and what it is made and remade.
type soaked struct {
	bucket, key string
	configs     []pt.Attrs
	will        []stored
	object      *pt.Instance
}

func soakedObjects(n int) []*soaked {
	modes := []struct {
		sse  []pt.Attrs
		want stored
	}{
		{pt.SSECOS(), stored{mode: "SSE-COS"}},
		{pt.SSEKMS(pt.Attrs{"key_id": pt.CMK}), stored{mode: "SSE-KMS", kmsKey: pt.CMK}},
		{pt.SSEC(pt.Attrs{"key_name": "main"}), stored{mode: "SSE-C", keyMD5: md5Of(pt.KeyA)}},
		{pt.SSEC(pt.Attrs{"key_name": "next"}), stored{mode: "SSE-C", keyMD5: md5Of(pt.KeyB)}},
	}
	objects := make([]*soaked, n)
	for i := range objects {
		o := &soaked{bucket: pt.Bucket, key: fmt.Sprintf("soak/%03d", i)}
		if i%2 == 1 {
			o.bucket = pt.VersionedBucket
		}
		// Made, encrypted in another way, given another body.
		for _, change := range []struct{ mode, body int }{{i, 0}, {i + 1, 0}, {i + 1, 1}} {
			mode := modes[change.mode%len(modes)]
			body := fmt.Sprintf("object %d, body %d", i, change.body)
			o.configs = append(o.configs, pt.Attrs{
				"bucket": o.bucket, "key": o.key, "content": body, "sse": mode.sse,
			})
			want := mode.want
			want.body = []byte(body)
			o.will = append(o.will, want)
		}
		objects[i] = o
	}
	return objects
}

// TestSoak applies many objects, step by step, while a share of all requests breaks. Every run that
// fails is repeated, as a user would; in the end everything is as configured, and in the versioned
// bucket there is exactly one version per write.
func TestSoak(t *testing.T) {
	t.Parallel()
	n := 12
	if long {
		n = 300
	}
	cloud := pt.NewCloud(t, cosemu.Config{})
	objects := soakedObjects(n)
	var failures atomic.Int64
	for step := range objects[0].configs {
		for _, o := range objects {
			if o.object != nil {
				pt.Must(t, cloud.AgeObject(o.bucket, o.key, clockAge))
			}
		}
		pt.Must(t, cloud.SetChaos(cosemu.Chaos{Percent: soakPercent, Seed: uint64(step) + 1}))
		left := objects
		for run := 0; len(left) > 0; run++ {
			if run == 20 {
				t.Fatalf("step %d: %d objects do not converge", step, len(left))
			}
			s := pt.NewServerIn(t, cloud, map[string]string{"TF_COS_CHECKPOINT_DIR": t.TempDir()},
				pt.KeyringAttrs().With(pt.Attrs{"max_retries": 2}))
			failed := make([]bool, len(left))
			indices := make([]int, len(left))
			for i := range indices {
				indices[i] = i
			}
			pt.AtATime(10, indices, func(i int) { failed[i] = !left[i].apply(s, step) })
			var again []*soaked
			for i, o := range left {
				if failed[i] {
					again = append(again, o)
					failures.Add(1)
				}
			}
			left = again
		}
	}
	pt.Must(t, cloud.SetChaos(cosemu.Chaos{}))
	t.Logf("%d objects in %d steps: %d applies failed and were repeated",
		n, len(objects[0].configs), failures.Load())
	s := pt.NewServer(t, cloud, pt.KeyringAttrs())
	for _, o := range objects {
		o.check(t, cloud, s)
	}
	uploads, err := cloud.SomebodyElse().ListUploads(t.Context(), pt.Region, pt.Bucket, "")
	if err != nil || len(uploads) > 0 {
		t.Errorf("uploads left behind: %v, %v", uploads, err)
	}
}

// clockAge is more than the tolerance for times in whole seconds.
const clockAge = time.Minute

// apply is one run of one object. It reports success.
func (o *soaked) apply(s *pt.Server, step int) bool {
	if o.object == nil {
		o.object = s.Object()
	}
	o.object = o.object.On(s)
	if !o.object.State.IsNull() {
		if pt.ErrorText(o.object.Refresh()) != "" {
			return false
		}
	}
	_, diagnostics := o.object.Apply(o.configs[step])
	return pt.ErrorText(diagnostics) == ""
}

// check compares an object with its last configuration, and counts its versions.
func (o *soaked) check(t *testing.T, cloud *pt.Cloud, s *pt.Server) {
	t.Helper()
	last := len(o.configs) - 1
	if got, there := cloud.Inspect(o.bucket, o.key); !there || !o.will[last].is(got) {
		t.Errorf("%s in the end: %+v", o.key, got)
	}
	o.object = o.object.On(s)
	o.object.MustBeClean(o.configs[last])
	if o.bucket != pt.VersionedBucket {
		return
	}
	page, err := cloud.SomebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
		Region: pt.Region, Bucket: o.bucket, Prefix: o.key,
	})
	pt.Must(t, err)
	if len(page.Versions) != len(o.configs) {
		t.Errorf("%s has %d versions of %d writes: %v",
			o.key, len(page.Versions), len(o.configs), page.Versions)
	}
}
