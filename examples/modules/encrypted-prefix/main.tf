# Every file of a folder as an encrypted object. A file that is added, changed or removed is an object
# that is written, written again or deleted; another encryption is put in place by copies on the server.
resource "cos_encrypted_object" "this" {
  for_each = fileset(var.source_dir, var.pattern)

  bucket = var.bucket
  key    = "${var.prefix}${each.value}"
  source = "${var.source_dir}/${each.value}"
  tags   = length(var.tags) > 0 ? var.tags : null

  sse {
    dynamic "cos" {
      for_each = var.kms_key_id == null && var.customer_key_name == null ? [1] : []
      content {}
    }
    dynamic "kms" {
      for_each = var.kms_key_id[*]
      content {
        key_id = kms.value
      }
    }
    dynamic "c" {
      for_each = var.customer_key_name[*]
      content {
        key_name = c.value
      }
    }
  }
}
