package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// needsTerraform skips a test on an older Terraform, and on OpenTofu, which lacks what Terraform
// 1.14 brought. What it shows is tested at the level of the protocol with any CLI.
func (r *cliRun) needsTerraform(oldest string) {
	r.t.Helper()
	text, found := strings.CutPrefix(r.mustRun("version"), "Terraform v")
	text, _, _ = strings.Cut(text, "\n")
	current, err := version.NewVersion(text)
	if !found || err != nil || current.LessThan(version.Must(version.NewVersion(oldest))) {
		r.t.Skipf("needs Terraform %s or newer", oldest)
	}
}

// TestCLIQueryImportsAndActionsReencrypt finds objects, imports all of them with the configuration
// that Terraform generates, and encrypts one that is not managed.
func TestCLIQueryImportsAndActionsReencrypt(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	config := requiredProviders + cloud.providerHCL(`customer_keys = { main = "`+testKeyA+`" }`)
	run := newCLIRun(t, config, nil)
	run.needsTerraform("1.14")
	cloud.store("managed/c", "text", cosapi.SSEC{Key: mustKey(t, testKeyA)})
	cloud.store("managed/cos", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.store("managed/kms", "text", cosapi.SSEKMS{KeyID: testCMK})
	cloud.store("other", "text", cosapi.NoEncryption{})
	must(t, os.WriteFile(filepath.Join(run.dir, "managed.tfquery.hcl"), []byte(`
list "cos_encrypted_object" "managed" {
  provider = cos
  config {
    bucket = "examplebucket-1250000000"
    prefix = "managed/"
  }
}
`), 0o600))
	if text := run.mustRun("query", "-generate-config-out=generated.tf"); !strings.Contains(text,
		"key=managed/kms") || strings.Contains(text, "key=other") {
		t.Errorf("query:\n%s", text)
	}
	if text := run.mustRun("apply", "-auto-approve"); !strings.Contains(text,
		"3 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("apply:\n%s", text)
	}
	run.write(config + `
action "cos_encrypted_object_reencrypt" "other" {
  config {
    bucket = "examplebucket-1250000000"
    key    = "other"
    sse {
      kms {}
    }
  }
}
`)
	text := run.mustRun("apply", "-auto-approve",
		"-invoke=action.cos_encrypted_object_reencrypt.other")
	if !strings.Contains(text, "other is encrypted with SSE-KMS now, before it was not encrypted") {
		t.Errorf("action:\n%s", text)
	}
	if mode := cloud.head(testRef("other"), nil).Encryption.Mode; mode != cosapi.ModeSSEKMS {
		t.Errorf("mode = %s, want SSE-KMS", mode)
	}
}
