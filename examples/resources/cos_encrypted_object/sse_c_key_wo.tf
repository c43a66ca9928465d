variable "payroll_key" {
  description = "32 bytes, or the Base64 of 32 bytes."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "cos_encrypted_object" "payroll" {
  bucket = "examplebucket-1250000000"
  key    = "payroll/2026.csv"
  source = "${path.module}/payroll.csv"

  sse {
    c {
      key_wo         = var.payroll_key
      key_wo_version = 1 # raise it together with a new key
    }
  }
}
