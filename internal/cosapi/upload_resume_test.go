package cosapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi/credential"
)

// interrupted is an upload of a file in six parts that breaks off after three of them.
type interrupted struct {
	*harness
	ref     ObjectRef
	content []byte
	file    string
	notes   string // folder of the checkpoints
}

const (
	resumedParts  = 6
	resumedBefore = 3 // parts that COS has when the upload breaks off
)

func newInterrupted(t *testing.T) *interrupted {
	t.Helper()
	dir := t.TempDir()
	u := &interrupted{
		file: filepath.Join(dir, "body"), notes: filepath.Join(dir, "notes"),
		content: randomBytes(resumedParts*minPartSize - 1000),
	}
	u.harness = startEmulator(t, cosemu.Config{}, func(c *Config) {
		c.PartSize, c.CheckpointDir, c.TransferConcurrency = minPartSize, u.notes, 1
	})
	u.ref = u.harness.ref(t, "resumed")
	u.write(t, u.content)
	return u
}

// randomBytes are always the same.
func randomBytes(n int) []byte {
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

// write makes the file one that has not changed for an hour.
func (u *interrupted) write(t *testing.T, content []byte) {
	t.Helper()
	err := os.WriteFile(u.file, content, 0o600)
	if err == nil {
		err = os.Chtimes(u.file, time.Time{}, time.Now().Add(-time.Hour))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (u *interrupted) put(ctx context.Context, c *Client, options PutOptions) (WriteResult, error) {
	body, err := OpenFile(u.file)
	if err != nil {
		return WriteResult{}, err
	}
	defer func() { _ = body.Close() }()
	return c.Put(ctx, u.ref, body, options)
}

// breakOff leaves an upload and its checkpoint behind: a part is refused, and so is the abort.
func (u *interrupted) breakOff(t *testing.T, options PutOptions) {
	t.Helper()
	before := len(u.uploads(t))
	u.emulator.AddFaults(
		cosemu.Fault{Op: "UploadPart", Skip: resumedBefore, Times: 100, Status: 403},
		cosemu.Fault{Op: "AbortMultipartUpload", Times: 100, Status: 403},
	)
	if _, err := u.put(t.Context(), u.Client, options); Classify(err) != ClassPermission {
		t.Fatalf("error = %v, want the refusal of a part", err)
	}
	u.emulator.ClearFaults()
	if n := len(u.uploads(t)) - before; n != 1 {
		t.Fatalf("%d uploads left behind, want 1", n)
	}
	u.checkpoint(t)
	u.emulator.ResetJournal()
}

func (u *interrupted) uploads(t *testing.T) []Upload {
	t.Helper()
	uploads, err := u.ListUploads(t.Context(), u.ref.Region, u.ref.Bucket, "")
	if err != nil {
		t.Fatal(err)
	}
	return uploads
}

// checkpoint is the text of the only checkpoint.
func (u *interrupted) checkpoint(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(u.notes)
	if err != nil || len(entries) != 1 {
		t.Fatalf("checkpoints: %v, %v, want one", entries, err)
	}
	text, err := os.ReadFile(filepath.Join(u.notes, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// counts are the requests since the journal was reset, reads of the checks left out.
func (u *interrupted) counts() map[string]int {
	counts := map[string]int{}
	for _, op := range u.ops() {
		counts[op]++
	}
	return counts
}

// isStored checks that the object is the file and that nothing else is left anywhere.
func (u *interrupted) isStored(t *testing.T, key *CustomerKey) {
	t.Helper()
	got, _, err := u.Content(t.Context(), u.ref, key, 1<<30)
	if err != nil || !bytes.Equal(got, u.content) {
		t.Errorf("the object is not the file: %d bytes, %v", len(got), err)
	}
	u.nothingLeft(t)
}

func (u *interrupted) nothingLeft(t *testing.T) {
	t.Helper()
	if uploads := u.uploads(t); len(uploads) != 0 {
		t.Errorf("uploads left behind: %v", uploads)
	}
	entries, err := os.ReadDir(u.notes)
	if err != nil || len(entries) != 0 {
		t.Errorf("checkpoints left behind: %v, %v", entries, err)
	}
}

// continuedCounts are the requests of an upload that is continued, startedCounts of one that
// starts over.
func continuedCounts() map[string]int {
	return map[string]int{
		"ListParts": 1, "UploadPart": resumedParts - resumedBefore, "CompleteMultipartUpload": 1,
	}
}

func startedCounts() map[string]int {
	return map[string]int{
		"AbortMultipartUpload": 1, "InitiateMultipartUpload": 1, "UploadPart": resumedParts,
		"CompleteMultipartUpload": 1,
	}
}

// killedUpload tells a child process what to upload, as JSON in its environment.
type killedUpload struct {
	Endpoint, CA, File, Notes, Encryption string
	Ref                                   ObjectRef
}

const killedUploadVariable = "COS_TEST_KILLED_UPLOAD"

// TestChildThatIsKilled is the child process of TestUploadContinuesAfterAKill, and nothing in any
// other run.
func TestChildThatIsKilled(t *testing.T) {
	t.Parallel()
	var job killedUpload
	if json.Unmarshal([]byte(os.Getenv(killedUploadVariable)), &job) != nil {
		return
	}
	ca, err := os.ReadFile(job.CA)
	if err != nil {
		t.Fatal(err)
	}
	pair := cosemu.DocumentedCredential()
	u := &interrupted{file: job.File, ref: job.Ref}
	parts := 0 // one at a time
	client := newTestClient(t, Config{
		Endpoint: job.Endpoint, CABundle: ca, PartSize: minPartSize, TransferConcurrency: 1,
		CheckpointDir: job.Notes,
		Credentials:   credential.Static(pair.SecretID, pair.SecretKey, ""),
		Observe: func(_ context.Context, e Event) {
			if e.Op == "UploadPart" {
				parts++
			}
			if parts > resumedBefore {
				select {} // stored, and not noted: here it is killed
			}
		},
	})
	all := (&harness{kmsKeys: []string{emulatorKMSKey, emulatorOtherKMSKey}}).encryptions(t)
	_, err = u.put(t.Context(), client, encrypted(all[job.Encryption]))
	t.Fatalf("the upload was not killed: %v", err)
}

func encrypted(e Encryption) PutOptions {
	return PutOptions{WriteOptions: WriteOptions{Encryption: e}}
}

func TestUploadContinuesAfterAKill(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"none", "cos", "kms-context", "ssec"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newInterrupted(t)
			u.kill(t, name)
			encryption := u.encryptions(t)[name]
			result, err := u.put(t.Context(), u.Client, encrypted(encryption))
			if err != nil {
				t.Fatal(err)
			}
			if result.CRC64 != CRC64(u.content) {
				t.Errorf("CRC64 %s, want that of the file, %s", result.CRC64, CRC64(u.content))
			}
			if diff := cmp.Diff(continuedCounts(), u.counts()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if mode := u.head(t, u.ref, readKey(encryption)).Encryption.Mode; mode != encryption.Mode() {
				t.Errorf("the object is %s, want %s", mode, encryption.Mode())
			}
			u.isStored(t, readKey(encryption))
		})
	}
}

// kill runs the upload in a process of its own and kills it when COS has some of the parts.
func (u *interrupted) kill(t *testing.T, encryption string) {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, u.emulator.CACertificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(killedUpload{
		Endpoint: u.config.Endpoint, CA: ca, File: u.file, Notes: u.notes, Ref: u.ref,
		Encryption: encryption,
	})
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildThatIsKilled$")
	child.Env = append(os.Environ(), killedUploadVariable+"="+string(job))
	var output bytes.Buffer
	child.Stdout, child.Stderr = &output, &output
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	noted := u.waitForParts(t.Context())
	if err := errors.Join(noted, child.Process.Kill()); err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
	if child.Wait() == nil || strings.Contains(output.String(), "FAIL") {
		t.Fatalf("the child ended by itself:\n%s", output.String())
	}
	u.emulator.ResetJournal()
}

// waitForParts waits until the child has noted all parts but the last one that it sent.
func (u *interrupted) waitForParts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := os.ReadFile(u.checkpointPath(u.ref))
		noted := strings.Count(string(text), "\n") - 1
		if err == nil && noted == resumedBefore && u.emulator.Requests("UploadPart") > noted {
			return nil
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

func TestCheckpointThatNoLongerMatchesIsAborted(t *testing.T) {
	t.Parallel()
	ssec := SSEC{Key: mustKey(t, canaryKey)}
	tests := map[string]struct {
		change func(*testing.T, *interrupted, *PutOptions)
		want   map[string]int
	}{
		"nothing": {func(*testing.T, *interrupted, *PutOptions) {}, continuedCounts()},
		"overwriting": {
			func(_ *testing.T, _ *interrupted, o *PutOptions) { o.ForbidOverwrite = true },
			continuedCounts(),
		},
		"file": {func(t *testing.T, u *interrupted, _ *PutOptions) {
			u.content[0]++
			u.write(t, u.content)
		}, startedCounts()},
		"header": {func(_ *testing.T, _ *interrupted, o *PutOptions) {
			o.Headers.CacheControl = "no-cache"
		}, startedCounts()},
		"tags": {func(_ *testing.T, _ *interrupted, o *PutOptions) {
			o.Tags = map[string]string{"team": "finance"}
		}, startedCounts()},
		"key": {func(t *testing.T, _ *interrupted, o *PutOptions) {
			o.Encryption = SSEC{Key: mustKey(t, otherKey)}
		}, startedCounts()},
		"mode": {func(_ *testing.T, _ *interrupted, o *PutOptions) {
			o.Encryption = SSEKMS{KeyID: emulatorKMSKey}
		}, startedCounts()},
		"part size": {func(_ *testing.T, u *interrupted, _ *PutOptions) {
			u.Client.config.PartSize += minPartSize / 2
		}, func() map[string]int {
			counts := startedCounts()
			counts["UploadPart"] = resumedParts * 2 / 3
			return counts
		}()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newInterrupted(t)
			options := encrypted(ssec)
			u.breakOff(t, options)
			test.change(t, u, &options)
			if _, err := u.put(t.Context(), u.Client, options); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, u.counts()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			u.isStored(t, readKey(options.Encryption))
		})
	}
}

func TestFileWrittenJustNowIsSentAgain(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	if err := os.Chtimes(u.file, time.Time{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	u.breakOff(t, encrypted(SSECOS{}))
	if _, err := u.put(t.Context(), u.Client, encrypted(SSECOS{})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(startedCounts(), u.counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	u.isStored(t, nil)
}

func TestPartsThatCOSNoLongerHasAreSentAgain(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	u.breakOff(t, encrypted(SSECOS{}))
	// Somebody sends another part under a number of this upload.
	m := u.newMultipart(u.ref, WriteOptions{Encryption: SSECOS{}}, []section{{size: minPartSize}})
	m.uploadID = u.uploads(t)[0].UploadID
	progress := u.newProgress(t.Context(), "UploadPart", u.ref, minPartSize).part()
	err := m.uploadPart(t.Context(), 0, BytesBody(make([]byte, minPartSize)), progress)
	if err != nil {
		t.Fatal(err)
	}
	u.emulator.ResetJournal()
	if _, err := u.put(t.Context(), u.Client, encrypted(SSECOS{})); err != nil {
		t.Fatal(err)
	}
	want := continuedCounts()
	want["UploadPart"]++
	if diff := cmp.Diff(want, u.counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	u.isStored(t, nil)
}

func TestUploadThatIsGoneStartsOver(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	u.breakOff(t, encrypted(SSECOS{}))
	if err := u.abort(t.Context(), u.ref, u.uploads(t)[0].UploadID); err != nil {
		t.Fatal(err)
	}
	u.emulator.ResetJournal()
	if _, err := u.put(t.Context(), u.Client, encrypted(SSECOS{})); err != nil {
		t.Fatal(err)
	}
	want := startedCounts()
	want["ListParts"] = 1
	if diff := cmp.Diff(want, u.counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	u.isStored(t, nil)
}

func TestCheckpointHoldsNoKeyAndIsPrivate(t *testing.T) {
	t.Parallel()
	u := newInterrupted(t)
	key := mustKey(t, canaryKey)
	u.breakOff(t, encrypted(SSEC{Key: key}))
	text := u.checkpoint(t)
	for _, form := range []string{canaryKey, base64.StdEncoding.EncodeToString([]byte(canaryKey))} {
		if strings.Contains(text, form) {
			t.Errorf("the key is in the checkpoint:\n%s", text)
		}
	}
	if !strings.Contains(text, key.MD5()) {
		t.Errorf("the MD5 of the key is not in the checkpoint:\n%s", text)
	}
	info, err := os.Stat(u.checkpointPath(u.ref))
	if err != nil {
		t.Fatal(err)
	}
	// Windows knows no such modes.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("mode %v, want 0600", mode)
	}
}
