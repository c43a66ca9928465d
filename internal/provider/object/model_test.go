package object_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// The model test: random histories of one object under Terraform, in which somebody else acts
// between any two requests. It knows nothing of how the provider works, only what it promises:
//
//   - Nobody's change is lost: what a plan was not made against is neither overwritten nor deleted,
//     and an object that somebody deleted does not come back. COS has no condition for DELETE, for
//     tags and ACL, and none for new bytes between the last HEAD and the PUT: only there a loss is
//     nobody's fault.
//   - After an apply without an error the object is as configured, and what is not managed is as it
//     was; a refresh and a second plan find nothing to do.
//   - Nothing is ever written without encryption.
//   - An error leaves a way out: the same configuration, applied undisturbed, succeeds.
//   - An undisturbed apply makes no more requests than the design allows.
//
// The emulator's clock moves by whole seconds with every write, so that no two writes fall into
// one second: what COS itself cannot tell apart is not asked for.

// modelSteps is the length of a history.
const modelSteps = 40

// TestModel runs COS_MODEL_SEEDS histories, by default five, or the one of COS_MODEL_SEED.
func TestModel(t *testing.T) {
	t.Parallel()
	first, count := uint64(1), 5
	if text := os.Getenv("COS_MODEL_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		pt.Must(t, err)
		count = n
	}
	if text := os.Getenv("COS_MODEL_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		pt.Must(t, err)
		first, count = n, 1
	}
	for i := range count {
		seed := first + uint64(i)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			newHistory(t, seed).run()
		})
	}
}

// A history is one random sequence of steps.
type history struct {
	t      *testing.T
	random *rand.Rand
	world  *modelWorld
	bucket string
	// provider is the configuration of the provider for the whole history.
	provider pt.Attrs
	object   *pt.Instance
	config   modelConfig
	log      []string
}

func newHistory(t *testing.T, seed uint64) *history {
	t.Helper()
	h := &history{t: t, random: rand.New(rand.NewPCG(seed, 0))}
	h.world = newModelWorld(t)
	h.bucket = []string{pt.Bucket, pt.VersionedBucket, modelSuspendedBucket}[h.random.IntN(3)]
	h.provider = pt.KeyringAttrs().With(pt.Attrs{"part_size": 1 << 20, "max_retries": 2})
	if h.random.IntN(3) == 0 {
		h.provider = h.provider.With(pt.Attrs{"refresh_mode": "list"})
	}
	h.notef("%s, %v", h.bucket, h.provider["refresh_mode"])
	h.world.watch(h.bucket)
	h.newProcess()
	h.object = h.object.Resource("cos_encrypted_object")
	h.config = h.firstConfig()
	return h
}

func (h *history) run() {
	defer func() {
		if h.t.Failed() {
			h.t.Logf("the history:\n%s", strings.Join(h.log, "\n"))
		}
	}()
	for range modelSteps {
		h.world.advance(10)
		h.step()
		if h.t.Failed() {
			return
		}
	}
}

// step does one thing that happens to an object, most often an apply that somebody disturbs.
func (h *history) step() {
	switch n := h.random.IntN(20); {
	case n < 3:
		h.somebodyActs()
	case n == 3 && !h.object.State.IsNull():
		h.destroy()
	case n == 4 && !h.object.State.IsNull():
		h.importAgain()
	case n < 7:
		// The same configuration again: whatever somebody did is put right.
		h.applyDisturbed(h.config)
	case n < 12:
		h.applyDisturbed(h.nextConfig())
	default:
		h.applyUndisturbed(h.nextConfig())
	}
}

// newProcess starts a provider process: one per plan and one per apply, as Terraform does.
func (h *history) newProcess() {
	server := pt.NewServer(h.t, h.world.Cloud, h.provider)
	if h.object == nil {
		h.object = server.Object()
		return
	}
	h.object = h.object.On(server)
}

// plan refreshes, unless without, and plans.
func (h *history) plan(config modelConfig, without bool) (pt.Change, bool) {
	h.newProcess()
	if h.object.State.IsNull() {
		h.world.planned()
	} else if !without {
		if text := pt.ErrorText(h.object.Refresh()); text != "" {
			h.world.settle()
			h.notef("  refresh: %s", text)
			if h.world.quiet() && !h.mayFail(config, text) {
				h.failf("an undisturbed refresh fails: %s", text)
			}
			return pt.Change{}, false
		}
		h.world.planned()
	}
	change := h.object.Plan(config.attrs(h.bucket))
	h.notef("  plan: %s %s", change.Action, change.Errors())
	return change, change.Action != "error"
}

// applyDisturbed plans and applies while somebody acts once between two of the requests.
func (h *history) applyDisturbed(config modelConfig) {
	without := h.random.IntN(6) == 0 && !h.object.State.IsNull()
	act := h.randomAct()
	after := h.random.IntN(9)
	h.notef("apply %s; %s before request %d; refresh=%v", config, act.name, after, !without)
	h.world.disturb(act, after)
	change, ok := h.plan(config, without)
	if ok {
		h.finish(change, config)
	}
	h.world.settle()
	h.config = config
	h.applyUndisturbed(config)
}

// applyUndisturbed refreshes, plans, applies, and holds everything to its promise.
func (h *history) applyUndisturbed(config modelConfig) {
	h.notef("apply %s", config)
	h.world.begin()
	h.world.ResetJournal()
	before, existed := h.world.Inspect(h.bucket, modelKey)
	change, ok := h.plan(config, false)
	if !ok {
		if text := change.Errors(); text != "" && !h.mayFail(config, text) {
			h.failf("an undisturbed plan fails: %s", text)
		}
		h.config = config
		return
	}
	refused := h.finish(change, config)
	if refused != "" {
		h.config = config
		h.afterRefusal(config, refused)
		return
	}
	h.checkStored(config, before, existed)
	h.checkBudget(change, config)
	h.config = config
	h.newProcess()
	h.object.MustBeClean(config.attrs(h.bucket))
	h.world.agreed()
}

// finish applies a plan in a process of its own and returns the error.
func (h *history) finish(change pt.Change, config modelConfig) string {
	h.newProcess()
	h.world.applying(!h.object.State.IsNull())
	text := pt.ErrorText(h.object.ApplyPlanned(change))
	h.notef("  apply: %s %v", text, h.world.Ops())
	h.world.resolve()
	if strings.Contains(text, "inconsistent") {
		h.failf("core blames the provider: %s", text)
	}
	for _, loss := range h.world.losses() {
		h.failf("%s", loss)
	}
	return text
}

// afterRefusal accepts the one refusal that an undisturbed apply may end in: an object that is not
// Terraform's. Its owner takes it away.
func (h *history) afterRefusal(config modelConfig, text string) {
	if !h.object.State.IsNull() || !strings.Contains(text, "exists already") {
		if !h.mayFail(config, text) {
			h.failf("an undisturbed apply fails: %s", text)
		}
		return
	}
	h.notef("  somebody takes the object away")
	h.world.act(foreignAct{"deletes", (*modelWorld).deleteObject})
	h.applyUndisturbed(config)
}

// mayFail accepts what no provider could do: a body-less object that nobody here can open, and a
// write-only key that is as good as its version says.
func (h *history) mayFail(config modelConfig, text string) bool {
	stored, found := h.world.Inspect(h.bucket, modelKey)
	unreadable := found && stored.KeyMD5 == h.world.md5(pt.KeyD)
	switch {
	case config.body == "none":
		return unreadable || !found || strings.Contains(text, "archive")
	case config.keyWO != "":
		return strings.Contains(text, "key_wo")
	}
	return false
}

func (h *history) somebodyActs() {
	act := h.randomAct()
	if h.random.IntN(6) == 0 {
		act = h.lifecycle()
	}
	h.notef("somebody %s", act.name)
	h.world.act(act)
}

// destroy deletes the object, in a plan of its own or disturbed: DELETE has no condition, so
// whatever is there goes.
func (h *history) destroy() {
	h.notef("destroy")
	h.newProcess()
	h.world.applying(!h.object.State.IsNull())
	h.world.destroying(true)
	text := pt.ErrorText(h.object.Destroy())
	h.world.destroying(false)
	h.world.resolve()
	if text != "" {
		h.failf("destroy: %s", text)
	}
	if _, found := h.world.Inspect(h.bucket, modelKey); found {
		h.failf("the object is still there after a destroy")
	}
	h.config = h.firstConfig()
}

// importAgain loses the state and imports the object.
func (h *history) importAgain() {
	stored, found := h.world.Inspect(h.bucket, modelKey)
	openable := stored.SSEMode != "SSE-C" || h.world.inKeyring(stored.KeyMD5)
	if !found || !openable || stored.StorageClass == "ARCHIVE" {
		return
	}
	h.notef("state rm, import")
	h.world.begin()
	h.newProcess()
	h.object = h.object.Resource("cos_encrypted_object")
	id := fmt.Sprintf("%s/%s", h.bucket, modelKey)
	if text := pt.ErrorText(h.object.ImportID(id)); text != "" {
		h.failf("import: %s", text)
	}
	h.world.planned()
	if h.random.IntN(2) == 0 {
		h.config.body = "none"
	}
	if h.config.keyWO == pt.KeyD {
		h.config.setSSE(h.random)
	}
	h.applyUndisturbed(h.config)
}

func (h *history) notef(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) failf(format string, args ...any) {
	h.t.Helper()
	h.notef("! "+format, args...)
	h.t.Errorf(format, args...)
}
