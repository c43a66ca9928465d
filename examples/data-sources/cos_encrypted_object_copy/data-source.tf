resource "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"
  source = "${path.module}/2026.csv"

  sse {
    cos {}
  }
}

data "cos_encrypted_object_copy" "archive" {
  bucket = "archive-1250000000"
  key    = "reports/2026.csv"

  copy_source {
    bucket   = cos_encrypted_object.report.bucket
    key      = cos_encrypted_object.report.key
    if_match = cos_encrypted_object.report.etag # copy after the source is written
  }

  sse {
    kms {}
  }
}
