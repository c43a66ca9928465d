variable "payroll_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "cos_encrypted_object" "payroll" {
  bucket = "examplebucket-1250000000"
  key    = "payroll/2026.csv"
  source = "${path.module}/payroll.csv"

  sse {
    c {
      key_wo         = var.payroll_key
      key_wo_version = 1
    }
  }
}

# Is the object encrypted with this very key?
locals {
  same_key = (
    cos_encrypted_object.payroll.encryption.customer_key_md5 ==
    provider::cos::customer_key_md5(var.payroll_key)
  )
}
