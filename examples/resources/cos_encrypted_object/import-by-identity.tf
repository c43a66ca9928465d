import {
  to = cos_encrypted_object.report
  identity = {
    bucket = "examplebucket-1250000000"
    key    = "reports/2026.csv"
    region = "ap-guangzhou" # optional: the provider's region
  }
}
