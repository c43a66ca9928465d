terraform {
  required_version = ">= 1.11"
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}

# SSE-C keys by name. An ephemeral variable is stored neither in the state nor in a saved plan.
variable "customer_keys" {
  type      = map(string)
  sensitive = true
  ephemeral = true
  default   = {}
}

# Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, a tccli profile, a
# CVM role or a web identity; see below.
provider "cos" {
  region        = "ap-guangzhou"
  customer_keys = var.customer_keys
}
