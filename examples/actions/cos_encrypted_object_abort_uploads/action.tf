# terraform apply -invoke=action.cos_encrypted_object_abort_uploads.reports
action "cos_encrypted_object_abort_uploads" "reports" {
  config {
    bucket     = "examplebucket-1250000000"
    prefix     = "reports/"
    older_than = "72h"
  }
}
