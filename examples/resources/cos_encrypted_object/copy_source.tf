resource "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"
  source = "${path.module}/2026.csv"

  sse {
    cos {}
  }
}

# Copied on the server, after the source is written, and again whenever it changes.
resource "cos_encrypted_object" "archive" {
  bucket        = "archive-1250000000"
  key           = "reports/2026.csv"
  storage_class = "STANDARD_IA"

  copy_source {
    bucket   = cos_encrypted_object.report.bucket
    key      = cos_encrypted_object.report.key
    if_match = cos_encrypted_object.report.etag
  }

  sse {
    kms {}
  }
}
