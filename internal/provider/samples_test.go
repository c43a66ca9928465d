package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// The tests of this file are the calls of Tencent's page "Server-side encryption" of the Python
// SDK (document 46482), one test for each, in their Terraform form. CONTRIBUTING.md has the table.

// The page's two keys.
const (
	sampleKey            = "00000000000000000000000000000001"
	sampleDestinationKey = "00000000000000000000000000000002"
)

// sampleServer has the page's keys in its keyring and cuts files into parts of 1 MiB.
func sampleServer(t *testing.T, c *pt.Cloud) *pt.Server {
	t.Helper()
	return pt.NewServerIn(t, c, map[string]string{
		"TF_COS_COPY_THRESHOLD": "1048576", "TF_COS_COPY_PART_SIZE": "1048576",
		"TF_COS_CHECKPOINT_DIR": "off",
	}, pt.Attrs{
		"part_size": 1 << 20,
		"customer_keys": map[string]string{
			"sample": sampleKey, "destination": sampleDestinationKey,
		},
	})
}

// sampleMode is one of the page's three chapters.
type sampleMode struct {
	key        string
	sse        []pt.Attrs
	mode       cosapi.Mode
	encryption cosapi.Encryption
	opening    []pt.Attrs
}

func sampleSSECOS() sampleMode {
	return sampleMode{
		key: "sdk-sse-cos", sse: pt.SSECOS(), mode: cosapi.ModeSSECOS, encryption: cosapi.SSECOS{},
	}
}

func sampleSSEKMS() sampleMode {
	kmsContext := map[string]string{"test": "test"}
	return sampleMode{
		key: "sdk-sse-kms", mode: cosapi.ModeSSEKMS,
		sse:        pt.SSEKMS(pt.Attrs{"key_id": pt.CMK, "context": kmsContext}),
		encryption: cosapi.SSEKMS{KeyID: pt.CMK, Context: kmsContext},
	}
}

func sampleSSEC(t *testing.T) sampleMode {
	t.Helper()
	return sampleMode{
		key: "sdk-sse-c", mode: cosapi.ModeSSEC, sse: pt.SSEC(pt.Attrs{"key_name": "sample"}),
		encryption: cosapi.SSEC{Key: pt.MustKey(t, sampleKey)},
		opening:    pt.OpeningC(pt.Attrs{"key_name": "sample"}),
	}
}

func TestSampleUploadSSECOS(t *testing.T) { t.Parallel(); sampleUpload(t, sampleSSECOS(), "123") }
func TestSampleUploadSSEKMS(t *testing.T) { t.Parallel(); sampleUpload(t, sampleSSEKMS(), "123") }
func TestSampleUploadSSEC(t *testing.T)   { t.Parallel(); sampleUpload(t, sampleSSEC(t), "00000") }

// sampleUpload is client.put_object: the resource with content.
func sampleUpload(t *testing.T, sample sampleMode, content string) {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	object := sampleServer(t, c).Object()
	object.MustApply(pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "content": content, "sse": sample.sse,
	})
	object.Expect(pt.Attrs{"encryption.mode": string(sample.mode)})
	if c.Requests("PutObject") != 1 {
		t.Errorf("requests = %v, want one PutObject", c.Ops())
	}
}

func TestSampleDownloadSSECOS(t *testing.T) { t.Parallel(); sampleDownload(t, sampleSSECOS()) }
func TestSampleDownloadSSEKMS(t *testing.T) { t.Parallel(); sampleDownload(t, sampleSSEKMS()) }
func TestSampleDownloadSSEC(t *testing.T)   { t.Parallel(); sampleDownload(t, sampleSSEC(t)) }

// sampleDownload is client.get_object: the data source with read_content.
func sampleDownload(t *testing.T, sample sampleMode) {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref(sample.key), "123", cosapi.WriteOptions{Encryption: sample.encryption})
	state := sampleServer(t, c).MustRead(pt.ObjectType, pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "sse": sample.opening, "read_content": true,
	})
	pt.ExpectState(t, state, pt.Attrs{"content": "123", "encryption.mode": string(sample.mode)})
}

func TestSampleAdvancedUploadSSECOS(t *testing.T) {
	t.Parallel()
	sampleAdvancedUpload(t, sampleSSECOS())
}

func TestSampleAdvancedUploadSSEKMS(t *testing.T) {
	t.Parallel()
	sampleAdvancedUpload(t, sampleSSEKMS())
}

func TestSampleAdvancedUploadSSEC(t *testing.T) {
	t.Parallel()
	sampleAdvancedUpload(t, sampleSSEC(t))
}

// sampleAdvancedUpload is client.upload_file: the resource with source, by parts.
func sampleAdvancedUpload(t *testing.T, sample sampleMode) {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	file := filepath.Join(t.TempDir(), sample.key+".local")
	pt.Must(t, os.WriteFile(file, sampleContent(), 0o600))
	object := sampleServer(t, c).Object()
	object.MustApply(pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "source": file, "sse": sample.sse,
	})
	object.Expect(pt.Attrs{
		"encryption.mode": string(sample.mode), "crc64ecma": cosapi.CRC64(sampleContent()),
	})
	if c.Requests("UploadPart") != 3 || c.Requests("CompleteMultipartUpload") != 1 {
		t.Errorf("requests = %v, want three parts", c.Ops())
	}
}

// sampleContent is three parts of 1 MiB.
func sampleContent() []byte { return []byte(strings.Repeat("0123456789abcdef", 3<<16)) }

func TestSampleAdvancedDownloadSSECOS(t *testing.T) {
	t.Parallel()
	sampleAdvancedDownload(t, sampleSSECOS())
}

func TestSampleAdvancedDownloadSSEKMS(t *testing.T) {
	t.Parallel()
	sampleAdvancedDownload(t, sampleSSEKMS())
}

func TestSampleAdvancedDownloadSSEC(t *testing.T) {
	t.Parallel()
	sampleAdvancedDownload(t, sampleSSEC(t))
}

// sampleAdvancedDownload is client.download_file: the data source with output_path.
func sampleAdvancedDownload(t *testing.T, sample sampleMode) {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref(sample.key), string(sampleContent()),
		cosapi.WriteOptions{Encryption: sample.encryption})
	file := filepath.Join(t.TempDir(), sample.key+".local")
	sampleServer(t, c).MustRead(pt.ObjectType, pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "sse": sample.opening, "output_path": file,
	})
	pt.ExpectFile(t, file, string(sampleContent()))
}

// TestSampleHeadSSEC is client.head_object: the data source.
func TestSampleHeadSSEC(t *testing.T) {
	t.Parallel()
	sample := sampleSSEC(t)
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref(sample.key), "00000", cosapi.WriteOptions{Encryption: sample.encryption})
	state := sampleServer(t, c).MustRead(pt.ObjectType, pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "sse": sample.opening,
	})
	pt.ExpectState(t, state, pt.Attrs{
		"encryption.mode": "SSE-C", "encryption.algorithm": "AES256", "size": 5,
		"encryption.customer_key_md5": pt.MustKey(t, sampleKey).MD5(),
	})
	c.ExpectOps("HeadObject")
}

// TestSampleCopySSEC is client.copy_object, between two keys: the copy data source.
func TestSampleCopySSEC(t *testing.T) {
	t.Parallel()
	c := sampleCopy(t, "00000")
	if c.Requests("PutObjectCopy") != 1 {
		t.Errorf("requests = %v, want one PutObjectCopy", c.Ops())
	}
}

// TestSampleAdvancedCopySSEC is client.copy, which copies by parts: the copy data source too.
func TestSampleAdvancedCopySSEC(t *testing.T) {
	t.Parallel()
	c := sampleCopy(t, string(sampleContent()))
	if c.Requests("UploadPartCopy") != 3 {
		t.Errorf("requests = %v, want three UploadPartCopy", c.Ops())
	}
}

func sampleCopy(t *testing.T, content string) *pt.Cloud {
	t.Helper()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("sdk-sse-c"), content, cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, sampleKey)},
	})
	sampleServer(t, c).MustRead(pt.CopyType, pt.Attrs{
		"bucket": pt.Bucket, "key": "sdk-sse-c-copy", "sse": pt.SSEC(pt.Attrs{"key_name": "destination"}),
		"copy_source": []pt.Attrs{{
			"bucket": pt.Bucket, "key": "sdk-sse-c", "region": pt.Region,
			"sse": pt.OpeningC(pt.Attrs{"key_name": "sample"}),
		}},
	})
	key := pt.MustKey(t, sampleDestinationKey)
	got, _, err := c.SomebodyElse().Content(t.Context(), pt.Ref("sdk-sse-c-copy"), &key, 1<<30)
	pt.Must(t, err)
	if string(got) != content {
		t.Error("the copy has other bytes")
	}
	return c
}

// TestSampleRestoreSSEC is client.restore_object: the restore resource.
func TestSampleRestoreSSEC(t *testing.T) {
	t.Parallel()
	sample := sampleSSEC(t)
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref(sample.key), "00000", cosapi.WriteOptions{
		Encryption: sample.encryption, StorageClass: "ARCHIVE",
	})
	restore := sampleServer(t, c).Resource(pt.RestoreType)
	restore.MustApply(pt.Attrs{
		"bucket": pt.Bucket, "key": sample.key, "days": 1, "tier": "Expedited",
		"sse": sample.opening,
	})
	restore.Expect(pt.Attrs{"restored": true, "tier": "Expedited"})
}
