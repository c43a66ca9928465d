variable "kms_key_id" {
  type = string
}

resource "cos_encrypted_object" "ledger" {
  bucket = "examplebucket-1250000000"
  key    = "ledger/2026.json"
  source = "${path.module}/ledger.json"

  sse {
    kms {
      key_id  = var.kms_key_id
      context = { team = "finance" }
    }
  }
}

# Refer to what COS reports rather than to sse[0].kms[0].
output "ledger_kms_key" {
  value = cos_encrypted_object.ledger.encryption.kms_key_id
}
