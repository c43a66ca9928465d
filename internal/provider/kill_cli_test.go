//go:build unix

package provider

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

const (
	killedParts    = 64
	killedPartSize = 4 << 20
)

// TestCLIKilledUploadIsContinued kills Terraform and the provider while parts are being sent. The
// next apply sends only those parts that COS does not have.
func TestCLIKilledUploadIsContinued(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{ConnectionRate: 16 << 20, Discard: true})
	file, notes := writeFile(t, "large.bin", ""), t.TempDir()
	must(t, os.Truncate(file, killedParts*killedPartSize))
	// A file that was just written could still change unseen: it would be sent from the start.
	must(t, os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)))
	config := cloud.providerHCL(fmt.Sprintf("part_size = %d", killedPartSize)) + fmt.Sprintf(`
terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}

resource "cos_encrypted_object" "large" {
  bucket = "examplebucket-1250000000"
  key    = "large.bin"
  source = %q
  sse {
    c {
      key_wo         = %q
      key_wo_version = 1
    }
  }
}
`, file, testKeyA)
	run := newCLIRun(t, config, map[string]string{"TF_COS_CHECKPOINT_DIR": notes})
	note, noted := run.killApply(notes)
	if strings.Contains(note, testKeyA) {
		t.Errorf("the key is in the checkpoint:\n%s", note)
	}
	cloud.ResetJournal()
	run.mustRun("apply", "-auto-approve")
	if n := cloud.Requests("InitiateMultipartUpload"); n != 0 {
		t.Errorf("%d uploads were begun, want none", n)
	}
	sent := map[int]bool{}
	for _, entry := range cloud.Journal() {
		if entry.Op == "UploadPart" {
			sent[entry.PartNumber] = true
		}
	}
	if len(sent)+noted != killedParts {
		t.Errorf("%d parts were sent where %d of %d were there", len(sent), noted, killedParts)
	}
	uploads, err := cloud.somebodyElse().ListUploads(t.Context(), testRegion, testBucket, "")
	must(t, err)
	left, err := os.ReadDir(notes)
	must(t, err)
	if len(uploads) != 0 || len(left) != 0 {
		t.Errorf("left behind: uploads %v, checkpoints %v", uploads, left)
	}
}

// killApply runs an apply, kills it and the provider when parts are noted, and returns the
// checkpoint and how many parts it names.
func (r *cliRun) killApply(notes string) (string, int) {
	r.t.Helper()
	command := exec.CommandContext(r.t.Context(), r.cli, "apply", "-auto-approve")
	command.Dir, command.Env = r.dir, r.env
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	// The provider is in the process group of Terraform.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(r.t, command.Start())
	for notedParts(notes) < 4 {
		if r.t.Context().Err() != nil {
			r.t.Fatal("no part was ever noted")
		}
		time.Sleep(time.Millisecond)
	}
	must(r.t, syscall.Kill(-command.Process.Pid, syscall.SIGKILL))
	if err := command.Wait(); err == nil {
		r.t.Fatalf("the killed apply succeeded:\n%s", output.String())
	}
	return checkpointText(notes), notedParts(notes)
}

// checkpointText is the text of all checkpoints in a folder.
func checkpointText(notes string) string {
	files, _ := filepath.Glob(filepath.Join(notes, "*"))
	var all strings.Builder
	for _, file := range files {
		text, _ := os.ReadFile(file)
		all.Write(text)
	}
	return all.String()
}

// notedParts is how many parts the only checkpoint names: each has a line, after that of the head.
func notedParts(notes string) int { return strings.Count(checkpointText(notes), "\n") - 1 }
