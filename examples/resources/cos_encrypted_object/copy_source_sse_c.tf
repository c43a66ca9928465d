variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

# Different SSE-C keys on both sides.
resource "cos_encrypted_object" "copy" {
  bucket = "examplebucket-1250000000"
  key    = "contracts/copy.pdf"

  copy_source {
    bucket = "examplebucket-1250000000"
    key    = "contracts/2026.pdf"

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
