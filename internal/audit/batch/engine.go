package batch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TrialPrefix is where trials keep their objects. An audit of a prefix that contains it must exclude
// it.
const TrialPrefix = ".cos-encryption-canary/"

// Classes are those that jobs can keep (document 33786).
var classes = []string{"STANDARD", "STANDARD_IA"}

const (
	// DefaultMaxObjects is how many objects a job is given.
	DefaultMaxObjects = 1_000_000
	// DefaultPollInterval is the pause between two looks at a job.
	DefaultPollInterval = 15 * time.Second
	// openJobs is how many jobs are open at once. How many COS takes is not documented.
	openJobs = 4
	// clockMargin is how far behind COS's present the moment is that objects must be older than:
	// times have seconds, and the clock is known by answers that were under way.
	clockMargin = 2 * time.Second
)

// Config says what the jobs are about.
type Config struct {
	Client *cosapi.Client
	Jobs   *cosapi.Batch
	Bucket cosapi.ObjectRef // bucket and region
	Prefix string           // that is audited
	// Evidence is the bucket and region of lists, intents and reports, with a folder as Key. It is
	// in the region of Bucket.
	Evidence cosapi.ObjectRef
	// Wanted is the encryption that objects shall have. Context says that it has a KMS context.
	Wanted  cosapi.EncryptionStatus
	Context bool
	RoleARN string // qcs::cam::uin/<uin>:roleName/<role>
	// Priority of the jobs among the account's, 0 to 2147483647, larger first.
	Priority int
	// MaxObjects is how many objects a job is given; 0: DefaultMaxObjects.
	MaxObjects int
	// ReportPrefix is where COS puts completion reports in the evidence bucket; "": below Evidence.
	ReportPrefix string
	// PollInterval is the pause between two looks at a job; 0: DefaultPollInterval.
	PollInterval time.Duration
	// ManualConfirmation leaves the confirmation of jobs, but for trials, to people.
	ManualConfirmation bool
	// Idle has Audit settle what earlier runs left and create no jobs.
	Idle bool
	// Proofs are those of earlier runs.
	Proofs []Proof
	// Progress is called after every look at a job, concurrently.
	Progress func(Progress)
	// Sleep waits; tests replace it.
	Sleep func(context.Context, time.Duration) error
}

// Progress is a job under way.
type Progress struct {
	JobID                    string
	Status                   cosapi.JobStatus
	Total, Succeeded, Failed int
	Trial                    bool
}

// Engine gives the objects of an audit to jobs. Its methods are called in the order Recover, Prove,
// Rewrite (by an audit), Run. Audit does all of that.
type Engine struct {
	Config
	operation  string
	strictness Strictness
	// owner tells this engine's jobs and files from all others.
	owner string
	// standing is the default encryption that the jobs count on; known says that it could be read.
	standing cosapi.BucketEncryption
	known    bool

	// proofs are those of Config and of this run; refusals say of which classes there can be none.
	// proving is held during a trial.
	proofMu  sync.Mutex
	proofs   []Proof
	refusals map[string]error
	proving  sync.Mutex

	mu sync.Mutex
	// ctx is that of Prove: lists are written with it, because it outlives an audit's.
	ctx    context.Context
	cutoff time.Time
	lists  map[string]*list // by class
	ready  []intent
}

// New checks what can be known without a request. A *RefusedError says that COS Batch has no way to
// what is wanted.
func New(config Config) (*Engine, error) {
	operation, err := operationOf(config.Wanted)
	switch {
	case err != nil:
		return nil, err
	case config.Context:
		return nil, refused("COS Batch cannot set an encryption context (document 33786)", nil)
	case config.Evidence.Region != config.Bucket.Region:
		return nil, refused("the evidence bucket is in "+config.Evidence.Region+", and COS does not say "+
			"whether a job's list may be in another region than its objects", nil)
	}
	config.MaxObjects = cmp.Or(config.MaxObjects, DefaultMaxObjects)
	config.PollInterval = cmp.Or(config.PollInterval, DefaultPollInterval)
	if config.Progress == nil {
		config.Progress = func(Progress) {}
	}
	if config.Sleep == nil {
		config.Sleep = pause
	}
	e := &Engine{
		Config: config, operation: operation, lists: map[string]*list{}, refusals: map[string]error{},
		proofs: slices.Clone(config.Proofs),
	}
	e.owner = e.ownerName()
	e.ReportPrefix = cmp.Or(e.ReportPrefix, e.folder()+"reports")
	return e, nil
}

// ownerName is the same for every process that keeps this guarantee with this evidence.
func (e *Engine) ownerName() string {
	names := []string{
		e.Bucket.Region, e.Bucket.Bucket, e.Prefix, e.Evidence.Region, e.Evidence.Bucket, e.Evidence.Key,
	}
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// folder is where the engine keeps what is its own.
func (e *Engine) folder() string { return e.Evidence.Key + "batch/" + e.owner + "/" }

func (e *Engine) evidence(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: e.Evidence.Region, Bucket: e.Evidence.Bucket, Key: key}
}

func (e *Engine) object(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: e.Bucket.Region, Bucket: e.Bucket.Bucket, Key: key}
}

// Check tells by one request whether jobs could do it as the bucket stands: nil, or a *RefusedError.
func (e *Engine) Check(ctx context.Context) error { return e.readDefault(ctx) }

// readDefault reads the default encryption that jobs will count on. For a KMS key it must be that
// key: COS Batch has no other way to it.
func (e *Engine) readDefault(ctx context.Context) error {
	standing, _, err := e.Client.BucketEncryption(ctx, e.Bucket)
	key := kmsKeyOf(e.operation)
	switch {
	case err == nil && key != "" && (standing.Status().Mode != cosapi.ModeSSEKMS ||
		!strings.EqualFold(standing.KMSKeyID, key)):
		return refused("COS Batch reaches SSE-KMS only by the bucket's default encryption, which is "+
			standing.Status().String()+" and not the key "+key+" (cos_bucket_encryption sets it)", nil)
	case err == nil:
		e.standing, e.known = standing, true
		return nil
	case key == "" && cosapi.Classify(err) == cosapi.ClassPermission:
		e.standing, e.known = cosapi.BucketEncryption{}, false
		return nil // A job that asks for AES256 does not count on it.
	case key != "" && cosapi.Classify(err) == cosapi.ClassPermission:
		return refused("the bucket's default encryption cannot be read", err)
	}
	return err
}

// defaultStands reports that the default encryption still is the one that jobs count on.
func (e *Engine) defaultStands(ctx context.Context) (bool, error) {
	if !e.known {
		return true, nil
	}
	now, _, err := e.Client.BucketEncryption(ctx, e.Bucket)
	return now == e.standing, err
}

// proof is what is known of a class; nil if nothing that counts.
func (e *Engine) proof(class string) *Proof {
	e.proofMu.Lock()
	defer e.proofMu.Unlock()
	for _, proof := range e.proofs {
		if proof.covers(class, e.operation, e.standing, e.Client.Now()) {
			return &proof
		}
	}
	return nil
}

// Proven are those that a later run may be configured with.
func (e *Engine) Proven() []Proof {
	e.proofMu.Lock()
	defer e.proofMu.Unlock()
	return slices.Clone(e.proofs)
}

// setProof replaces what was known of a class and operation.
func (e *Engine) setProof(proof Proof) {
	e.voidProofs(proof.Class)
	e.proofMu.Lock()
	defer e.proofMu.Unlock()
	e.proofs = append(e.proofs, proof)
}

// voidProofs forgets a class, or all of them.
func (e *Engine) voidProofs(class string) {
	e.proofMu.Lock()
	defer e.proofMu.Unlock()
	e.proofs = slices.DeleteFunc(e.proofs, func(p Proof) bool {
		return p.Operation == e.operation && (class == "" || p.Class == class)
	})
}

// provenNow is proof, after a trial where nothing is known; nil for a class that was refused before.
// The first refusal is the error.
func (e *Engine) provenNow(ctx context.Context, class string) (*Proof, error) {
	e.proving.Lock()
	defer e.proving.Unlock()
	if proof := e.proof(class); proof != nil || e.refusals[class] != nil {
		return proof, nil
	}
	if err := e.prove(ctx, class); err != nil {
		if IsRefused(err) {
			e.refusals[class] = err
		}
		return nil, err
	}
	return e.proof(class), nil
}

var errTooEarly = errors.New("batch: Prove has not been called")

// pause waits, or returns the context's error if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
