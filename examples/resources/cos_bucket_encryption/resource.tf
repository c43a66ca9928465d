variable "kms_key_id" {
  type = string
}

resource "cos_bucket_encryption" "data" {
  bucket = "examplebucket-1250000000"

  sse {
    kms {
      key_id = var.kms_key_id
    }
  }
}
