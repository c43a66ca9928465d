# terraform apply -invoke=action.cos_encrypted_object_restore.backup
action "cos_encrypted_object_restore" "backup" {
  config {
    bucket = "examplebucket-1250000000"
    key    = "backups/2025.tar"
    days   = 3
    tier   = "Expedited"
  }
}
