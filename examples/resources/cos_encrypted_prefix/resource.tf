variable "kms_key_id" {
  type = string
}

# Later uploads without a header get the key.
resource "cos_bucket_encryption" "data" {
  bucket = "examplebucket-1250000000"

  sse {
    kms {
      key_id = var.kms_key_id
    }
  }
}

# All objects have it: the next plan shows what has to be rewritten, and its apply does that.
resource "cos_encrypted_prefix" "data" {
  bucket = cos_bucket_encryption.data.bucket
  prefix = "" # the whole bucket

  sse {
    kms {
      key_id = var.kms_key_id
    }
  }

  evidence {
    bucket = "audit-1250000000"
    prefix = "encryption/"
  }
}

check "all_encrypted" {
  assert {
    condition = cos_encrypted_prefix.data.compliant
    error_message = join(" ", [
      "${cos_encrypted_prefix.data.violations} of ${cos_encrypted_prefix.data.total}",
      "objects are not encrypted as asked.",
    ])
  }
}
