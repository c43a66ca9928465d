# Makes the archived object readable for a week, and waits until it is.
resource "cos_encrypted_object_restore" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2019.csv"
  days   = 7
  tier   = "Standard"
}

data "cos_encrypted_object" "report" {
  bucket       = cos_encrypted_object_restore.report.bucket
  key          = cos_encrypted_object_restore.report.key
  read_content = cos_encrypted_object_restore.report.restored
}
