variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}

resource "cos_encrypted_object_restore" "contract" {
  bucket        = "examplebucket-1250000000"
  key           = "contracts/2019.pdf"
  days          = 30
  tier          = "Bulk"
  keep_restored = true # plan another, charged restore when this one has expired

  sse {
    c {
      key_name = "contracts-2019"
    }
  }

  timeouts {
    create = "48h"
  }
}
