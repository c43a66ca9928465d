# Runs against the emulator; where that is comes from the environment (COS_ENDPOINT and so on).

variables {
  bucket          = "modulebucket-1250000000"
  kms_key_id      = "48ba38aa-26c5-11ea-855c-52540085dead"
  evidence_bucket = "audit-1250000000"
}

run "an_object_with_another_encryption" {
  module {
    source = "./tests/object"
  }
  variables {
    bucket = "modulebucket-1250000000"
  }
}

run "counted_only" {
  variables {
    enforce = false
  }
  assert {
    condition     = output.objects.total == 1 && output.objects.violations == 1
    error_message = "Found ${jsonencode(output.objects)}."
  }
  expect_failures = [check.encrypted]
}

run "rewritten" {
  assert {
    condition     = output.compliant && output.objects.violations == 0
    error_message = "Found ${jsonencode(output.objects)}."
  }
  assert {
    condition     = output.attestation != null
    error_message = "There is no evidence."
  }
}

run "accepted_modes" {
  command = plan
  variables {
    accept_modes = ["NONE"]
  }
  expect_failures = [var.accept_modes]
}

run "evidence_elsewhere" {
  command = plan
  variables {
    evidence_bucket = "modulebucket-1250000000"
  }
  expect_failures = [var.evidence_bucket]
}
