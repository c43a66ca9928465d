package batch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// mortal is a process that can be killed: from then on it makes no request, not even to clean up.
type mortal struct {
	mu     sync.Mutex
	source credential.Source
	dead   bool
}

var errDead = errors.New("killed")

func (m *mortal) Credentials(ctx context.Context) (credential.Credentials, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return credential.Credentials{}, errDead
	}
	return m.source.Credentials(ctx)
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// executioner kills a process at the n-th request of the control endpoint, before COS sees it or
// after COS has carried it out.
type executioner struct {
	mu     sync.Mutex
	seen   int
	at     int
	before bool
	victim *mortal
	ops    []string
}

var controlOps = map[string]bool{
	"CreateJob": true, "DescribeJob": true, "ListJobs": true, "UpdateJobStatus": true,
}

func (x *executioner) act(op string, _ *http.Request) {
	if !controlOps[op] {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen++
	x.ops = append(x.ops, op)
	if x.seen != x.at || x.victim == nil {
		return
	}
	x.victim.kill()
	if x.before {
		panic(http.ErrAbortHandler)
	}
}

// killedOnce runs applies until one succeeds; the first is killed. It returns the operations of the
// control endpoint that the first one made.
func killedOnce(t *testing.T, at int, before bool) []string {
	t.Helper()
	x := &executioner{at: at, before: before}
	w := newWorld(t, cosemu.BatchConfig{TasksPerStep: 2}, func(c *cosemu.Config) {
		c.Before = x.act
		c.Buckets, c.VersionedBuckets = []string{evidenceBucket}, []string{dataBucket}
	})
	for _, key := range hardKeys[:6] {
		w.put(w.prefix+key, cosapi.NoEncryption{}, "STANDARD")
	}
	w.advance(minute)
	facts, encryption := w.snapshot()
	pair := cosemu.DocumentedCredential()
	x.victim = &mortal{source: credential.Static(pair.SecretID, pair.SecretKey, "")}
	killed := w.newClient(func(c *cosapi.Config) { c.Credentials = x.victim })
	_, err := w.applyOnce(t.Context(), w.engine(wantAES256, func(c *Config) {
		c.Client, c.Jobs = killed, w.jobsOf(killed)
	}))
	ops := x.ops
	if err == nil {
		if at <= len(ops) && at > 0 && before {
			t.Errorf("killed before request %d of %v, and it succeeded", at, ops)
		}
		w.checkAtRest()
		return ops
	}
	x.mu.Lock()
	x.at = 0
	x.mu.Unlock()
	for n := 1; err != nil; n++ {
		if n > 3 {
			t.Fatalf("killed at %d (before: %v), it does not converge: %v", at, before, err)
		}
		_, err = w.applyOnce(t.Context(), w.engine(wantAES256))
	}
	if converted := w.checkUntouched(facts, encryption, wantAES256); converted != 6 {
		t.Errorf("killed at %d (before: %v), %d of 6 converted", at, before, converted)
	}
	// A request of the dead that was under way may be carried out after the next process looked.
	if _, err := w.engine(wantAES256).Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.checkAtRest()
	w.checkOneRewriteEach()
	return ops
}

// applyOnce is apply for STANDARD objects alone.
func (w *world) applyOnce(ctx context.Context, e *Engine) (Result, error) {
	total, err := e.Recover(ctx)
	if err != nil {
		return total, err
	}
	if err := e.Prove(ctx, "STANDARD"); err != nil {
		return total, err
	}
	for _, candidate := range w.candidates(e.Wanted) {
		if _, err := e.collect(candidate); err != nil {
			return total, err
		}
	}
	result, err := e.Run(ctx)
	total.add(result)
	return total, err
}

// checkOneRewriteEach fails where an object was rewritten twice: each rewrite left a version.
func (w *world) checkOneRewriteEach() {
	w.t.Helper()
	page, err := w.client.ListVersions(context.Background(), cosapi.ListVersionsOptions{
		Region: region, Bucket: dataBucket,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	versions := map[string]int{}
	for _, version := range page.Versions {
		versions[version.Key]++
	}
	for key, n := range versions {
		if strings.HasPrefix(key, TrialPrefix) || n > 2 {
			w.t.Errorf("%s has %d versions", key, n)
		}
	}
}

// A process that dies before or after any request of the control endpoint is continued by the next
// one: everything is converted, nothing twice, and nothing is left.
func TestKilledAtEveryRequestOfTheControlEndpoint(t *testing.T) {
	t.Parallel()
	ops := killedOnce(t, 0, false)
	if len(ops) < 20 {
		t.Fatalf("only %d requests: %v", len(ops), ops)
	}
	for i, op := range ops {
		if os.Getenv("FAULTS") == "" && op == "DescribeJob" && i%5 > 0 {
			continue
		}
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d %s before=%v", i+1, op, before), func(t *testing.T) {
				t.Parallel()
				killedOnce(t, i+1, before)
			})
		}
	}
}
