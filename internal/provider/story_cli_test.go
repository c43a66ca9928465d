package provider_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	tfresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// objectHCL is the resource x with a body and an encryption.
func objectHCL(key, body, sse string) string {
	return `
resource "cos_encrypted_object" "x" {
  bucket = "examplebucket-1250000000"
  key    = "` + key + `"
  ` + body + `
  sse {
    ` + sse + `
  }
}
`
}

func expectX(attribute, want string) statecheck.StateCheck {
	at := tfjsonpath.New(attribute)
	if attribute == "mode" {
		at = tfjsonpath.New("encryption").AtMapKey("mode")
	}
	return statecheck.ExpectKnownValue("cos_encrypted_object.x", at, knownvalue.StringExact(want))
}

func actionX(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction("cos_encrypted_object.x", action),
	}}
}

// TestCLIGuardDefaultArchive: an object of somebody else is refused, then taken over; the bucket's
// default hides nothing; an archived object is left alone, and re-encrypted from its body.
func TestCLIGuardDefaultArchive(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.SetDefaultEncryption(pt.OtherCMK)
	cloud.Upload("x", "theirs", cosapi.NoEncryption{})
	body := `content = "ours"`
	provider := cloud.ProviderHCL("")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{
				Config:      provider + objectHCL("x", body, "cos {}"),
				ExpectError: regexp.MustCompile(`(?s)exists already.*terraform import`),
			},
			{
				Config:            provider + objectHCL("x", body+"\n  overwrite = true", "cos {}"),
				ConfigStateChecks: []statecheck.StateCheck{expectX("mode", "SSE-COS")},
			},
			{
				PreConfig: func() {
					pt.Must(t, cloud.SetObjectStorageClass(pt.Bucket, "x", "ARCHIVE"))
				},
				Config:            provider + objectHCL("x", body+"\n  overwrite = true", "cos {}"),
				ConfigPlanChecks:  actionX(plancheck.ResourceActionNoop),
				ConfigStateChecks: []statecheck.StateCheck{expectX("storage_class", "ARCHIVE")},
			},
			{
				Config:            provider + objectHCL("x", body, "kms {}"),
				ConfigPlanChecks:  actionX(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{expectX("mode", "SSE-KMS")},
			},
		},
	})
	cloud.IsGone("x")
}

// TestCLICopySourceFollowsItsSource copies an object of the same apply, and again when it changed.
func TestCLICopySourceFollowsItsSource(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	config := func(text string) string {
		return cloud.ProviderHCL("") + `
resource "cos_encrypted_object" "from" {
  bucket  = "examplebucket-1250000000"
  key     = "from"
  content = "` + text + `"
  sse {
    cos {}
  }
}
` + objectHCL("to", `copy_source {
    bucket   = cos_encrypted_object.from.bucket
    key      = cos_encrypted_object.from.key
    if_match = cos_encrypted_object.from.etag
  }`, "kms {}")
	}
	step := func(text string) resource.TestStep {
		return resource.TestStep{
			Config: config(text),
			ConfigStateChecks: []statecheck.StateCheck{
				expectX("crc64ecma", cosapi.CRC64([]byte(text))), expectX("mode", "SSE-KMS"),
			},
		}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps:                    []resource.TestStep{step("first"), step("second")},
	})
}

// TestCLIChangesBetweenPlanAndApply: the file, then the object, changes after the plan was saved.
func TestCLIChangesBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	file := pt.WriteFile(t, "report.txt", "one")
	run := pt.NewCLI(t, pt.RequiredProviders+cloud.ProviderHCL("")+
		objectHCL("x", `source = "`+filepath.ToSlash(file)+`"`, "cos {}"), nil)
	run.MustRun("apply", "-auto-approve")

	pt.Must(t, os.WriteFile(file, []byte("two"), 0o600))
	run.MustRun("plan", "-out=file.tfplan")
	pt.Must(t, os.WriteFile(file, []byte("three"), 0o600))
	text := run.MustFail("apply", "file.tfplan")
	pt.ExpectError(t, text, "changed after the plan", "Plan again")
	if strings.Contains(text, "bug in the provider") {
		t.Errorf("Terraform blames the provider:\n%s", text)
	}

	run.MustRun("plan", "-out=object.tfplan")
	cloud.Upload("x", "theirs", cosapi.SSECOS{Algorithm: "AES256"})
	theirs := cloud.Head(pt.Ref("x"), nil)
	pt.ExpectError(t, run.MustFail("apply", "object.tfplan"), "changed after the plan", "Plan again")
	if now := cloud.Head(pt.Ref("x"), nil); now.ETag != theirs.ETag {
		t.Error("their object was overwritten")
	}
	run.MustRun("apply", "-auto-approve")
	if again := run.MustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the repair:\n%s", again)
	}
}

// TestCLIMoveFromTheOfficialProvider moves an object that the official provider has created, and
// encrypts it in place. The official provider is played by one that only keeps a state.
func TestCLIMoveFromTheOfficialProvider(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("x", "moved", cosapi.NoEncryption{})
	factories := pt.FactoriesWithEcho()
	factories["tencentcloud"] = providerserver.NewProtocol6WithError(&officialProvider{})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: `
resource "tencentcloud_cos_bucket_object" "x" {
  bucket  = "examplebucket-1250000000"
  key     = "x"
  content = "moved"
}
`},
			{
				PreConfig: cloud.ResetJournal,
				Config: cloud.ProviderHCL("") + objectHCL("x", `content = "moved"`, "cos {}") + `
moved {
  from = tencentcloud_cos_bucket_object.x
  to   = cos_encrypted_object.x
}
`,
				ConfigPlanChecks:  actionX(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{expectX("mode", "SSE-COS")},
			},
		},
	})
	if in := cloud.BytesIn(); in != 0 || cloud.Requests("PutObjectCopy") != 1 {
		t.Errorf("%d bytes uploaded, requests %v; want one copy", in, cloud.Ops())
	}
}

// officialProvider has the one resource of the official provider that can be moved from.
type officialProvider struct{ tfprovider.Provider }

func (*officialProvider) Metadata(
	_ context.Context, _ tfprovider.MetadataRequest, resp *tfprovider.MetadataResponse,
) {
	resp.TypeName = "tencentcloud"
}

func (*officialProvider) Schema(
	context.Context, tfprovider.SchemaRequest, *tfprovider.SchemaResponse,
) {
}

func (*officialProvider) Configure(
	context.Context, tfprovider.ConfigureRequest, *tfprovider.ConfigureResponse,
) {
}

func (*officialProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*officialProvider) Resources(context.Context) []func() tfresource.Resource {
	return []func() tfresource.Resource{func() tfresource.Resource { return &officialObject{} }}
}

// officialObject keeps what it is told.
type officialObject struct{}

func (*officialObject) Metadata(
	_ context.Context, _ tfresource.MetadataRequest, resp *tfresource.MetadataResponse,
) {
	resp.TypeName = "tencentcloud_cos_bucket_object"
}

func (*officialObject) Schema(
	_ context.Context, _ tfresource.SchemaRequest, resp *tfresource.SchemaResponse,
) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"bucket":  schema.StringAttribute{Required: true},
		"key":     schema.StringAttribute{Required: true},
		"content": schema.StringAttribute{Optional: true},
	}}
}

func (*officialObject) Create(
	_ context.Context, req tfresource.CreateRequest, resp *tfresource.CreateResponse,
) {
	resp.State.Raw = req.Plan.Raw
}

func (*officialObject) Read(context.Context, tfresource.ReadRequest, *tfresource.ReadResponse) {}

func (*officialObject) Update(
	_ context.Context, req tfresource.UpdateRequest, resp *tfresource.UpdateResponse,
) {
	resp.State.Raw = req.Plan.Raw
}

func (*officialObject) Delete(
	context.Context, tfresource.DeleteRequest, *tfresource.DeleteResponse,
) {
}

// TestCLIModuleChoosesTheMode: a module makes the blocks of sse of a value that only the apply
// knows.
func TestCLIModuleChoosesTheMode(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	run := pt.NewCLI(t, pt.RequiredProviders+cloud.ProviderHCL("")+`
resource "terraform_data" "mode" {
  input = "kms"
}

module "object" {
  source = "./object"
  mode   = terraform_data.mode.output
}
`, nil)
	pt.Must(t, os.Mkdir(run.Dir+"/object", 0o700))
	pt.Must(t, os.WriteFile(run.Dir+"/object/main.tf", []byte(pt.RequiredProviders+`
variable "mode" {
  type = string
}

resource "cos_encrypted_object" "x" {
  bucket  = "examplebucket-1250000000"
  key     = "module"
  content = "text"
  sse {
    dynamic "cos" {
      for_each = var.mode == "cos" ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = var.mode == "kms" ? [1] : []
      content {}
    }
  }
}
`), 0o600))
	run.MustRun("get")
	run.MustRun("apply", "-auto-approve")
	if mode := cloud.Head(pt.Ref("module"), nil).Encryption.Mode; mode != cosapi.ModeSSEKMS {
		t.Errorf("mode = %s, want SSE-KMS", mode)
	}
	if again := run.MustRun("plan"); !strings.Contains(again, "No changes") {
		t.Errorf("plan after the apply:\n%s", again)
	}
}
