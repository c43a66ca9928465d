ephemeral "cos_encrypted_object" "token" {
  bucket = "examplebucket-1250000000"
  key    = "secrets/token"
}

# The decrypted token is used and never stored.
resource "cos_encrypted_object" "copy_of_token" {
  bucket             = "otherbucket-1250000000"
  key                = "secrets/token"
  content_wo         = ephemeral.cos_encrypted_object.token.content
  content_wo_version = 1

  sse {
    kms {}
  }
}
