package object_test

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// TestCLIImportWithGeneratedConfiguration imports an object of each mode with a configuration
// that Terraform writes, and shows that no way of replacing one deletes the only copy.
func TestCLIImportWithGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	imports := ""
	for name, encryption := range map[string]cosapi.Encryption{
		"cos": cosapi.SSECOS{Algorithm: "AES256"}, "kms": cosapi.SSEKMS{KeyID: pt.CMK},
		"c": cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
	} {
		cloud.Upload(name, "the only copy", encryption)
		imports += "import {\n  to = cos_encrypted_object." + name + "\n  id = \"" +
			pt.Bucket + "/" + name + "\"\n}\n"
	}
	provider := pt.RequiredProviders + cloud.ProviderHCL("customer_keys = var.keys") +
		"variable \"keys\" {\n  type = map(string)\n  ephemeral = true\n}\n"
	run := pt.NewCLI(t, provider+imports, map[string]string{
		"TF_VAR_keys": `{main="` + pt.KeyA + `"}`,
	})
	cloud.ResetJournal()
	plan := run.MustRun("plan", "-generate-config-out=generated.tf")
	if !strings.Contains(plan, "3 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("plan with generated configuration:\n%s", plan)
	}
	run.MustRun("apply", "-auto-approve")
	run.Write(provider)
	if again := run.MustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the import:\n%s", again)
	}
	pt.ExpectError(t, run.MustFail("plan", "-replace=cos_encrypted_object.c"), "has no body", "source")
	run.MustRun("taint", "cos_encrypted_object.kms")
	pt.ExpectError(t, run.MustFail("plan"), "has no body")
	for _, entry := range cloud.Journal() {
		if entry.Op != "HeadObject" && !strings.HasPrefix(entry.Op, "Get") {
			t.Errorf("%s %s", entry.Op, entry.Key)
		}
	}
}

// TestCLIReplacementBeforeDestructionKeepsTheObject: core creates the new object and then
// destroys the old one, which is the same.
func TestCLIReplacementBeforeDestructionKeepsTheObject(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	config := func(trigger string) string {
		return pt.RequiredProviders + cloud.ProviderHCL("") + `
resource "terraform_data" "trigger" {
  input = "` + trigger + `"
}

resource "cos_encrypted_object" "x" {
  bucket    = "examplebucket-1250000000"
  key       = "replaced"
  content   = "written for ` + trigger + `"
  overwrite = true
  sse {
    cos {}
  }
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.trigger]
  }
}
`
	}
	run := pt.NewCLI(t, config("one"), nil)
	run.MustRun("apply", "-auto-approve")
	run.Write(config("two"))
	text := run.MustRun("apply", "-auto-approve")
	if !strings.Contains(text, "1 added") || !strings.Contains(text, "Object kept") {
		t.Errorf("apply with create_before_destroy:\n%s", text)
	}
	if n := cloud.Requests("DeleteObject"); n != 0 {
		t.Errorf("%d DeleteObject, want none", n)
	}
	want := cosapi.CRC64([]byte("written for two"))
	if info := cloud.Head(pt.Ref("replaced"), nil); info.CRC64 != want {
		t.Errorf("CRC64 = %s, want that of the new object", info.CRC64)
	}
	if again := run.MustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the replacement:\n%s", again)
	}
}
