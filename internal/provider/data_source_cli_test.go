package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	"github.com/encrypted-cos/terraform-provider-cos/internal/cosapi"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// expectOutput checks an output of the state.
func expectOutput(name, want string) statecheck.StateCheck {
	return statecheck.ExpectKnownOutputValue(name, knownvalue.StringExact(want))
}

func copyHCL(c *pt.Cloud, content string) string {
	return c.ProviderHCL("") + fmt.Sprintf(`
resource "cos_encrypted_object" "from" {
  bucket  = %[1]q
  key     = "from"
  content = %[2]q
  sse {
    cos {}
  }
}

data "cos_encrypted_object_copy" "to" {
  bucket = %[1]q
  key    = "to"
  copy_source {
    bucket   = cos_encrypted_object.from.bucket
    key      = cos_encrypted_object.from.key
    if_match = cos_encrypted_object.from.etag
  }
  sse {
    kms {}
  }
}

output "crc64ecma" {
  value = data.cos_encrypted_object_copy.to.crc64ecma
}

output "copied_at" {
  value = data.cos_encrypted_object_copy.to.copied_at
}
`, pt.Bucket, content)
}

// Each step ends with a plan that has to be empty, so that outputs of the copy must not change.
func TestCLICopyIsMadeAfterItsSourceInOneApply(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{
				Config: copyHCL(c, "first"),
				ConfigStateChecks: []statecheck.StateCheck{
					expectOutput("crc64ecma", cosapi.CRC64([]byte("first"))),
				},
			},
			{
				Config: copyHCL(c, "second"),
				ConfigStateChecks: []statecheck.StateCheck{
					expectOutput("crc64ecma", cosapi.CRC64([]byte("second"))),
				},
				Check: func(*terraform.State) error {
					if got := c.Requests("PutObjectCopy"); got != 2 {
						return fmt.Errorf("copies = %d, want 2", got)
					}
					return nil
				},
			},
		},
	})
	if mode := c.Head(pt.Ref("to"), nil).Encryption.Mode; mode != cosapi.ModeSSEKMS {
		t.Errorf("mode of the copy after destroy = %s, want that it stays SSE-KMS", mode)
	}
}

func TestCLIPlanMakesACopyThatIsMissing(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("from"), "content", cosapi.WriteOptions{})
	config := c.ProviderHCL("") + fmt.Sprintf(`
data "cos_encrypted_object_copy" "to" {
  bucket = %[1]q
  key    = "to"
  copy_source {
    bucket = %[1]q
    key    = "from"
  }
  sse {
    cos {}
  }
}
`, pt.Bucket)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config: config, PlanOnly: true,
		}},
	})
	if got := c.Requests("PutObjectCopy"); got != 1 {
		t.Errorf("copies = %d, want 1", got)
	}
}

// auditExample is an example of the registry page, which names the test bucket.
func auditExample(t *testing.T, c *pt.Cloud, file string) string {
	t.Helper()
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "data-sources",
		"cos_encrypted_objects", file))
	pt.Must(t, err)
	return c.ProviderHCL("") + string(example)
}

// checkStatus expects the outcome of the configuration's only check block.
type checkStatus tfjson.CheckStatus

// CheckState implements statecheck.StateCheck.
func (s checkStatus) CheckState(
	_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse,
) {
	for _, check := range req.State.Checks {
		if check.Address.Kind != tfjson.CheckKindCheckBlock {
			continue
		}
		if got := check.Status; got != tfjson.CheckStatus(s) {
			resp.Error = fmt.Errorf("check = %s, want %s", got, s)
		}
		return
	}
	resp.Error = errors.New("the state has no check block")
}

func TestCLIAuditWarnsByACheck(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	config := auditExample(t, c, "data-source.tf")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{checkStatus(tfjson.CheckStatusPass)},
			},
			{
				PreConfig: func() {
					c.Place(pt.Ref("reports/plain"), "content", cosapi.WriteOptions{})
				},
				Config:            config,
				ConfigStateChecks: []statecheck.StateCheck{checkStatus(tfjson.CheckStatusFail)},
			},
		},
	})
}

func TestCLIAuditFailsByAPostcondition(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("plain"), "content", cosapi.WriteOptions{})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config:      auditExample(t, c, "data-source_postcondition.tf"),
			ExpectError: regexp.MustCompile(`1 of 1 versions are not encrypted`),
		}},
	})
}

// stateWithout fails when the state holds a text.
type stateWithout string

// CheckState implements statecheck.StateCheck.
func (s stateWithout) CheckState(
	_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse,
) {
	text, err := json.Marshal(req.State)
	if err == nil && strings.Contains(string(text), string(s)) {
		err = errors.New("the state holds the canary")
	}
	resp.Error = err
}

// planWithout fails when the plan holds a text.
type planWithout string

// CheckPlan implements plancheck.PlanCheck.
func (p planWithout) CheckPlan(
	_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse,
) {
	text, err := json.Marshal(req.Plan)
	if err == nil && strings.Contains(string(text), string(p)) {
		err = errors.New("the plan holds the canary")
	}
	resp.Error = err
}

func TestCLIEphemeralContentReachesNeitherPlanNorState(t *testing.T) {
	t.Parallel()
	const canary = "canary-content"
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("secret"), canary, cosapi.WriteOptions{
		Encryption: cosapi.SSEC{Key: pt.MustKey(t, pt.KeyA)},
	})
	config := c.ProviderHCL(fmt.Sprintf("customer_keys = { a = %q }", pt.KeyA)) + fmt.Sprintf(`
ephemeral "cos_encrypted_object" "secret" {
  bucket = %[1]q
  key    = "secret"
}

resource "cos_encrypted_object" "derived" {
  bucket             = %[1]q
  key                = "derived"
  content_wo         = ephemeral.cos_encrypted_object.secret.content
  content_wo_version = 1
  sse {
    cos {}
  }
}

provider "echo" {
  data = ephemeral.cos_encrypted_object.secret.size
}

resource "echo" "size" {}
`, pt.Bucket)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{planWithout(canary)},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				stateWithout(canary),
				statecheck.ExpectKnownValue("echo.size", tfjsonpath.New("data"),
					knownvalue.Int64Exact(int64(len(canary)))),
			},
			Check: func(*terraform.State) error {
				got, _, err := c.SomebodyElse().Content(context.Background(), pt.Ref("derived"), nil, 100)
				if err == nil && string(got) != canary {
					err = fmt.Errorf("derived object = %q", got)
				}
				return err
			},
		}},
	})
}

func TestCLIRestoreThenRead(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	c.Place(pt.Ref("old"), "content", cosapi.WriteOptions{StorageClass: "ARCHIVE"})
	config := c.ProviderHCL("") + fmt.Sprintf(`
resource "cos_encrypted_object_restore" "old" {
  bucket = %q
  key    = "old"
  days   = 2
}

data "cos_encrypted_object" "old" {
  bucket       = cos_encrypted_object_restore.old.bucket
  key          = cos_encrypted_object_restore.old.key
  read_content = true
  depends_on   = [cos_encrypted_object_restore.old]
}

output "restored" {
  value     = data.cos_encrypted_object.old.content
  sensitive = true
}
`, pt.Bucket)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{{
			Config:            config,
			ConfigStateChecks: []statecheck.StateCheck{expectOutput("restored", "content")},
		}},
	})
}

func TestCLIFunctions(t *testing.T) {
	t.Parallel()
	c := pt.NewCloud(t, cosemu.Config{})
	url := "https://" + pt.Bucket + ".cos." + pt.Region + ".myqcloud.com/a%20b"
	config := c.ProviderHCL("") + fmt.Sprintf(`
output "md5" {
  value = provider::cos::customer_key_md5(%q)
}
output "context" {
  value = provider::cos::kms_context({ test = "test" })
}
output "key" {
  value = provider::cos::parse_object_url(%q).key
}
`, pt.KeyA, url)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: pt.FactoriesWithEcho(),
		Steps: []resource.TestStep{
			{
				Config: config,
				ConfigStateChecks: []statecheck.StateCheck{
					expectOutput("md5", pt.MustKey(t, pt.KeyA).MD5()),
					expectOutput("context", "eyJ0ZXN0IjoidGVzdCJ9"),
					expectOutput("key", "a b"),
				},
			},
			{
				Config:      `output "md5" { value = provider::cos::customer_key_md5("short") }`,
				ExpectError: regexp.MustCompile(`(?s)Invalid value for "key" parameter.*5 bytes`),
			},
		},
	})
}
