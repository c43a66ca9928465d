resource "cos_encrypted_object" "report" {
  bucket = "examplebucket-1250000000"
  key    = "reports/2026.csv"
  source = "${path.module}/2026.csv"

  sse {
    kms {
      key_id  = "48ba38aa-26c5-11ea-855c-52540085dead" # without it: COS's default key
      context = { team = "finance" }
    }
  }
}
