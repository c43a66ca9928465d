locals {
  report = provider::cos::parse_object_url(
    "https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/reports/2026.csv"
  )
}

resource "cos_encrypted_object" "report" {
  bucket = local.report.bucket
  key    = local.report.key
  region = local.report.region
  source = "${path.module}/2026.csv"

  sse {
    cos {}
  }
}
