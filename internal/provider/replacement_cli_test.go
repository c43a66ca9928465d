package provider

import (
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
)

// TestCLIImportWithGeneratedConfiguration imports an object of each mode with a configuration
// that Terraform writes, and shows that no way of replacing one deletes the only copy.
func TestCLIImportWithGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, cosemu.Config{})
	imports := ""
	for name, encryption := range map[string]cosapi.Encryption{
		"cos": cosapi.SSECOS{Algorithm: "AES256"}, "kms": cosapi.SSEKMS{KeyID: testCMK},
		"c": cosapi.SSEC{Key: mustKey(t, testKeyA)},
	} {
		cloud.upload(name, "the only copy", encryption)
		imports += "import {\n  to = cos_encrypted_object." + name + "\n  id = \"" +
			testBucket + "/" + name + "\"\n}\n"
	}
	provider := requiredProviders + cloud.providerHCL("customer_keys = var.keys") +
		"variable \"keys\" {\n  type = map(string)\n  ephemeral = true\n}\n"
	run := newCLIRun(t, provider+imports, map[string]string{
		"TF_VAR_keys": `{main="` + testKeyA + `"}`,
	})
	cloud.ResetJournal()
	plan := run.mustRun("plan", "-generate-config-out=generated.tf")
	if !strings.Contains(plan, "3 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("plan with generated configuration:\n%s", plan)
	}
	run.mustRun("apply", "-auto-approve")
	run.write(provider)
	if again := run.mustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the import:\n%s", again)
	}
	expectError(t, run.mustFail("plan", "-replace=cos_encrypted_object.c"), "has no body", "source")
	run.mustRun("taint", "cos_encrypted_object.kms")
	expectError(t, run.mustFail("plan"), "has no body")
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
	cloud := newCloud(t, cosemu.Config{})
	config := func(trigger string) string {
		return requiredProviders + cloud.providerHCL("") + `
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
	run := newCLIRun(t, config("one"), nil)
	run.mustRun("apply", "-auto-approve")
	run.write(config("two"))
	text := run.mustRun("apply", "-auto-approve")
	if !strings.Contains(text, "1 added") || !strings.Contains(text, "Object kept") {
		t.Errorf("apply with create_before_destroy:\n%s", text)
	}
	if n := cloud.Requests("DeleteObject"); n != 0 {
		t.Errorf("%d DeleteObject, want none", n)
	}
	want := cosapi.CRC64([]byte("written for two"))
	if info := cloud.head(testRef("replaced"), nil); info.CRC64 != want {
		t.Errorf("CRC64 = %s, want that of the new object", info.CRC64)
	}
	if again := run.mustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the replacement:\n%s", again)
	}
}
