# Uploads without a header, by whoever, get this encryption.
resource "cos_bucket_encryption" "this" {
  bucket = var.bucket

  sse {
    dynamic "cos" {
      for_each = var.kms_key_id == null ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = var.kms_key_id[*]
      content {
        key_id = kms.value
      }
    }
  }
}

# All that is there has it too. A plan counts what has to be rewritten; its apply rewrites that and
# nothing else.
resource "cos_encrypted_prefix" "this" {
  bucket           = cos_bucket_encryption.this.bucket
  prefix           = ""
  enforce          = var.enforce
  exclude_prefixes = length(var.exclude_prefixes) > 0 ? var.exclude_prefixes : null

  sse {
    dynamic "cos" {
      for_each = var.kms_key_id == null ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = var.kms_key_id[*]
      content {
        key_id = kms.value
      }
    }
  }

  dynamic "accept" {
    for_each = length(var.accept_modes) > 0 ? [1] : []
    content {
      modes = var.accept_modes
    }
  }

  dynamic "evidence" {
    for_each = var.evidence_bucket[*]
    content {
      bucket = evidence.value
      prefix = var.evidence_prefix
    }
  }
}

check "encrypted" {
  assert {
    condition     = cos_encrypted_prefix.this.compliant
    error_message = "${cos_encrypted_prefix.this.violations} of ${cos_encrypted_prefix.this.total} objects of ${var.bucket} are not encrypted as asked."
  }
}
