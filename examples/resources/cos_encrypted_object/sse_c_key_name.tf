variable "customer_keys" {
  description = "SSE-C keys by name, for example { contracts-2026 = \"<Base64 of 32 bytes>\" }."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

resource "cos_encrypted_object" "contract" {
  bucket = "examplebucket-1250000000"
  key    = "contracts/2026.pdf"
  source = "${path.module}/2026.pdf"

  sse {
    c {
      key_name = "contracts-2026"
    }
  }
}
