terraform {
  required_version = ">= 1.11"
  required_providers {
    cos = {
      source = "encrypted-cos/cos"
    }
  }
}
