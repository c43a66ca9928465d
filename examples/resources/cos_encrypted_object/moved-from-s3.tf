# Before: resource "aws_s3_object" "report", of a provider "aws" with COS's endpoint for S3
moved {
  from = aws_s3_object.report
  to   = cos_encrypted_object.report
}

resource "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"
  source = "${path.module}/2026.csv"

  sse {
    cos {}
  }
}
