package audit

import (
	"context"
	"crypto/sha256"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

const (
	testRegion      = "ap-guangzhou"
	testBucket      = "examplebucket-1250000000"
	versionedBucket = "versioned-1250000000"
	evidenceBucket  = "audit-1250000000"
	testCMK         = "48ba38aa-26c5-11ea-855c-52540085dead"
	otherCMK        = "11111111-26c5-11ea-855c-52540085beef"
)

// rig is an account with an audited bucket and one for evidence, and a clock that tests move.
type rig struct {
	t       testing.TB
	cloud   *cosemu.Server
	client  *cosapi.Client
	options Options
	ahead   atomic.Int64 // how far the clocks are ahead, nanoseconds
}

func newRig(t testing.TB, config cosemu.Config) *rig {
	t.Helper()
	r := &rig{t: t}
	config.Buckets = append([]string{testBucket}, evidenceBucket)
	config.VersionedBuckets = []string{versionedBucket}
	config.KMSKeys = []string{testCMK, otherCMK}
	config.Now = r.now
	cloud, err := cosemu.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	r.cloud = cloud
	r.client = r.newClient(nil)
	evidence := Evidence{
		Client: r.client, Prefix: "encryption/",
		Bucket: cosapi.ObjectRef{Region: testRegion, Bucket: evidenceBucket},
	}
	r.options = Options{
		Client: r.client, Bucket: cosapi.ObjectRef{Region: testRegion, Bucket: testBucket},
		Evidence: &evidence, Secret: NewSecret(),
		Expectation: Expectation{Wanted: &cosapi.EncryptionStatus{Mode: cosapi.ModeSSECOS}},
		Now:         r.now,
	}
	return r
}

func (r *rig) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

// later moves the clocks of the cloud and of this machine.
func (r *rig) later(d time.Duration) { r.ahead.Add(int64(d)) }

func (r *rig) newClient(observe func(context.Context, cosapi.Event)) *cosapi.Client {
	r.t.Helper()
	pair := cosemu.DocumentedCredential()
	client, err := cosapi.New(cosapi.Config{
		Endpoint:    r.cloud.EndpointTemplate(),
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
		CABundle:    r.cloud.CACertificate(), Observe: observe, Now: r.now,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return client
}

// run audits and must not fail.
func (r *rig) run(change ...func(*Options)) *Findings {
	r.t.Helper()
	options := r.options
	for _, f := range change {
		f(&options)
	}
	found, err := Run(r.t.Context(), options)
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// after is run with the ledger of an audit before, as the next audit has it.
func (r *rig) after(last *Findings, change ...func(*Options)) *Findings {
	r.t.Helper()
	r.cloud.ResetJournal()
	return r.run(append([]func(*Options){func(o *Options) { o.Last = last.Ledger }}, change...)...)
}

func (r *rig) ref(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: testRegion, Bucket: testBucket, Key: key}
}

// put stores an object as somebody else would, and makes it old enough to be trusted.
func (r *rig) put(key string, encryption cosapi.Encryption) {
	r.t.Helper()
	r.putYoung(key, encryption)
	if err := r.cloud.AgeObject(testBucket, key, time.Hour); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) putYoung(key string, encryption cosapi.Encryption) {
	r.t.Helper()
	_, err := r.newClient(nil).Put(r.t.Context(), r.ref(key), cosapi.BytesBody([]byte(key)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: encryption}})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) remove(key string) {
	r.t.Helper()
	if _, err := r.client.Delete(r.t.Context(), r.ref(key)); err != nil {
		r.t.Fatal(err)
	}
}

// heads are the keys that were looked at since the journal was reset.
func (r *rig) heads() []string {
	keys := []string{}
	for _, entry := range r.cloud.Journal() {
		if entry.Op == "HeadObject" && entry.Bucket != evidenceBucket {
			keys = append(keys, entry.Key)
		}
	}
	return keys
}

// key makes a customer key.
func key(t testing.TB, text string) cosapi.CustomerKey {
	t.Helper()
	parsed, err := cosapi.ParseCustomerKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

const keyA, keyB = "0123456789ABCDEF0123456789ABCDEF", "abcdef0123456789abcdef0123456789"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// age makes an object older.
func (r *rig) age(key string, by time.Duration) {
	r.t.Helper()
	must(r.t, r.cloud.AgeObject(testBucket, key, by))
}

// touch makes an object younger by a minute and changes nothing else.
func (r *rig) touch(key string) { r.age(key, -time.Minute) }

// setTimeOf gives an object the Last-Modified of another.
func (r *rig) setTimeOf(key, like string) {
	r.t.Helper()
	mine, _ := r.cloud.Inspect(testBucket, key)
	other, _ := r.cloud.Inspect(testBucket, like)
	r.age(key, mine.LastModified.Sub(other.LastModified))
}

// evidence reads an object of the evidence bucket.
func (r *rig) evidence(key string) []byte {
	r.t.Helper()
	content, _, err := r.client.Content(r.t.Context(), cosapi.ObjectRef{
		Region: testRegion, Bucket: evidenceBucket, Key: key,
	}, nil, 1<<30)
	must(r.t, err)
	return content
}

func (r *rig) putEvidence(key string, content []byte) {
	r.t.Helper()
	_, err := r.client.Put(r.t.Context(), cosapi.ObjectRef{
		Region: testRegion, Bucket: evidenceBucket, Key: key,
	}, cosapi.BytesBody(content), cosapi.PutOptions{WriteOptions: evidenceOptions})
	must(r.t, err)
}

// newPrint is a fingerprint that looks like one.
func newPrint(i int) fingerprint {
	sum := sha256.Sum256([]byte(strconv.Itoa(i)))
	return fingerprint(sum[:16])
}
