//go:build unix

package prefix_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// killer kills a run of the CLI at the n-th request of the control endpoint that changes something.
type killer struct {
	mu     sync.Mutex
	at     int
	before bool // COS never sees the request
	seen   int
	group  int // of the processes; 0: nobody is killed
}

func (k *killer) act(op string, _ *http.Request) {
	if op != "CreateJob" && op != "UpdateJobStatus" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen++; k.seen != k.at || k.group == 0 {
		return
	}
	_ = syscall.Kill(-k.group, syscall.SIGKILL)
	k.group = 0
	if k.before {
		panic(http.ErrAbortHandler)
	}
}

// start begins an apply in a process group of its own, the provider's included.
func (k *killer) start(t *testing.T, run *pt.CLI) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), run.CLI, "apply", "-auto-approve")
	command.Dir, command.Env = run.Dir, run.Env
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	k.mu.Lock()
	defer k.mu.Unlock()
	pt.Must(t, command.Start())
	k.group = command.Process.Pid
	return command
}

// TestCLIKilledBatchIsContinued kills Terraform and the provider with SIGKILL before and after COS
// creates and confirms a job, first that of the trial (1, 2), then that of the user's objects (3, 4).
// Applies, as they are, converge; no object is rewritten twice, and no job is left at work. The
// engine's own test does that at every request of the control endpoint. All eight are tried with
// FAULTS=1, two without.
func TestCLIKilledBatchIsContinued(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 4; at++ {
		for _, before := range []bool{true, false} {
			if os.Getenv("FAULTS") == "" && (before || at < 3) {
				continue // each cell runs the CLI six times
			}
			t.Run(fmt.Sprintf("%d before=%v", at, before), func(t *testing.T) {
				k := &killer{at: at, before: before}
				c := newCloud(t, 0, func(config *cosemu.Config) {
					config.Before = k.act
					config.Buckets, config.VersionedBuckets = []string{evidenceBucket}, []string{pt.Bucket}
				})
				for i := range 5 {
					key := fmt.Sprintf("data/%d", i)
					c.Place(pt.Ref(key), "plain", cosapi.WriteOptions{})
					settle(t, c, key)
				}
				run := pt.NewCLI(t, killedConfig(c), nil)
				run.MustRun("apply", "-auto-approve") // counts
				if err := k.start(t, run).Wait(); err == nil {
					t.Fatal("the killed apply succeeded")
				}
				for n := 1; !strings.Contains(run.MustRun("plan"), "No changes"); n++ {
					if n > 3 {
						t.Fatal("it does not converge")
					}
					run.MustRun("apply", "-auto-approve")
				}
				checkKilled(t, c)
			})
		}
	}
}

func killedConfig(c *pt.Cloud) string {
	return c.ProviderHCL("") + fmt.Sprintf(`
terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}

resource "cos_encrypted_prefix" "all" {
  bucket = %q
  prefix = ""
  engine = "batch"
  sse {
    cos {}
  }
  evidence {
    bucket = %q
    prefix = "encryption/"
  }
  audit {
    max_age = "0s"
  }
  batch {
    role_arn         = %q
    min_objects      = 1
    poll_interval    = "1ms"
    control_endpoint = %q
  }
}
`, pt.Bucket, evidenceBucket, batchRole, c.ControlEndpointTemplate())
}

// checkKilled compares what there is after the killed run and the next ones.
func checkKilled(t *testing.T, c *pt.Cloud) {
	t.Helper()
	for _, job := range c.BatchJobs() {
		if !cosapi.JobStatus(job.Status).Final() {
			t.Errorf("left: %+v", job)
		}
	}
	page, err := c.SomebodyElse().ListVersions(t.Context(), cosapi.ListVersionsOptions{
		Region: pt.Region, Bucket: pt.Bucket,
	})
	pt.Must(t, err)
	versions := map[string]int{}
	for _, version := range page.Versions {
		versions[version.Key]++
	}
	if len(versions) != 5 {
		t.Errorf("objects: %v", versions)
	}
	for key, n := range versions {
		if mode := c.Head(pt.Ref(key), nil).Encryption.Mode; n != 2 || mode != cosapi.ModeSSECOS {
			t.Errorf("%s has %d versions and is %s", key, n, mode)
		}
	}
}
