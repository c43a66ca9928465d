terraform {
  required_version = ">= 1.11"
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}

provider "cos" {
  region           = "ap-guangzhou"
  endpoint         = var.endpoint
  custom_ca_bundle = var.ca_bundle
  secret_id        = var.secret_id
  secret_key       = var.secret_key
  customer_keys    = var.customer_keys
}

locals {
  bucket = "examplebucket-1250000000"
}

# SSE-COS: COS keeps the key.
resource "cos_encrypted_object" "report" {
  bucket = local.bucket
  key    = "reports/2026.csv"
  source = "${path.module}/files/report.csv"

  sse {
    cos {}
  }
}

# SSE-KMS: a key of Tencent Cloud KMS, bound to a context.
resource "cos_encrypted_object" "ledger" {
  bucket  = local.bucket
  key     = "ledger/2026.json"
  content = jsonencode({ currency = "CNY", balance = 1250 })

  sse {
    kms {
      key_id  = var.kms_key_id
      context = { team = "finance" }
    }
  }
}

# SSE-C: a key of the provider's keyring, by name. Nothing secret is stored.
resource "cos_encrypted_object" "contract" {
  bucket = local.bucket
  key    = "contracts/2026.txt"
  source = "${path.module}/files/contract.txt"

  sse {
    c {
      key_name = var.contract_key_name
    }
  }
}

# SSE-C: a write-only key. Nothing secret is stored; a new version announces a new key.
resource "cos_encrypted_object" "payroll" {
  bucket = local.bucket
  key    = "payroll/2026.csv"
  source = "${path.module}/files/payroll.csv"

  sse {
    c {
      key_wo         = var.payroll_key
      key_wo_version = var.payroll_key_version
    }
  }
}
