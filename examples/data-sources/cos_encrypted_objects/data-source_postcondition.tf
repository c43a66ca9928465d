# Fails the run.
data "cos_encrypted_objects" "audit" {
  bucket             = "examplebucket-1250000000"
  include_noncurrent = true # earlier versions keep their encryption

  lifecycle {
    postcondition {
      condition     = self.violations == 0 && self.complete
      error_message = "${self.violations} of ${self.total} versions are not encrypted."
    }
  }
}
