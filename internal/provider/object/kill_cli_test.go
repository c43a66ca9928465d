package object_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

const (
	killedParts    = 64
	killedPartSize = 4 << 20
)

// TestCLIKilledUploadIsContinued kills Terraform and the provider while parts are being sent. The
// next apply sends only those parts that COS does not have.
func TestCLIKilledUploadIsContinued(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{ConnectionRate: 16 << 20, Discard: true})
	file, notes := pt.WriteFile(t, "large.bin", ""), t.TempDir()
	pt.Must(t, os.Truncate(file, killedParts*killedPartSize))
	// A file that was just written could still change unseen: it would be sent from the start.
	pt.Must(t, os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)))
	config := cloud.ProviderHCL(fmt.Sprintf("part_size = %d", killedPartSize)) + fmt.Sprintf(`
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
`, file, pt.KeyA)
	run := pt.NewCLI(t, config, map[string]string{"TF_COS_CHECKPOINT_DIR": notes})
	note, noted := run.KillApply(notes)
	if strings.Contains(note, pt.KeyA) {
		t.Errorf("the key is in the checkpoint:\n%s", note)
	}
	cloud.ResetJournal()
	run.MustRun("apply", "-auto-approve")
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
	uploads, err := cloud.SomebodyElse().ListUploads(t.Context(), pt.Region, pt.Bucket, "")
	pt.Must(t, err)
	left, err := os.ReadDir(notes)
	pt.Must(t, err)
	if len(uploads) != 0 || len(left) != 0 {
		t.Errorf("left behind: uploads %v, checkpoints %v", uploads, left)
	}
}
