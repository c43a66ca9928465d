# terraform apply -invoke=action.cos_encrypted_object_reencrypt.export
action "cos_encrypted_object_reencrypt" "export" {
  config {
    bucket = "examplebucket-1250000000"
    key    = "exports/latest.csv"

    sse {
      kms {
        key_id = "8a4b1c9e-0000-4000-8000-000000000000"
      }
    }
  }
}
