package cosapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// harness is a place where the conformance suite runs: the emulator, or a real bucket. The suite
// says what COS does; the emulator is only trusted because both pass it.
type harness struct {
	*Client
	config    Config
	region    string
	bucket    string
	versioned string // bucket with versioning enabled, "" if there is none
	kmsKeys   []string
	prefix    string // of every key, so that runs do not meet

	emulator *cosemu.Server // nil for a real bucket
}

const (
	emulatorKMSKey      = "48ba38aa-26c5-11ea-855c-52540085dead"
	emulatorOtherKMSKey = "11111111-26c5-11ea-855c-52540085beef"
	versionedTestBucket = "versioned-1250000000"
)

// startEmulator returns the harness of a new emulator. adjust changes the client.
func startEmulator(t testing.TB, emulated cosemu.Config, adjust ...func(*Config)) *harness {
	t.Helper()
	emulated.Regions = []string{testRegion}
	emulated.Buckets = []string{testBucket}
	emulated.VersionedBuckets = []string{versionedTestBucket}
	emulated.KMSKeys = []string{emulatorKMSKey, emulatorOtherKMSKey}
	server, err := cosemu.Start(emulated)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	pair := cosemu.DocumentedCredential()
	config := Config{
		Endpoint:    server.EndpointTemplate(),
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
		CABundle:    server.CACertificate(),
		Sleep:       func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, change := range adjust {
		change(&config)
	}
	return &harness{
		Client: newTestClient(t, config), config: config, emulator: server,
		region: testRegion, bucket: testBucket, versioned: versionedTestBucket,
		kmsKeys: []string{emulatorKMSKey, emulatorOtherKMSKey},
	}
}

// realBucket returns the harness of the bucket that the environment names. COS_TEST_BUCKET,
// COS_TEST_REGION, COS_TEST_SECRET_ID and COS_TEST_SECRET_KEY are required; COS_TEST_TOKEN,
// COS_TEST_VERSIONED_BUCKET, COS_TEST_KMS_KEY and COS_TEST_OTHER_KMS_KEY add to it. Any server that
// claims to be COS can be judged: COS_TEST_ENDPOINT is its URL template, for example
// https://{bucket}.cos.{region}.localhost:9443, and COS_TEST_CA a file of CA certificates.
func realBucket(t *testing.T) *harness {
	t.Helper()
	bucket := os.Getenv("COS_TEST_BUCKET")
	if bucket == "" {
		t.Skip("COS_TEST_BUCKET is not set: this needs a real bucket and costs money")
	}
	config := Config{
		Credentials: credential.Static(
			os.Getenv("COS_TEST_SECRET_ID"), os.Getenv("COS_TEST_SECRET_KEY"), os.Getenv("COS_TEST_TOKEN")),
		Endpoint: os.Getenv("COS_TEST_ENDPOINT"),
	}
	if file := os.Getenv("COS_TEST_CA"); file != "" {
		ca, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		config.CABundle = ca
	}
	h := &harness{
		Client: newTestClient(t, config), config: config,
		region: os.Getenv("COS_TEST_REGION"), bucket: bucket,
		versioned: os.Getenv("COS_TEST_VERSIONED_BUCKET"),
		prefix:    fmt.Sprintf("%s%d/", livePrefix, time.Now().UnixNano()),
	}
	for _, name := range []string{"COS_TEST_KMS_KEY", "COS_TEST_OTHER_KMS_KEY"} {
		if key := os.Getenv(name); key != "" {
			h.kmsKeys = append(h.kmsKeys, key)
		}
	}
	return h
}

func newTestClient(t testing.TB, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.http.CloseIdleConnections)
	return client
}

// with returns another client of the same place.
func (h *harness) with(t testing.TB, change func(*Config)) *Client {
	t.Helper()
	config := h.config
	change(&config)
	return newTestClient(t, config)
}

// ref names an object of this run and deletes it when the test ends.
func (h *harness) ref(t testing.TB, key string) ObjectRef {
	t.Helper()
	return h.in(t, h.bucket, key)
}

func (h *harness) in(t testing.TB, bucket, key string) ObjectRef {
	t.Helper()
	ref := ObjectRef{Region: h.region, Bucket: bucket, Key: h.prefix + key}
	if h.emulator == nil {
		t.Cleanup(func() { _, _ = h.DeleteAllVersions(context.Background(), ref) })
	}
	return ref
}

// ops returns the operations that the emulator served since the last call, in order.
func (h *harness) ops() []string {
	var ops []string
	for _, entry := range h.emulator.Journal() {
		ops = append(ops, entry.Op)
	}
	h.emulator.ResetJournal()
	return ops
}

// store writes content in one request.
func (h *harness) store(
	t testing.TB, ref ObjectRef, content string, options WriteOptions,
) WriteResult {
	t.Helper()
	result, err := h.tryStore(t.Context(), ref, content, options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (h *harness) tryStore(
	ctx context.Context, ref ObjectRef, content string, options WriteOptions,
) (WriteResult, error) {
	header, err := options.writeHeader()
	if err != nil {
		return WriteResult{}, err
	}
	result := WriteResult{Size: int64(len(content))}
	req := request{op: "PutObject", ref: ref, header: header}
	err = h.do(ctx, req, func(ctx context.Context, sdk *cos.Client) (*cos.Response, error) {
		resp, err := sdk.Object.Put(ctx, ref.Key, bytes.NewReader([]byte(content)), nil)
		if err == nil {
			result.takeAnswer(resp.Header)
		}
		return resp, err
	})
	if err != nil {
		return WriteResult{}, err
	}
	return result, h.verifyEncryption(ctx, ref, options.Encryption, &result)
}

// head is Head of something that must exist.
func (h *harness) head(t testing.TB, ref ObjectRef, key *CustomerKey) ObjectInfo {
	t.Helper()
	info, err := h.Head(t.Context(), ref, key)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// encryptions are one value of every kind, two where a kind has several keys.
func (h *harness) encryptions(t testing.TB) map[string]Encryption {
	t.Helper()
	all := map[string]Encryption{
		"none":       NoEncryption{},
		"cos":        SSECOS{},
		"ssec":       SSEC{Key: mustKey(t, canaryKey)},
		"ssec-other": SSEC{Key: mustKey(t, otherKey)},
	}
	if len(h.kmsKeys) > 0 {
		all["kms"] = SSEKMS{KeyID: h.kmsKeys[0]}
		all["kms-context"] = SSEKMS{
			KeyID: h.kmsKeys[0], Context: map[string]string{"team": "finance", "a": "<&>"},
		}
	}
	if len(h.kmsKeys) > 1 {
		all["kms-other"] = SSEKMS{KeyID: h.kmsKeys[1]}
	}
	return all
}

func TestConformanceOfTheEmulator(t *testing.T) {
	t.Parallel()
	runConformance(t, startEmulator(t, cosemu.Config{}))
}

func TestConformanceOfARealBucket(t *testing.T) {
	t.Parallel()
	runConformance(t, realBucket(t))
}

func runConformance(t *testing.T, h *harness) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, *harness){
		"modes":           checkModes,
		"changes":         checkChangesOfEncryption,
		"wrong-keys":      checkWrongKeys,
		"headers":         checkHeaders,
		"odd-keys":        checkOddKeys,
		"ranges":          checkRanges,
		"tags":            checkTags,
		"acls":            checkACLs,
		"listing":         checkListing,
		"versions":        checkVersions,
		"conditions":      checkConditions,
		"forbid":          checkForbidOverwrite,
		"missing":         checkMissing,
		"kms-keys":        checkKMSKeys,
		"restore":         checkRestore,
		"storage-classes": checkStorageClasses,
		"credentials":     checkCredentials,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, h)
		})
	}
}

// statusIs reports whether err is an answer with one of the statuses.
func statusIs(err error, statuses ...int) bool {
	var failure *Error
	if !errors.As(err, &failure) {
		return false
	}
	for _, status := range statuses {
		if failure.Status == status {
			return true
		}
	}
	return false
}

// refusedKey are the statuses with which COS refuses a wrong or missing customer key. Its documents
// do not say which.
var refusedKey = []int{http.StatusBadRequest, http.StatusForbidden}
