# An object as somebody uploaded it before.
terraform {
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}

variable "bucket" {
  type = string
}

resource "cos_encrypted_object" "this" {
  bucket          = var.bucket
  key             = "old.txt"
  content         = "x"
  deletion_policy = "abandon"

  sse {
    cos {}
  }
}
