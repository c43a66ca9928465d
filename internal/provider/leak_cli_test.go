package provider_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/encrypted-cos/terraform-provider-cos/cosemu"
	pt "github.com/encrypted-cos/terraform-provider-cos/internal/provider/providertest"
)

// spellings are all ways in which a secret could stand in a file.
func spellings(secret string) []string {
	return []string{
		secret, base64.StdEncoding.EncodeToString([]byte(secret)),
		hex.EncodeToString([]byte(secret)), fmt.Sprintf("%d", []byte(secret)),
	}
}

const leakConfig = `
variable "wo_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "named_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "body" {
  type      = string
  ephemeral = true
  sensitive = true
}

terraform {
  required_providers {
    cos = { source = "encrypted-cos/cos" }
  }
}

resource "cos_encrypted_object" "write_only" {
  bucket             = "examplebucket-1250000000"
  key                = "write-only"
  content_wo         = var.body
  content_wo_version = 1
  sse {
    c {
      key_wo         = var.wo_key
      key_wo_version = 1
    }
  }
}

resource "cos_encrypted_object" "named" {
  bucket             = "examplebucket-1250000000"
  key                = "named"
  content_wo         = var.body
  content_wo_version = 1
  sse {
    c {
      key_name = "main"
    }
  }
}

resource "cos_encrypted_object" "managed" {
  bucket             = "examplebucket-1250000000"
  key                = "managed"
  content_wo         = var.body
  content_wo_version = 1
  sse {
    cos {}
  }
}
`

// TestCLISecretsReachNeitherStatePlanOutputNorLog follows canaries through plan, apply, a second
// plan, a failing apply and destroy, with every log there is.
func TestCLISecretsReachNeitherStatePlanOutputNorLog(t *testing.T) {
	t.Parallel()
	cloud := pt.NewCloud(t, cosemu.Config{})
	secrets := map[string]string{
		"key_wo": "Canary+WriteOnly/Key=0123456789A", "key_name": "Canary-Keyring-Key-0123456789ABC",
		"content_wo": "canary body: the quick brown fox 4711",
	}
	run := pt.NewCLI(t, cloud.ProviderHCL("customer_keys = { main = var.named_key }")+leakConfig,
		map[string]string{
			"TF_VAR_wo_key": secrets["key_wo"], "TF_VAR_named_key": secrets["key_name"],
			"TF_VAR_body": secrets["content_wo"],
		})
	run.MustRun("plan", "-out=first.tfplan")
	run.MustRun("apply", "first.tfplan")
	again := run.MustRun("plan", "-out=second.tfplan")
	if !strings.Contains(again, "No changes") {
		t.Errorf("the second plan is not empty:\n%s", again)
	}
	planJSON := run.MustRun("show", "-json", "first.tfplan")
	state := run.Read("terraform.tfstate")
	for _, name := range []string{"key_wo", "key_name"} {
		md5 := pt.MustKey(t, secrets[name]).MD5()
		if !strings.Contains(state, md5) {
			t.Errorf("the state does not identify the key by its MD5 %s", md5)
		}
	}
	run.MustRun("destroy", "-auto-approve")
	files := map[string]string{
		"state": state, "plan JSON": planJSON, "saved plan": run.PlanFiles("first.tfplan"),
		"second plan": run.PlanFiles("second.tfplan"), "output": run.Output.String(),
		"TRACE log": run.Read("trace.log"), "state backup": run.Read("terraform.tfstate.backup"),
	}
	if len(files["TRACE log"]) < 100_000 || !strings.Contains(files["TRACE log"], "COS request") {
		t.Errorf("the TRACE log is not one: %d bytes", len(files["TRACE log"]))
	}
	for name, secret := range secrets {
		for _, spelling := range spellings(secret) {
			for file, text := range files {
				if strings.Contains(text, spelling) {
					t.Errorf("%s occurs in the %s", name, file)
				}
			}
		}
	}
}
