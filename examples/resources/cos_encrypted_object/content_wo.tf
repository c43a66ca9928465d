variable "token" {
  type      = string
  sensitive = true
  ephemeral = true
}

# Neither the body nor anything that it could be guessed from is stored.
resource "cos_encrypted_object" "token" {
  bucket             = "examplebucket-1250000000"
  key                = "secrets/token"
  content_wo         = var.token
  content_wo_version = 1 # raise it together with a new body

  sse {
    kms {}
  }
}
