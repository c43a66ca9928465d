data "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"

  lifecycle {
    postcondition {
      condition     = self.encryption.mode == "SSE-KMS"
      error_message = "The report has to be encrypted with a KMS key."
    }
  }
}
