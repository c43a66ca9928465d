package provider

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
)

// TestCLIInterruptedUploadLeavesNothing presses Ctrl-C while parts are being sent.
func TestCLIInterruptedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{ConnectionRate: 2 << 20, Discard: true})
	file := writeFile(t, "large.bin", "")
	must(t, os.Truncate(file, 256<<20))
	config := cloud.providerHCL("part_size = 4194304") + fmt.Sprintf(`
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
    cos {}
  }
}
`, file)
	run := newCLIRun(t, config, nil)
	command := exec.CommandContext(t.Context(), run.cli, "apply", "-auto-approve")
	command.Dir, command.Env = run.dir, run.env
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	must(t, command.Start())
	for cloud.Requests("UploadPart") == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no part was ever sent")
		}
		time.Sleep(10 * time.Millisecond)
	}
	interrupted := time.Now()
	must(t, command.Process.Signal(os.Interrupt))
	if err := command.Wait(); err == nil {
		t.Fatalf("the interrupted apply succeeded:\n%s", output.String())
	}
	t.Logf("the apply ended %s after Ctrl-C", time.Since(interrupted).Round(time.Millisecond))
	uploads, err := cloud.somebodyElse().ListUploads(t.Context(), testRegion, testBucket, "")
	must(t, err)
	if len(uploads) != 0 {
		t.Errorf("uploads left behind: %v\n%s", uploads, output.String())
	}
	if !strings.Contains(output.String(), "cancelled") {
		t.Errorf("the output does not say that the upload was cancelled:\n%s", output.String())
	}
	cloud.isGone("large.bin")
	if text := run.mustRun("plan"); !strings.Contains(text, "1 to add") {
		t.Errorf("the next plan does not create the object:\n%s", text)
	}
}
