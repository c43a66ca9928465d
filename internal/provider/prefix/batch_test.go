package prefix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const batchRole = "qcs::cam::uin/" + cosemu.DefaultUIN + ":roleName/COS_Batch_QcsRole"

// batchCloud is a cloud with n plain objects that are old, and one that jobs cannot have.
func batchCloud(t testing.TB, n int, config cosemu.BatchConfig) *pt.Cloud {
	t.Helper()
	c := newCloud(t, 0, func(all *cosemu.Config) { all.Batch = config })
	for i := range n {
		c.Place(pt.Ref(fmt.Sprintf("data/%02d", i)), "plain", cosapi.WriteOptions{})
	}
	c.Place(pt.Ref("data/tiered"), "plain", cosapi.WriteOptions{StorageClass: "INTELLIGENT_TIERING"})
	for i := range n {
		settle(t, c, fmt.Sprintf("data/%02d", i))
	}
	settle(t, c, "data/tiered")
	return c
}

// byBatch is whole with jobs.
func byBatch(c *pt.Cloud, engine string, change pt.Attrs) pt.Attrs {
	block := pt.Attrs{
		"role_arn": batchRole, "min_objects": 4, "max_objects_per_job": 3, "poll_interval": "1ms",
		"control_endpoint": c.ControlEndpointTemplate(),
	}
	return whole().With(pt.Attrs{"engine": engine, "batch": []pt.Attrs{block.With(change)}})
}

func TestBatchRewritesWhatThePlanShows(t *testing.T) {
	t.Parallel()
	c := batchCloud(t, 7, cosemu.BatchConfig{})
	config := byBatch(c, "auto", nil)
	r := created(t, c, config)
	r.Expect(pt.Attrs{
		"violations": 8, "pending.by_engine.batch": 7, "pending.by_engine.direct": 1,
		"pending.objects": 8, "excluded": 0,
	})
	if jobs := c.BatchJobs(); len(jobs) > 0 {
		t.Fatalf("creation made jobs: %v", jobs)
	}
	r.MustRefresh()
	change := r.MustApply(config)
	if !strings.Contains(change.Warnings(), "rewrites 8 objects") ||
		!strings.Contains(change.Warnings(), "7 of them are given to COS Batch") {
		t.Errorf("plan: %s", change.Warnings())
	}
	r.Expect(pt.Attrs{"total": 8, "violations": 0, "compliant": true, "excluded": 0})
	if copies := requests(c, "PutObjectCopy", pt.Bucket); len(copies) != 1 {
		t.Errorf("copies from here: %v, want the one that jobs cannot have", copies)
	}
	done := 0
	for _, job := range c.BatchJobs()[1:] { // the first is the trial's
		done += job.Succeeded
		if job.Failed > 0 || job.Status != "Complete" {
			t.Errorf("%+v", job)
		}
	}
	if done != 7 || len(c.BatchJobs()) != 4 {
		t.Errorf("jobs rewrote %d: %+v", done, c.BatchJobs())
	}
	process(t, c, r).MustBeClean(config)
}

// Too few objects for a job, and what a trial has shown, in later runs.
func TestBatchLeavesFewObjectsToTheProvider(t *testing.T) {
	t.Parallel()
	c := batchCloud(t, 3, cosemu.BatchConfig{})
	config := byBatch(c, "auto", nil)
	r := created(t, c, config)
	r.Expect(pt.Attrs{"pending.by_engine.direct": 4, "pending.objects": 4})
	r.MustApply(config)
	r.Expect(pt.Attrs{"compliant": true})
	if jobs := c.BatchJobs(); len(jobs) > 0 || c.Requests("CreateJob") > 0 {
		t.Errorf("jobs: %v", jobs)
	}
}

func TestBatchProofIsRemembered(t *testing.T) {
	t.Parallel()
	c := batchCloud(t, 4, cosemu.BatchConfig{})
	config := byBatch(c, "batch", pt.Attrs{"max_objects_per_job": 100})
	r := created(t, c, config)
	r.MustApply(config)
	r.Expect(pt.Attrs{"compliant": true})
	for i := range 4 {
		key := fmt.Sprintf("data/more%d", i)
		c.Place(pt.Ref(key), "plain", cosapi.WriteOptions{})
		settle(t, c, key)
	}
	r = process(t, c, r)
	r.MustRefresh()
	before := len(c.BatchJobs())
	r.MustApply(config)
	r.Expect(pt.Attrs{"compliant": true})
	if jobs := c.BatchJobs(); len(jobs) != before+1 {
		t.Errorf("%d jobs more, want one: %+v", len(jobs)-before, jobs)
	}
}

func TestBatchKMSByTheDefault(t *testing.T) {
	t.Parallel()
	c := batchCloud(t, 5, cosemu.BatchConfig{})
	kms := pt.Attrs{"sse": []pt.Attrs{{"kms": []pt.Attrs{{"key_id": pt.CMK}}}}}
	config := byBatch(c, "auto", nil).With(kms)
	r := created(t, c, config)
	// The default is not the key: nothing is promised to jobs.
	r.Expect(pt.Attrs{"pending.by_engine.direct": 6, "pending.objects": 6})
	c.SetDefaultEncryption(pt.CMK)
	r.MustRefresh()
	r.Expect(pt.Attrs{"pending.by_engine.direct": 1, "pending.by_engine.batch": 5})
	r.MustApply(config)
	r.Expect(pt.Attrs{"compliant": true})
	if copies := requests(c, "PutObjectCopy", pt.Bucket); len(copies) != 1 {
		t.Errorf("copies from here: %v", copies)
	}
}

func TestBatchThatCannot(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"auto", "batch"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := batchCloud(t, 4, cosemu.BatchConfig{SelfCopy: "refuse"})
			config := byBatch(c, engine, nil)
			r := created(t, c, config)
			_, diagnostics := r.Apply(config)
			copies := requests(c, "PutObjectCopy", pt.Bucket)
			if engine == "auto" {
				if text := pt.WarningText(diagnostics); !strings.Contains(text, "stayed NONE") ||
					!strings.Contains(text, "one by one") {
					t.Errorf("warning: %q", text)
				}
				r.Expect(pt.Attrs{"compliant": true})
				return
			}
			if text := pt.ErrorText(diagnostics); !strings.Contains(text, "stayed NONE") {
				t.Errorf("error: %q", text)
			}
			if len(copies) > 0 {
				t.Errorf("rewritten all the same: %v", copies)
			}
		})
	}
}

func TestBatchValidation(t *testing.T) {
	t.Parallel()
	c := newCloud(t, 0)
	tests := map[string]struct {
		config pt.Attrs
		want   string
	}{
		"no block":    {whole().With(pt.Attrs{"engine": "batch"}), "batch block is missing"},
		"no role":     {byBatch(c, "auto", pt.Attrs{"role_arn": nil}), "role is missing"},
		"no role arn": {byBatch(c, "auto", pt.Attrs{"role_arn": "COS_Batch_QcsRole"}), "roleName"},
		"no evidence": {without(byBatch(c, "auto", nil), "evidence"), "evidence block is missing"},
		"endpoint":    {byBatch(c, "auto", pt.Attrs{"control_endpoint": "http://x"}), "control endpoint"},
		"uin":         {byBatch(c, "auto", pt.Attrs{"uin": "me"}), "root account"},
		"SM4": {byBatch(c, "batch", nil).With(pt.Attrs{
			"sse": []pt.Attrs{{"cos": []pt.Attrs{{"algorithm": "SM4"}}}},
		}), "no field for SSE-COS"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := process(t, c, nil)
			text := validate(t, r, tt.config)
			if !strings.Contains(text, tt.want) {
				t.Errorf("%q does not say %q", text, tt.want)
			}
		})
	}
}

// validate returns the errors of a configuration, those of a plan and else those of an apply.
func validate(t *testing.T, r *pt.Instance, config pt.Attrs) string {
	t.Helper()
	change := r.Plan(config)
	if text := change.Errors(); text != "" {
		return text
	}
	return pt.ErrorText(r.ApplyPlanned(change))
}

func TestDestroyCancelsJobsWhereAsked(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"abandon", "cancel"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			c := batchCloud(t, 4, cosemu.BatchConfig{})
			config := byBatch(c, "auto", pt.Attrs{"max_objects_per_job": 100}).With(pt.Attrs{
				"deletion_policy": policy,
			})
			r := created(t, c, config)
			// The job of the trial is confirmed, the next one may not be.
			c.AddFaults(cosemu.Fault{Op: "UpdateJobStatus", Skip: 1, Status: 403, Code: "AccessDenied"})
			_, diagnostics := r.Apply(config)
			if text := pt.WarningText(diagnostics); !strings.Contains(text, "UpdateJobStatus") {
				t.Fatalf("warnings: %s; errors: %s", text, pt.ErrorText(diagnostics))
			}
			r.Expect(pt.Attrs{"compliant": false})
			r = process(t, c, r)
			if text := pt.ErrorText(r.Destroy()); text != "" {
				t.Fatal(text)
			}
			jobs := c.BatchJobs()
			last := jobs[len(jobs)-1]
			if cancelled := last.Status == "Cancelled"; cancelled != (policy == "cancel") {
				t.Errorf("the job is %+v", last)
			}
		})
	}
}
