package batch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/audit"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

const (
	region         = "ap-guangzhou"
	dataBucket     = "examplebucket-1250000000"
	evidenceBucket = "audit-1250000000"
	theKey         = "5a1f0c2e-0000-4000-8000-000000000002"
	role           = "qcs::cam::uin/" + cosemu.DefaultUIN + ":roleName/COS_Batch_QcsRole"
)

var (
	wantAES256 = cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS, Algorithm: "AES256"}
	wantKMS    = cosapi.EncryptionStatus{Mode: cosapi.ModeSSEKMS, KMSKeyID: theKey}
	byTheKey   = cosapi.BucketEncryption{Algorithm: "KMS", KMSKeyID: theKey}
)

// world is an emulated account with the objects of a user, and a clock that moves when somebody
// waits.
type world struct {
	t      testing.TB
	server *cosemu.Server
	client *cosapi.Client
	prefix string

	mu  sync.Mutex
	now time.Time
	// onSleep is called whenever the engine waits.
	onSleep func()
}

func newWorld(t testing.TB, batch cosemu.BatchConfig, adjust ...func(*cosemu.Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Now().Truncate(time.Second), prefix: "data/"}
	config := cosemu.Config{
		Regions: []string{region}, Buckets: []string{dataBucket, evidenceBucket}, Batch: batch,
		KMSKeys: []string{cosemu.DefaultKMSKey, theKey}, Now: w.clock,
	}
	for _, change := range adjust {
		change(&config)
	}
	server, err := cosemu.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	w.server = server
	w.client = w.newClient()
	return w
}

func (w *world) newClient(adjust ...func(*cosapi.Config)) *cosapi.Client {
	w.t.Helper()
	pair := cosemu.DocumentedCredential()
	config := cosapi.Config{
		Endpoint: w.server.EndpointTemplate(), CABundle: w.server.CACertificate(), Now: w.clock,
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
		Sleep:       func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, change := range adjust {
		change(&config)
	}
	client, err := cosapi.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

const minute = time.Minute

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now = w.now.Add(d)
	hook := w.onSleep
	w.mu.Unlock()
	if hook != nil {
		hook()
	}
	return ctx.Err()
}

func (w *world) advance(d time.Duration) { _ = w.sleep(w.t.Context(), d) }

func (w *world) bucket() cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: region, Bucket: dataBucket}
}

func (w *world) ref(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: region, Bucket: dataBucket, Key: key}
}

func (w *world) jobs() *cosapi.Batch { return w.jobsOf(w.client) }

func (w *world) jobsOf(client *cosapi.Client) *cosapi.Batch {
	w.t.Helper()
	jobs, err := client.Batch(cosapi.BatchAccount{
		UIN: cosemu.DefaultUIN, Bucket: dataBucket, Region: region,
		Endpoint: w.server.ControlEndpointTemplate(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return jobs
}

func (w *world) config(wanted cosapi.EncryptionStatus) Config {
	return Config{
		Client: w.client, Jobs: w.jobs(), Bucket: w.bucket(), Prefix: w.prefix, Wanted: wanted,
		Evidence: cosapi.ObjectRef{Region: region, Bucket: evidenceBucket, Key: "encryption/"},
		RoleARN:  role, MaxObjects: 4, PollInterval: time.Second, Sleep: w.sleep,
	}
}

func (w *world) engine(wanted cosapi.EncryptionStatus, adjust ...func(*Config)) *Engine {
	w.t.Helper()
	config := w.config(wanted)
	for _, change := range adjust {
		change(&config)
	}
	engine, err := New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return engine
}

// put stores an object of the user, with all that a rewrite could lose.
func (w *world) put(key string, encryption cosapi.Encryption, class string) {
	w.t.Helper()
	options := cosapi.WriteOptions{
		Encryption: encryption, StorageClass: class, Tags: map[string]string{"owner": "user"},
		ACL: &cosapi.ACL{Canned: "public-read"},
		Headers: cosapi.ObjectHeaders{
			ContentType: "text/x-" + fmt.Sprint(len(key)), Metadata: map[string]string{"name": "n"},
		},
	}
	_, err := w.client.Put(w.t.Context(), w.ref(key), cosapi.BytesBody([]byte("bytes of "+key)),
		cosapi.PutOptions{WriteOptions: options})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) setDefault(encryption cosapi.BucketEncryption) {
	w.t.Helper()
	if err := w.client.PutBucketEncryption(w.t.Context(), w.bucket(), encryption); err != nil {
		w.t.Fatal(err)
	}
}

// hardKeys are keys that a wrong decoding confuses, and what it confuses them with.
var hardKeys = []string{
	"plain", "with space", "with%20space", "a+b", "a%2Bb", "a b", "a%2Fb", "a/b",
	"a,b", `"q"`, "加密", "!*'()&=?#",
}

var infrequentKeys = []string{"plain", "加密"}

// fill makes the user's objects: most are plain, some must not be touched.
func (w *world) fill() {
	w.t.Helper()
	for _, key := range hardKeys {
		w.put(w.prefix+key, cosapi.NoEncryption{}, "STANDARD")
	}
	w.put(w.prefix+"right", cosapi.SSECOS{Algorithm: "SM4"}, "STANDARD")
	w.put(w.prefix+"archived", cosapi.NoEncryption{}, "ARCHIVE")
	w.put("elsewhere/x", cosapi.NoEncryption{}, "STANDARD")
	w.advance(minute)
}

// fillInfrequent makes objects of the other class that jobs may have, and says how many.
func (w *world) fillInfrequent() int {
	w.t.Helper()
	for _, key := range infrequentKeys {
		w.put(w.prefix+"ia/"+key, cosapi.NoEncryption{}, "STANDARD_IA")
	}
	w.advance(minute)
	return len(infrequentKeys)
}

// facts is all of an object that must not change.
type facts struct {
	crc, class, contentType, meta, tags, acl string
}

func (w *world) look(key string) (facts, cosapi.ObjectInfo) {
	w.t.Helper()
	ctx := context.Background()
	info, err := w.client.Head(ctx, w.ref(key), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	acl, err := w.client.ACL(ctx, w.ref(key))
	if err != nil {
		w.t.Fatal(err)
	}
	tags, err := w.client.Tags(ctx, w.ref(key))
	if err != nil {
		w.t.Fatal(err)
	}
	return facts{
		crc: info.CRC64, class: info.StorageClass, contentType: info.Headers.ContentType,
		meta: fmt.Sprint(info.Headers.Metadata), tags: fmt.Sprint(tags), acl: fmt.Sprint(acl),
	}, info
}

// keys lists the whole bucket of the user.
func (w *world) keys() []string {
	w.t.Helper()
	page, err := w.client.List(context.Background(), cosapi.ListOptions{
		Region: region, Bucket: dataBucket,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var keys []string
	for _, object := range page.Objects {
		keys = append(keys, object.Key)
	}
	return keys
}

// snapshot is what the user has.
func (w *world) snapshot() (map[string]facts, map[string]cosapi.EncryptionStatus) {
	w.t.Helper()
	all, encryption := map[string]facts{}, map[string]cosapi.EncryptionStatus{}
	for _, key := range w.keys() {
		found, info := w.look(key)
		all[key], encryption[key] = found, info.Encryption
	}
	return all, encryption
}

// candidates are what an audit would find below the prefix.
func (w *world) candidates(wanted cosapi.EncryptionStatus) []audit.Candidate {
	w.t.Helper()
	var found []audit.Candidate
	for _, key := range w.keys() {
		if !strings.HasPrefix(key, w.prefix) {
			continue
		}
		_, info := w.look(key)
		if !satisfies(info.Encryption, wanted) {
			found = append(found, audit.Candidate{
				Ref: w.ref(key), StorageClass: info.StorageClass, Size: info.Size,
				LastModified: info.LastModified, Found: info.Encryption,
			})
		}
	}
	return found
}

// apply is what a guarantee does with an engine: recover, prove, collect, run.
func (w *world) apply(ctx context.Context, e *Engine) (Result, error) {
	w.t.Helper()
	e.strictness = Strict
	defer e.Abandon()
	total, err := e.Recover(ctx)
	if err != nil {
		return total, err
	}
	if err := e.Prove(ctx); err != nil {
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

// checkUntouched fails where anything of the user changed but an encryption from none to wanted.
func (w *world) checkUntouched(
	facts map[string]facts, encryption map[string]cosapi.EncryptionStatus,
	wanted cosapi.EncryptionStatus,
) (converted int) {
	w.t.Helper()
	now, nowEncryption := w.snapshot()
	if !slices.Equal(slices.Sorted(maps.Keys(now)), slices.Sorted(maps.Keys(facts))) {
		w.t.Errorf("the bucket holds %v, before %v", slices.Sorted(maps.Keys(now)),
			slices.Sorted(maps.Keys(facts)))
	}
	for key, was := range facts {
		switch {
		case now[key] != was:
			w.t.Errorf("%s was %+v and is %+v", key, was, now[key])
		case nowEncryption[key] == encryption[key]:
		case encryption[key].Mode == cosapi.ModeNone && satisfies(nowEncryption[key], wanted) &&
			strings.HasPrefix(key, w.prefix):
			converted++
		default:
			w.t.Errorf("%s was %s and is %s", key, encryption[key], nowEncryption[key])
		}
	}
	return converted
}

// checkAtRest fails where the engine left anything behind.
func (w *world) checkAtRest() {
	w.t.Helper()
	for _, job := range w.server.BatchJobs() {
		if !cosapi.JobStatus(job.Status).Final() {
			w.t.Errorf("left running: %+v", job)
		}
	}
	page, err := w.client.List(context.Background(), cosapi.ListOptions{
		Region: region, Bucket: evidenceBucket,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, object := range page.Objects {
		if !strings.Contains(object.Key, "/reports/") {
			w.t.Errorf("left in the evidence: %s", object.Key)
		}
	}
}
