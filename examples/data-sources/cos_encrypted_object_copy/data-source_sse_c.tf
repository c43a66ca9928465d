variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

# From one SSE-C key to another, and to another region.
data "cos_encrypted_object_copy" "contract" {
  bucket = "archive-1250000000"
  key    = "contracts/2026.pdf"
  region = "ap-beijing"

  copy_source {
    bucket = "examplebucket-1250000000"
    key    = "contracts/2026.pdf"
    region = "ap-guangzhou"

    sse {
      c {
        key_name = "contracts-2025"
      }
    }
  }

  sse {
    c {
      key_name = "contracts-2026"
    }
  }
}
