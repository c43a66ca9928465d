package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cos "github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// The buckets and keys that every test cloud has.
const (
	testRegion          = "ap-guangzhou"
	testBucket          = "examplebucket-1250000000"
	testVersionedBucket = "versioned-1250000000"
	testCMK             = "48ba38aa-26c5-11ea-855c-52540085dead"
	testOtherCMK        = "11111111-26c5-11ea-855c-525400851111"
	testKeyA            = "0123456789ABCDEF0123456789ABCDEF"
	testKeyB            = "fedcba9876543210fedcba9876543210"
	testKeyC            = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
	// testKeyD is in no keyring.
	testKeyD = "Zx9!Yw8@Xv7#Wu6$Vt5%Us4^Tr3&Sq2*"
)

// cloud is a COS emulator of a test's own. The journal is what tests assert on: the requests
// made and, as often, the requests not made.
type cloud struct {
	*cosemu.Server
	t testing.TB
	// caFile is the emulator's CA certificate as a file, for custom_ca_bundle.
	caFile string
}

// newCloud starts an emulator that stops with the test. An empty config gets the test buckets
// and two KMS keys.
func newCloud(t testing.TB, config cosemu.Config) *cloud {
	t.Helper()
	if config.Buckets == nil {
		config.Buckets = []string{testBucket}
	}
	if config.VersionedBuckets == nil {
		config.VersionedBuckets = []string{testVersionedBucket}
	}
	if config.KMSKeys == nil {
		config.KMSKeys = []string{testCMK, testOtherCMK}
	}
	server, err := cosemu.Start(config)
	if err != nil {
		t.Fatalf("starting the emulator: %v", err)
	}
	t.Cleanup(func() { _ = server.Close() })
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, server.CACertificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	return &cloud{Server: server, t: t, caFile: caFile}
}

// somebodyElse is a client that is not the provider under test: the colleague who changes
// objects behind Terraform's back.
func (c *cloud) somebodyElse() *cosapi.Client {
	c.t.Helper()
	pair := cosemu.DocumentedCredential()
	client, err := cosapi.New(cosapi.Config{
		Endpoint:    c.EndpointTemplate(),
		CABundle:    c.CACertificate(),
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return client
}

// ops returns the operations that the journal holds, in order.
func (c *cloud) ops() []string {
	var ops []string
	for _, entry := range c.Journal() {
		ops = append(ops, entry.Op)
	}
	return ops
}

// bytesIn returns how many body bytes the emulator received since the last reset.
func (c *cloud) bytesIn() int64 {
	var n int64
	for _, entry := range c.Journal() {
		n += entry.BytesIn
	}
	return n
}

// expectOps fails the test unless the journal holds exactly these operations, in any order, and
// then empties it. No operations means: nothing was asked of COS.
func (c *cloud) expectOps(want ...string) {
	c.t.Helper()
	got := c.ops()
	c.ResetJournal()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.t.Errorf("requests made = %v, want %v", got, want)
	}
}

// providerAttrs is the provider configuration that reaches this cloud.
func (c *cloud) providerAttrs() attrs {
	credential := cosemu.DocumentedCredential()
	return attrs{
		"region":           testRegion,
		"secret_id":        credential.SecretID,
		"secret_key":       credential.SecretKey,
		"endpoint":         c.EndpointTemplate(),
		"custom_ca_bundle": c.caFile,
	}
}

// providerHCL is the same as a provider block; extra goes into the block.
func (c *cloud) providerHCL(extra string) string {
	credential := cosemu.DocumentedCredential()
	return fmt.Sprintf(`
provider "cos" {
  region           = %q
  secret_id        = %q
  secret_key       = %q
  endpoint         = %q
  custom_ca_bundle = %q
  %s
}
`, testRegion, credential.SecretID, credential.SecretKey, c.EndpointTemplate(), c.caFile, extra)
}

// ref names an object of the test bucket.
func testRef(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: testRegion, Bucket: testBucket, Key: key}
}

// mustKey parses an SSE-C key that a test made up.
func mustKey(t testing.TB, text string) cosapi.CustomerKey {
	t.Helper()
	key, err := cosapi.ParseCustomerKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// head is what COS says of an object, asked by somebody else.
func (c *cloud) head(ref cosapi.ObjectRef, key *cosapi.CustomerKey) cosapi.ObjectInfo {
	c.t.Helper()
	info, err := c.somebodyElse().Head(context.Background(), ref, key)
	if err != nil {
		c.t.Fatalf("somebody else's HEAD: %v", err)
	}
	return info
}

// setDefaultEncryption is the bucket's owner, who chooses a KMS key for all objects that are
// written without naming an encryption.
func (c *cloud) setDefaultEncryption(kmsKey string) {
	c.t.Helper()
	_, err := c.owner(testBucket).Bucket.PutEncryption(c.t.Context(),
		&cos.BucketPutEncryptionOptions{
			Rule: &cos.BucketEncryptionConfiguration{SSEAlgorithm: "KMS", KMSMasterKeyID: kmsKey},
		})
	must(c.t, err)
}

// suspendVersioning is the bucket's owner, who wants no more versions.
func (c *cloud) suspendVersioning(bucket string) {
	c.t.Helper()
	_, err := c.owner(bucket).Bucket.PutVersioning(c.t.Context(),
		&cos.BucketPutVersionOptions{Status: "Suspended"})
	must(c.t, err)
}

// owner is the official SDK on a bucket, for what our client has no calls for.
func (c *cloud) owner(bucket string) *cos.Client {
	c.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.CACertificate())
	address, err := url.Parse(strings.NewReplacer("{bucket}", bucket,
		"{region}", testRegion).Replace(c.EndpointTemplate()))
	must(c.t, err)
	credential := cosemu.DocumentedCredential()
	return cos.NewClient(&cos.BaseURL{BucketURL: address}, &http.Client{
		Transport: &cos.AuthorizationTransport{
			SecretID: credential.SecretID, SecretKey: credential.SecretKey,
			Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots},
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+address.Port())
				},
			},
		},
	})
}
