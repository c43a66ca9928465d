variable "old_key" {
  description = "32 bytes, or the Base64 of 32 bytes."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "new_key" {
  description = "32 bytes, or the Base64 of 32 bytes."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "cos" {
  region = "ap-guangzhou"

  customer_keys = {
    "2025" = var.old_key
    "2026" = var.new_key
  }
}

# Every object of the list, one copy each and no upload.
action "cos_encrypted_object_reencrypt" "rotate" {
  for_each = toset(["a.bin", "b.bin"])

  config {
    bucket   = "examplebucket-1250000000"
    key      = each.key
    key_name = "2025"

    sse {
      c {
        key_name = "2026"
      }
    }
  }
}
