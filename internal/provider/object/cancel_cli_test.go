package object_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestCLIInterruptedUploadLeavesNothing presses Ctrl-C while parts are being sent.
func TestCLIInterruptedUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{ConnectionRate: 2 << 20, Discard: true})
	file := pt.WriteFile(t, "large.bin", "")
	pt.Must(t, os.Truncate(file, 256<<20))
	config := cloud.ProviderHCL("part_size = 4194304") + fmt.Sprintf(`
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
	run := pt.NewCLI(t, config, nil)
	command := exec.CommandContext(t.Context(), run.CLI, "apply", "-auto-approve")
	command.Dir, command.Env = run.Dir, run.Env
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	pt.Must(t, command.Start())
	for cloud.Requests("UploadPart") == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no part was ever sent")
		}
		time.Sleep(10 * time.Millisecond)
	}
	interrupted := time.Now()
	pt.Must(t, command.Process.Signal(os.Interrupt))
	if err := command.Wait(); err == nil {
		t.Fatalf("the interrupted apply succeeded:\n%s", output.String())
	}
	t.Logf("the apply ended %s after Ctrl-C", time.Since(interrupted).Round(time.Millisecond))
	uploads, err := cloud.SomebodyElse().ListUploads(t.Context(), pt.Region, pt.Bucket, "")
	pt.Must(t, err)
	if len(uploads) != 0 {
		t.Errorf("uploads left behind: %v\n%s", uploads, output.String())
	}
	if !strings.Contains(output.String(), "cancelled") {
		t.Errorf("the output does not say that the upload was cancelled:\n%s", output.String())
	}
	cloud.IsGone("large.bin")
	if text := run.MustRun("plan"); !strings.Contains(text, "1 to add") {
		t.Errorf("the next plan does not create the object:\n%s", text)
	}
}
