variable "encryption" {
  description = "How to encrypt: one of SSE-COS, SSE-KMS and SSE-C."
  type = object({
    mode     = string
    key_id   = optional(string)
    key_name = optional(string)
  })
  default = { mode = "SSE-COS" }
}

resource "cos_encrypted_object" "object" {
  bucket  = "examplebucket-1250000000"
  key     = "module.txt"
  content = "The caller of the module chooses the encryption."

  sse {
    dynamic "cos" {
      for_each = var.encryption.mode == "SSE-COS" ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = var.encryption.mode == "SSE-KMS" ? [1] : []
      content {
        key_id = var.encryption.key_id
      }
    }
    dynamic "c" {
      for_each = var.encryption.mode == "SSE-C" ? [1] : []
      content {
        key_name = var.encryption.key_name
      }
    }
  }
}
