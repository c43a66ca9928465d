resource "cos_encrypted_object" "settings" {
  bucket  = "examplebucket-1250000000"
  key     = "settings.json"
  content = jsonencode({ retention_days = 30 })

  cache_control = "no-cache"
  metadata      = { owner = "platform" }
  tags          = { environment = "production" }

  sse {
    cos {}
  }
}
