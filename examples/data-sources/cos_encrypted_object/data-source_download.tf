variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

# Downloads and decrypts into a file that only its owner may read. A file that has the object's
# bytes already is left alone.
data "cos_encrypted_object" "contract" {
  bucket      = "examplebucket-1250000000"
  key         = "contracts/2026.pdf"
  output_path = "${path.module}/2026.pdf"

  sse {
    c {
      key_name = "contracts-2026"
    }
  }
}
