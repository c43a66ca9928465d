// Package providertest is what the tests of the provider stand on: an emulator of COS, the provider
// behind its protocol with a core that checks it, and the CLI. Only tests import it.
package providertest

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

	"github.com/tencentyun/cos-go-sdk-v5"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// SourceObject is somebody else's object to copy.
func (c *Cloud) SourceObject(
	bucket, region, key, text string, encryption cosapi.Encryption,
) cosapi.WriteResult {
	c.T.Helper()
	result, err := c.SomebodyElse().Put(c.T.Context(),
		cosapi.ObjectRef{Region: region, Bucket: bucket, Key: key},
		cosapi.BytesBody([]byte(text)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{Encryption: encryption}})
	Must(c.T, err)
	return result
}

// ExpectOneCopy checks that bytes were moved by the server, once, and none were sent.
func (c *Cloud) ExpectOneCopy() {
	c.T.Helper()
	if n := c.Requests("PutObjectCopy"); n != 1 || c.BytesIn() != 0 {
		c.T.Errorf("requests = %v, want one copy and no upload", c.Ops())
	}
}

// Copied is the copy as somebody else sees it.
func (c *Cloud) Copied(mode cosapi.Mode) cosapi.ObjectInfo {
	c.T.Helper()
	if mode != cosapi.ModeSSEC {
		return c.Head(Ref("to"), nil)
	}
	key := MustKey(c.T, KeyB)
	return c.Head(Ref("to"), &key)
}

// Place puts an object into the cloud as somebody else would.
func (c *Cloud) Place(ref cosapi.ObjectRef, content string, options cosapi.WriteOptions) {
	c.T.Helper()
	if options.Encryption == nil {
		options.Encryption = cosapi.NoEncryption{}
	}
	_, err := c.SomebodyElse().Put(c.T.Context(), ref, cosapi.BytesBody([]byte(content)),
		cosapi.PutOptions{WriteOptions: options})
	if err != nil {
		c.T.Fatalf("placing %s: %v", ref, err)
	}
	c.ResetJournal()
}

// The buckets and keys that every test cloud has.
const (
	Region          = "ap-guangzhou"
	Bucket          = "examplebucket-1250000000"
	VersionedBucket = "versioned-1250000000"
	CMK             = "48ba38aa-26c5-11ea-855c-52540085dead"
	OtherCMK        = "11111111-26c5-11ea-855c-525400851111"
	KeyA            = "0123456789ABCDEF0123456789ABCDEF"
	KeyB            = "fedcba9876543210fedcba9876543210"
	KeyC            = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
	// KeyD is in no keyring.
	KeyD = "Zx9!Yw8@Xv7#Wu6$Vt5%Us4^Tr3&Sq2*"
)

// Cloud is a COS emulator of a test's own. The journal is what tests assert on: the requests
// made and, as often, the requests not made.
type Cloud struct {
	*cosemu.Server
	T testing.TB
	// CaFile is the emulator's CA certificate as a file, for custom_ca_bundle.
	CaFile string
}

// NewCloud starts an emulator that stops with the test. An empty config gets the test buckets
// and two KMS keys.
func NewCloud(t testing.TB, config cosemu.Config) *Cloud {
	t.Helper()
	if config.Buckets == nil {
		config.Buckets = []string{Bucket}
	}
	if config.VersionedBuckets == nil {
		config.VersionedBuckets = []string{VersionedBucket}
	}
	if config.KMSKeys == nil {
		config.KMSKeys = []string{CMK, OtherCMK}
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
	return &Cloud{Server: server, T: t, CaFile: caFile}
}

// SomebodyElse is a client that is not the provider under test: the colleague who changes
// objects behind Terraform's back.
func (c *Cloud) SomebodyElse() *cosapi.Client {
	c.T.Helper()
	pair := cosemu.DocumentedCredential()
	client, err := cosapi.New(cosapi.Config{
		Endpoint:    c.EndpointTemplate(),
		CABundle:    c.CACertificate(),
		Credentials: credential.Static(pair.SecretID, pair.SecretKey, ""),
		UserAgent:   Colleague,
	})
	if err != nil {
		c.T.Fatal(err)
	}
	return client
}

// Colleague is the User-Agent of SomebodyElse.
const Colleague = "colleague"

// Ops returns the operations that the journal holds, in order.
func (c *Cloud) Ops() []string {
	var ops []string
	for _, entry := range c.Journal() {
		ops = append(ops, entry.Op)
	}
	return ops
}

// BytesIn returns how many body bytes the emulator received since the last reset.
func (c *Cloud) BytesIn() int64 {
	var n int64
	for _, entry := range c.Journal() {
		n += entry.BytesIn
	}
	return n
}

// ExpectOps fails the test unless the journal holds exactly these operations, in any order, and
// then empties it. No operations means: nothing was asked of COS.
func (c *Cloud) ExpectOps(want ...string) {
	c.T.Helper()
	got := c.Ops()
	c.ResetJournal()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.T.Errorf("requests made = %v, want %v", got, want)
	}
}

// ProviderAttrs is the provider configuration that reaches this cloud.
func (c *Cloud) ProviderAttrs() Attrs {
	credential := cosemu.DocumentedCredential()
	return Attrs{
		"region":           Region,
		"secret_id":        credential.SecretID,
		"secret_key":       credential.SecretKey,
		"endpoint":         c.EndpointTemplate(),
		"custom_ca_bundle": c.CaFile,
	}
}

// ProviderHCL is the same as a provider block; extra goes into the block.
func (c *Cloud) ProviderHCL(extra string) string {
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
`, Region, credential.SecretID, credential.SecretKey, c.EndpointTemplate(), c.CaFile, extra)
}

// ref names an object of the test bucket.
func Ref(key string) cosapi.ObjectRef {
	return cosapi.ObjectRef{Region: Region, Bucket: Bucket, Key: key}
}

// MustKey parses an SSE-C key that a test made up.
func MustKey(t testing.TB, text string) cosapi.CustomerKey {
	t.Helper()
	key, err := cosapi.ParseCustomerKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Head is what COS says of an object, asked by somebody else.
func (c *Cloud) Head(ref cosapi.ObjectRef, key *cosapi.CustomerKey) cosapi.ObjectInfo {
	c.T.Helper()
	info, err := c.SomebodyElse().Head(context.Background(), ref, key)
	if err != nil {
		c.T.Fatalf("somebody else's HEAD: %v", err)
	}
	return info
}

// SetDefaultEncryption is the bucket's owner, who chooses a KMS key for all objects that are
// written without naming an encryption.
func (c *Cloud) SetDefaultEncryption(kmsKey string) {
	c.T.Helper()
	_, err := c.Owner(Bucket).Bucket.PutEncryption(c.T.Context(),
		&cos.BucketPutEncryptionOptions{
			Rule: &cos.BucketEncryptionConfiguration{SSEAlgorithm: "KMS", KMSMasterKeyID: kmsKey},
		})
	Must(c.T, err)
}

// SuspendVersioning is the bucket's owner, who wants no more versions.
func (c *Cloud) SuspendVersioning(bucket string) {
	c.T.Helper()
	_, err := c.Owner(bucket).Bucket.PutVersioning(c.T.Context(),
		&cos.BucketPutVersionOptions{Status: "Suspended"})
	Must(c.T, err)
}

// Owner is the official SDK on a bucket, for what our client has no calls for.
func (c *Cloud) Owner(bucket string) *cos.Client {
	c.T.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.CACertificate())
	address, err := url.Parse(strings.NewReplacer("{bucket}", bucket,
		"{region}", Region).Replace(c.EndpointTemplate()))
	Must(c.T, err)
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

// Store lets somebody else upload a text object, with the headers that a configuration without
// headers asks for.
func (c *Cloud) Store(key, text string, encryption cosapi.Encryption) {
	c.T.Helper()
	_, err := c.SomebodyElse().Put(context.Background(), Ref(key),
		cosapi.BytesBody([]byte(text)), cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: encryption,
			Headers:    cosapi.ObjectHeaders{ContentType: "text/plain; charset=utf-8"},
		}})
	Must(c.T, err)
	c.ResetJournal()
}

// Rewrite is a colleague who copies an object onto itself in another way.
func (c *Cloud) Rewrite(key string, read *cosapi.CustomerKey, change func(*cosapi.WriteOptions)) {
	c.T.Helper()
	info := c.Head(Ref(key), read)
	options := cosapi.WriteOptions{
		Encryption: cosapi.NoEncryption{}, Headers: info.Headers, StorageClass: info.StorageClass,
	}
	change(&options)
	_, err := c.SomebodyElse().Copy(c.T.Context(),
		cosapi.CopySource{Ref: Ref(key), Key: read, Size: info.Size, CRC64: info.CRC64},
		Ref(key), cosapi.CopyOptions{WriteOptions: options, KeepTags: true})
	Must(c.T, err)
}

// Upload is a colleague who replaces an object's bytes.
func (c *Cloud) Upload(key, text string, encryption cosapi.Encryption) {
	c.T.Helper()
	_, err := c.SomebodyElse().Put(c.T.Context(), Ref(key), cosapi.BytesBody([]byte(text)),
		cosapi.PutOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: encryption, Headers: cosapi.ObjectHeaders{ContentType: "text/plain"},
		}})
	Must(c.T, err)
}

// Overwrite replaces the bytes of an object and nothing else.
func (c *Cloud) Overwrite(key, text string) {
	c.T.Helper()
	c.Place(Ref(key), text, cosapi.WriteOptions{
		Encryption: cosapi.SSECOS{Algorithm: "AES256"},
		Headers:    c.Head(Ref(key), nil).Headers,
	})
}

// IsGone fails the test if COS has the object.
func (c *Cloud) IsGone(key string) {
	c.T.Helper()
	_, found, err := c.SomebodyElse().Find(c.T.Context(), Ref(key))
	Must(c.T, err)
	if found {
		c.T.Errorf("%s was left behind", key)
	}
}

// ExpectRefresh expects one HEAD; of an object whose key only the configuration has, one listing
// and the HEAD of the plan.
func (c *Cloud) ExpectRefresh(keyless bool) {
	c.T.Helper()
	if keyless {
		c.ExpectOps("GetBucket", "HeadObject")
		return
	}
	c.ExpectOps("HeadObject")
}

// StripEncryption is a colleague who copies an object onto itself without asking for encryption.
func (c *Cloud) StripEncryption(key string) {
	c.T.Helper()
	info := c.Head(Ref(key), nil)
	_, err := c.SomebodyElse().Copy(c.T.Context(),
		cosapi.CopySource{Ref: Ref(key), Size: info.Size, CRC64: info.CRC64}, Ref(key),
		cosapi.CopyOptions{WriteOptions: cosapi.WriteOptions{
			Encryption: cosapi.NoEncryption{}, Headers: info.Headers,
		}})
	Must(c.T, err)
}
