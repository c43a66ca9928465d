package object_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestCLIQueryImportsAndActionsReencrypt finds objects, imports all of them with the configuration
// that Terraform generates, and encrypts one that is not managed.
func TestCLIQueryImportsAndActionsReencrypt(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	config := pt.RequiredProviders + cloud.ProviderHCL(`customer_keys = { main = "`+pt.KeyA+`" }`)
	run := pt.NewCLI(t, config, nil)
	run.NeedsTerraform("1.14")
	cloud.Store("managed/c", "text", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	cloud.Store("managed/cos", "text", cosapi.SSECOS{Algorithm: "AES256"})
	cloud.Store("managed/kms", "text", cosapi.SSEKMS{KeyID: pt.CMK})
	cloud.Store("other", "text", cosapi.NoEncryption{})
	pt.Must(t, os.WriteFile(filepath.Join(run.Dir, "managed.tfquery.hcl"), []byte(`
list "cos_encrypted_object" "managed" {
  provider = cos
  config {
    bucket = "examplebucket-1250000000"
    prefix = "managed/"
  }
}
`), 0o600))
	if text := run.MustRun("query", "-generate-config-out=generated.tf"); !strings.Contains(text,
		"key=managed/kms") || strings.Contains(text, "key=other") {
		t.Errorf("query:\n%s", text)
	}
	if text := run.MustRun("apply", "-auto-approve"); !strings.Contains(text,
		"3 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("apply:\n%s", text)
	}
	run.Write(config + `
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
	text := run.MustRun("apply", "-auto-approve",
		"-invoke=action.cos_encrypted_object_reencrypt.other")
	if !strings.Contains(text, "other is encrypted with SSE-KMS now, before it was not encrypted") {
		t.Errorf("action:\n%s", text)
	}
	if mode := cloud.Head(pt.Ref("other"), nil).Encryption.Mode; mode != cosapi.ModeSSEKMS {
		t.Errorf("mode = %s, want SSE-KMS", mode)
	}
}
