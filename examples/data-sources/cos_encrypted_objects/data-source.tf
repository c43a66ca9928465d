data "cos_encrypted_objects" "audit" {
  bucket = "examplebucket-1250000000"
  prefix = "reports/"

  expect {
    modes       = ["SSE-KMS"]
    kms_key_ids = ["48ba38aa-26c5-11ea-855c-52540085dead"]
  }
}

# Warns, and lets the run go on.
check "reports_are_encrypted" {
  assert {
    condition = (
      data.cos_encrypted_objects.audit.violations == 0 &&
      data.cos_encrypted_objects.audit.complete
    )
    error_message = "Not encrypted as expected: ${join(", ", data.cos_encrypted_objects.audit.objects[*].key)}"
  }
}
