package object_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const (
	modelKey             = "models/object"
	modelSuspendedBucket = "suspended-1250000000"
	colleagueAgent       = "colleague"
)

// modelWorld is COS as the model sees it: the emulator, a clock that moves by whole seconds, and
// a record of who wrote last and what the provider could have known when it wrote.
type modelWorld struct {
	*pt.Cloud
	mu     sync.Mutex
	now    time.Time
	bucket string

	// armed is what somebody does before the n-th request from now; nil is nothing.
	armed *foreignAct
	wait  int
	// colleague is somebody else, told from the provider by colleagueAgent.
	colleague *cosapi.Client

	// events number everything that happens. foreignAt is the newest event that somebody else
	// caused, plannedAt the newest that the plan could have seen, headAt the newest HEAD of the
	// provider, aclAt and tagsAt its newest look at these.
	events, foreignAt, plannedAt, headAt int
	// disturbed: somebody acted since begin. agreedAt is the event after which Terraform and COS
	// were last in agreement, actedAt somebody's newest act of whatever kind.
	disturbed         bool
	agreedAt, actedAt int
	// updating: the state that is applied to has the object.
	updating, inDestroying bool
	// pending is a mutation of the provider whose outcome the next request shows.
	pending *mutation
	lost    []string
	serial  int
}

// mutation is a request of the provider that may change the object.
type mutation struct {
	op     string
	before cosemu.Stored
	found  bool
	// excused: COS offers no condition that would have kept it from what it overwrites.
	excused bool
	// unseen: what it meets was made by somebody else after the plan.
	unseen bool
}

func newModelWorld(t *testing.T) *modelWorld {
	t.Helper()
	w := &modelWorld{now: time.Now().Add(-7 * time.Minute).Truncate(time.Second)}
	w.Cloud = pt.NewCloud(t, cosemu.Config{
		Buckets: []string{pt.Bucket, modelSuspendedBucket},
		Before:  w.before,
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
	})
	pair := cosemu.DocumentedCredential()
	colleague, err := cosapi.New(cosapi.Config{
		Endpoint: w.EndpointTemplate(), CABundle: w.CACertificate(), UserAgent: colleagueAgent,
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
	})
	pt.Must(t, err)
	w.colleague = colleague
	w.SuspendVersioning(modelSuspendedBucket)
	for n := 1; n <= 2; n++ {
		w.put(pt.Bucket, fmt.Sprintf("sources/%d", n), sourceText(n),
			cosapi.SSECOS{Algorithm: "AES256"})
	}
	return w
}

func sourceText(n int) string { return fmt.Sprintf("the source %d", n) }

// watch says where the object is.
func (w *modelWorld) watch(bucket string) { w.bucket = bucket }

// advance moves the clock.
func (w *modelWorld) advance(seconds int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Duration(seconds) * time.Second)
}

// before watches every request, and lets somebody act before the one that was chosen.
func (w *modelWorld) before(op string, r *http.Request) {
	w.mu.Lock()
	if w.bucket == "" || r.UserAgent() == colleagueAgent || !strings.HasPrefix(r.Host, w.bucket) {
		w.mu.Unlock()
		return
	}
	act := w.due()
	w.mu.Unlock()
	if act != nil {
		w.act(*act)
	}
	w.observe(op, r)
}

// due is what somebody does right now, nil if it is not time yet. w.mu is held.
func (w *modelWorld) due() *foreignAct {
	if w.armed == nil {
		return nil
	}
	if w.wait > 0 {
		w.wait--
		return nil
	}
	act := w.armed
	w.armed = nil
	return act
}

// observe records a request of the provider before it is carried out.
func (w *modelWorld) observe(op string, r *http.Request) {
	w.resolve()
	stored, found := w.Inspect(w.bucket, modelKey)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events++
	isObject := strings.TrimPrefix(r.URL.Path, "/") == modelKey
	switch op {
	case "HeadObject":
		if isObject {
			w.headAt = w.events
		}
	case "PutObject", "PutObjectCopy", "CompleteMultipartUpload", "DeleteObject":
		if !isObject {
			return
		}
		w.now = w.now.Add(time.Second)
		// A create brings nothing back: its plan says that there is no object.
		unseen := w.foreignAt > w.plannedAt && (found || w.updating)
		w.pending = &mutation{
			op: op, before: stored, found: found, unseen: unseen,
			excused: w.excused(op, r),
		}
	}
}

// excused reports a request that COS offers no condition for. w.mu is held.
func (w *modelWorld) excused(op string, r *http.Request) bool {
	switch op {
	case "DeleteObject":
		return w.inDestroying || r.URL.Query().Has("versionId")
	case "PutObjectCopy":
		// Its conditions are on the source: they protect the object only where it is the source.
		onto := strings.HasSuffix(r.Header.Get("x-cos-copy-source"), "/"+modelKey)
		return !onto && w.headAt > 0 && w.foreignAt > w.headAt
	case "PutObject", "CompleteMultipartUpload":
		forbids := r.Header.Get("x-cos-forbid-overwrite") == "true" && w.bucket == pt.Bucket
		return !forbids && w.headAt > 0 && w.foreignAt > w.headAt
	}
	return false
}

// resolve finds out what became of the mutation before.
func (w *modelWorld) resolve() {
	w.mu.Lock()
	m := w.pending
	w.pending = nil
	w.mu.Unlock()
	if m == nil {
		return
	}
	now, found := w.Inspect(w.bucket, modelKey)
	happened := found != m.found || now.LastModified != m.before.LastModified ||
		now.VersionID != m.before.VersionID
	w.mu.Lock()
	defer w.mu.Unlock()
	if !happened {
		return
	}
	if m.unseen && !m.excused {
		what := "overwrote what somebody wrote"
		switch {
		case !m.found:
			what = "brought back what somebody deleted"
		case m.op == "DeleteObject":
			what = "deleted what somebody wrote"
		}
		w.lost = append(w.lost, fmt.Sprintf("%s %s after the plan (ETag %s, written %s)", m.op,
			what, m.before.ETag, m.before.LastModified.Format("15:04:05")))
	}
	if found && m.op != "DeleteObject" && now.SSEMode == "NONE" {
		w.lost = append(w.lost, m.op+" stored the object without encryption")
	}
	// From here on the object is the provider's own.
	w.plannedAt = w.events
}

// begin starts an undisturbed stretch.
func (w *modelWorld) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.disturbed = nil, false
}

// disturb arms an act before the n-th request from now.
func (w *modelWorld) disturb(act foreignAct, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.wait, w.disturbed = &act, n, false
}

// agreed says that a plan found nothing to do.
func (w *modelWorld) agreed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.agreedAt = w.events
}

// touched reports that somebody acted since then.
func (w *modelWorld) touched() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.agreedAt == 0 || w.actedAt > w.agreedAt
}

// settle disarms.
func (w *modelWorld) settle() {
	w.resolve()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = nil
}

// quiet reports that nobody acted since begin or disturb.
func (w *modelWorld) quiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.disturbed
}

// planned says that a refresh has ended: what it could have seen is what its last request met.
func (w *modelWorld) planned() {
	w.resolve()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plannedAt = w.events
	if w.foreignAt == w.events {
		// Somebody acted after the refresh's last request, which cannot be.
		w.plannedAt--
	}
}

// applying says that an apply begins, and whether its state has the object.
func (w *modelWorld) applying(updating bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.updating, w.headAt = updating, 0
}

func (w *modelWorld) destroying(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inDestroying = yes
}

// losses returns and forgets what the provider has lost.
func (w *modelWorld) losses() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := w.lost
	w.lost = nil
	return lost
}

func (w *modelWorld) md5(key string) string { return pt.MustKey(w.T, key).MD5() }

func (w *modelWorld) inKeyring(md5 string) bool {
	return md5 == w.md5(pt.KeyA) || md5 == w.md5(pt.KeyB) || md5 == w.md5(pt.KeyC)
}
