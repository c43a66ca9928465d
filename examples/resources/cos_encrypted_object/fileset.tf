resource "cos_encrypted_object" "site" {
  for_each = fileset("${path.module}/site", "**")

  bucket = "examplebucket-1250000000"
  key    = "site/${each.value}"
  source = "${path.module}/site/${each.value}"

  sse {
    cos {}
  }
}
