package object_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// everyModeHCL is a module's way of choosing the encryption: dynamic blocks over a map.
const everyModeHCL = `
variable "keys" {
  type      = map(string)
  ephemeral = true
}

variable "mode" {
  type    = map(string)
  default = { cos = "cos", kms = "kms", c = "c" }
}

variable "key_name" {
  type    = string
  default = "main"
}

resource "cos_encrypted_object" "x" {
  for_each = var.mode
  bucket   = "examplebucket-1250000000"
  key      = "reports/${each.key}.csv"
  content  = "a,b,${each.key}"
  sse {
    dynamic "cos" {
      for_each = each.value == "cos" ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = each.value == "kms" ? [1] : []
      content {
        context = { team = "finance" }
      }
    }
    dynamic "c" {
      for_each = each.value == "c" ? [1] : []
      content {
        key_name = var.key_name
      }
    }
  }
}
`

func keyVariables(extra config.Variables) config.Variables {
	variables := config.Variables{"keys": config.MapVariable(map[string]config.Variable{
		"main": config.StringVariable(pt.KeyA), "next": config.StringVariable(pt.KeyB),
	})}
	for name, value := range extra {
		variables[name] = value
	}
	return variables
}

// expectMode is what COS reports of an instance of cos_encrypted_object.x.
func expectMode(instance string, mode cosapi.Mode) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(fmt.Sprintf("cos_encrypted_object.x[%q]", instance),
		tfjsonpath.New("encryption").AtMapKey("mode"), knownvalue.StringExact(string(mode)))
}

func updates(instances ...string) resource.ConfigPlanChecks {
	var checks []plancheck.PlanCheck
	for _, instance := range instances {
		checks = append(checks, plancheck.ExpectResourceAction(
			fmt.Sprintf("cos_encrypted_object.x[%q]", instance), plancheck.ResourceActionUpdate))
	}
	return resource.ConfigPlanChecks{PreApply: checks}
}

// nothingLeft destroys by taking everything out of the configuration. The test kit cannot look at
// a state with for_each when it destroys by itself.
func nothingLeft(cloud *pt.Cloud) resource.TestStep {
	return resource.TestStep{Config: cloud.ProviderHCL("")}
}

func TestCLICreateDriftReencryptRotateDestroy(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	hcl := cloud.ProviderHCL("customer_keys = var.keys") + everyModeHCL
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{
				Config: hcl, ConfigVariables: keyVariables(nil),
				ConfigStateChecks: []statecheck.StateCheck{
					expectMode("cos", cosapi.ModeSSECOS), expectMode("kms", cosapi.ModeSSEKMS),
					expectMode("c", cosapi.ModeSSEC),
				},
			},
			{
				PreConfig: func() {
					cloud.StripEncryption("reports/cos.csv")
					cloud.StripEncryption("reports/kms.csv")
					cloud.ResetJournal()
				},
				Config: hcl, ConfigVariables: keyVariables(nil),
				ConfigPlanChecks: updates("cos", "kms"),
				ConfigStateChecks: []statecheck.StateCheck{
					expectMode("cos", cosapi.ModeSSECOS), expectMode("kms", cosapi.ModeSSEKMS),
				},
			},
			{
				Config: hcl, ConfigVariables: keyVariables(config.Variables{
					"key_name": config.StringVariable("next"),
				}),
				ConfigPlanChecks: updates("c"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(`cos_encrypted_object.x["c"]`,
						tfjsonpath.New("encryption").AtMapKey("customer_key_md5"),
						knownvalue.StringExact(pt.MustKey(t, pt.KeyB).MD5())),
				},
			},
			nothingLeft(cloud),
		},
	})
	if in := cloud.BytesIn(); in != 0 {
		t.Errorf("%d bytes were uploaded after the first apply", in)
	}
	for _, key := range []string{"cos", "kms", "c"} {
		cloud.IsGone("reports/" + key + ".csv")
	}
}

func TestCLIImportBlockPlansClean(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	cloud.Upload("imported", "theirs", cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)})
	hcl := cloud.ProviderHCL("customer_keys = var.keys") + `
variable "keys" {
  type      = map(string)
  ephemeral = true
}

import {
  to = cos_encrypted_object.x
  id = "examplebucket-1250000000/imported"
}

resource "cos_encrypted_object" "x" {
  bucket = "examplebucket-1250000000"
  key    = "imported"
  sse {
    c {
      key_name = "main"
    }
  }
}
`
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config: hcl, ConfigVariables: keyVariables(nil),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("cos_encrypted_object.x", plancheck.ResourceActionNoop),
			}},
		}},
	})
	if n := cloud.Requests("PutObject") + cloud.Requests("PutObjectCopy"); n != 1 {
		t.Errorf("%d writes, want only somebody else's", n)
	}
}

func TestCLIFileSetFollowsItsFiles(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	dir := t.TempDir()
	write := func(name, text string) {
		pt.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("a.txt", "a")
	write("b.txt", "b")
	hcl := cloud.ProviderHCL("") + fmt.Sprintf(`
resource "cos_encrypted_object" "x" {
  for_each = fileset(%[1]q, "*")
  bucket   = "examplebucket-1250000000"
  key      = each.value
  source   = "%[1]s/${each.value}"
  sse {
    cos {}
  }
}
`, dir)
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{Config: hcl},
			{
				PreConfig: func() {
					write("a.txt", "changed")
					cloud.ResetJournal()
				},
				Config: hcl, ConfigPlanChecks: updates("a.txt"),
			},
			nothingLeft(cloud),
		},
	})
	if n := cloud.Requests("PutObject"); n != 1 {
		t.Errorf("%d uploads for one changed file", n)
	}
}

func TestCLIMistakesAreShownAtTheirLine(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	object := func(sse string) string {
		return cloud.ProviderHCL("") + fmt.Sprintf(`
resource "cos_encrypted_object" "x" {
  bucket  = "examplebucket-1250000000"
  key     = "a"
  content = "a"
  %s
}
`, sse)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{Config: object(""), ExpectError: regexp.MustCompile("Encryption is not chosen")},
			{
				Config: object("sse {\n    cos {}\n    kms {}\n  }"),
				ExpectError: regexp.MustCompile(
					`(?s)More than one kind of encryption.*kms \{\}`),
			},
			{
				Config:      object("sse {\n    c {\n      key_name = \"nobody\"\n    }\n  }"),
				ExpectError: regexp.MustCompile(`(?s)not in the keyring.*key_name = "nobody"`),
			},
		},
	})
}
