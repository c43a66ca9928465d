# What the examples of the documentation expect to find; scripts/check-examples.sh applies it to an
# emulator before it plans them.
terraform {
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}

variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

# Some examples take the token from an SSE-C object, some from another.
variable "token_has_a_key" {
  type = bool
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

locals {
  bucket = "examplebucket-1250000000"
}

resource "cos_encrypted_object" "report" {
  bucket  = local.bucket
  key     = "reports/2026.csv"
  content = "x"

  sse {
    kms {
      key_id = "48ba38aa-26c5-11ea-855c-52540085dead"
    }
  }
}

resource "cos_encrypted_object" "export" {
  for_each = toset(["exports/latest.csv", "backups/2025.tar"])
  bucket   = local.bucket
  key      = each.value
  content  = "x"

  sse {
    cos {}
  }
}

resource "cos_encrypted_object" "archived" {
  bucket        = local.bucket
  key           = "reports/2019.csv"
  content       = "x"
  storage_class = "ARCHIVE"

  sse {
    cos {}
  }
}

resource "cos_encrypted_object" "contract" {
  bucket  = local.bucket
  key     = "contracts/2026.pdf"
  content = "x"

  sse {
    c {
      key_name = "contracts-2026"
    }
  }
}

resource "cos_encrypted_object" "token" {
  bucket  = local.bucket
  key     = "secrets/token"
  content = "x"

  sse {
    dynamic "cos" {
      for_each = var.token_has_a_key ? [] : [1]
      content {}
    }
    dynamic "c" {
      for_each = var.token_has_a_key ? [1] : []
      content {
        key_name = "contracts-2026"
      }
    }
  }
}
