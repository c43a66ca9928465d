//go:build unix

package prefix_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// killsVariable asks for the long form: "every" kills at each mutating request of a run over 300
// objects, a number at so many seeded ones of a run over 3,000.
const killsVariable = "COS_TEST_KILLS"

// processKiller kills a process group when the emulator is about to carry out the n-th mutating request.
type processKiller struct {
	mu    sync.Mutex
	armed int // 0: not
	seen  int
	group int
	fired bool
}

func (k *processKiller) before(_ string, req *http.Request) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen++; k.armed != 0 && k.seen == k.armed {
		k.fired = true
		_ = syscall.Kill(-k.group, syscall.SIGKILL)
		// What the process has sent is carried out or not, as after any cut.
		time.Sleep(10 * time.Millisecond)
	}
}

// killed is a bucket with objects of every kind, the CLI, and what the objects were.
type killed struct {
	*pt.Cloud
	run    *pt.CLI
	killer *processKiller
	before map[string]cosemu.Stored
}

// newKilled makes n objects, of which every tenth is in violation.
func newKilled(t *testing.T, n int) *killed {
	t.Helper()
	k := &killed{killer: &processKiller{}, before: map[string]cosemu.Stored{}}
	k.Cloud = newCloud(t, 0, func(c *cosemu.Config) { c.Before = k.killer.before })
	client := k.SomebodyElse()
	for i := range n {
		options := cosapi.WriteOptions{
			Encryption: cosapi.SSECOS{}, StorageClass: []string{"STANDARD", "STANDARD_IA"}[i%2],
			Tags: map[string]string{"n": strconv.Itoa(i)},
			Headers: cosapi.ObjectHeaders{
				ContentType: "text/x", CacheControl: "no-store",
				Metadata: map[string]string{"n": strconv.Itoa(i)},
			},
		}
		if i%10 == 9 {
			options.Encryption = cosapi.NoEncryption{}
			options.ACL = &cosapi.ACL{Canned: "public-read"}
		}
		key := fmt.Sprintf("k/%05d", i)
		_, err := client.Put(t.Context(), pt.Ref(key), cosapi.BytesBody([]byte("body "+key)),
			cosapi.PutOptions{WriteOptions: options})
		pt.Must(t, err)
		settle(t, k.Cloud, key)
		k.before[key], _ = k.Inspect(pt.Bucket, key)
	}
	config := k.ProviderHCL("") + `
resource "cos_encrypted_prefix" "all" {
  bucket = "` + pt.Bucket + `"
  prefix = ""
  sse {
    cos {}
  }
  evidence {
    bucket = "` + evidenceBucket + `"
  }
  audit {
    max_age = "0s"
    rate    = 0
  }
}
`
	k.run = pt.NewCLI(t, pt.RequiredProviders+config, map[string]string{"TF_LOG": ""})
	return k
}

// apply runs an apply, and kills it at a mutating request; 0 for none. It reports whether it ended
// by itself.
func (k *killed) apply(ctx context.Context, at int) (string, bool) {
	command := exec.CommandContext(ctx, k.run.CLI, "apply", "-auto-approve", "-input=false")
	command.Dir, command.Env = k.run.Dir, k.run.Env
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	k.killer.mu.Lock()
	pt.Must(k.T, command.Start())
	k.killer.armed, k.killer.seen, k.killer.fired = at, 0, false
	k.killer.group = command.Process.Pid
	k.killer.mu.Unlock()
	err := command.Wait()
	// A killed CLI leaves its lock behind.
	_ = os.Remove(filepath.Join(k.run.Dir, ".terraform.tfstate.lock.info"))
	k.killer.mu.Lock()
	defer k.killer.mu.Unlock()
	k.killer.armed = 0
	return output.String(), err == nil
}

// converge applies until nothing is left to do.
func (k *killed) converge(ctx context.Context) {
	k.T.Helper()
	for range 5 {
		output, done := k.apply(ctx, 0)
		if !done {
			k.T.Fatalf("a plain apply failed:\n%s", output)
		}
		if strings.Contains(output, "No changes") {
			return
		}
	}
	k.T.Fatal("it does not converge")
}

// check compares every object with what it was: only its encryption may have changed.
func (k *killed) check() {
	k.T.Helper()
	for key, was := range k.before {
		is, _ := k.Inspect(pt.Bucket, key)
		if is.SSEMode != "SSE-COS" {
			k.T.Errorf("%s is stored with %s", key, is.SSEMode)
		}
		was.SSEMode, was.Algorithm = is.SSEMode, is.Algorithm
		was.ETag, was.LastModified = is.ETag, is.LastModified
		if diff := cmp.Diff(was, is); diff != "" {
			k.T.Errorf("%s (-was +is):\n%s", key, diff)
		}
	}
	uploads, err := k.SomebodyElse().ListUploads(k.T.Context(), pt.Region, pt.Bucket, "")
	if err != nil || len(uploads) > 0 {
		k.T.Errorf("left in the bucket: %v, %v", uploads, err)
	}
}

// TestCLIKilled kills the provider and the CLI at mutating requests of an apply. Plain applies
// afterwards converge, and nothing but encryptions has changed.
func TestCLIKilled(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set")
	}
	n, points := 300, []int(nil)
	switch long := os.Getenv(killsVariable); long {
	case "":
		n, points = 100, []int{5}
	case "every":
		points = nil
		for at := 1; at <= 36; at++ {
			points = append(points, at)
		}
	default:
		count, err := strconv.Atoi(long)
		pt.Must(t, err)
		n, points = 3000, nil
		seeded := rand.New(rand.NewPCG(1, 2))
		for range count {
			points = append(points, 1+seeded.IntN(303))
		}
		slices.Sort(points)
	}
	for _, at := range points {
		t.Run(fmt.Sprintf("at=%d", at), func(t *testing.T) {
			k := newKilled(t, n)
			if output, done := k.apply(t.Context(), 0); !done {
				t.Fatal(output)
			}
			output, done := k.apply(t.Context(), at)
			if done && k.killer.fired {
				t.Errorf("it survived:\n%s", output)
			}
			k.converge(t.Context())
			k.check()
		})
	}
}
