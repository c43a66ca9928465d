resource "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"
  source = "${path.module}/2026.csv"

  sse {
    cos {}
  }
}
