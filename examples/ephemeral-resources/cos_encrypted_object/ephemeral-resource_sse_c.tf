variable "token_key" {
  description = "32 bytes, or the Base64 of 32 bytes."
  type        = string
  sensitive   = true
  ephemeral   = true
}

ephemeral "cos_encrypted_object" "token" {
  bucket    = "examplebucket-1250000000"
  key       = "secrets/token"
  max_bytes = 4096

  sse {
    c {
      key = var.token_key # ephemeral resources store nothing
    }
  }
}
