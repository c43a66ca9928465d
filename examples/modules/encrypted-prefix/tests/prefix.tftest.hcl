# Runs against the emulator; where that is comes from the environment (COS_ENDPOINT and so on).

variables {
  bucket     = "examplebucket-1250000000"
  prefix     = "module/"
  source_dir = "tests/files"
}

run "cos_by_default" {
  assert {
    condition     = jsonencode(output.modes) == jsonencode(["SSE-COS"])
    error_message = "Objects are encrypted by ${jsonencode(output.modes)}."
  }
  assert {
    condition     = output.objects["sub/b.txt"].key == "module/sub/b.txt"
    error_message = "Keys are ${jsonencode([for o in output.objects : o.key])}."
  }
  assert {
    condition     = length(output.objects) == 2
    error_message = "There are ${length(output.objects)} objects."
  }
}

run "tags" {
  variables {
    tags = { team = "finance" }
  }
  assert {
    condition     = alltrue([for o in cos_encrypted_object.this : o.tags.team == "finance"])
    error_message = "An object lacks its tag."
  }
}

run "another_encryption_uploads_nothing" {
  variables {
    kms_key_id = "48ba38aa-26c5-11ea-855c-52540085dead"
  }
  assert {
    condition     = jsonencode(output.modes) == jsonencode(["SSE-KMS"])
    error_message = "Objects are encrypted by ${jsonencode(output.modes)}."
  }
  assert {
    condition     = output.objects["a.csv"].crc64 == run.cos_by_default.objects["a.csv"].crc64
    error_message = "The bytes are others."
  }
}

run "unchanged" {
  command = plan
  variables {
    kms_key_id = "48ba38aa-26c5-11ea-855c-52540085dead"
  }
  assert {
    condition     = output.objects["a.csv"].url == run.another_encryption_uploads_nothing.objects["a.csv"].url
    error_message = "A plan without changes does not know its objects."
  }
}

run "bucket_without_appid" {
  command = plan
  variables {
    bucket = "examplebucket"
  }
  expect_failures = [var.bucket]
}

run "prefix_without_a_slash" {
  command = plan
  variables {
    prefix = "module"
  }
  expect_failures = [var.prefix]
}

run "two_encryptions" {
  command = plan
  variables {
    kms_key_id        = "48ba38aa-26c5-11ea-855c-52540085dead"
    customer_key_name = "key"
  }
  expect_failures = [var.customer_key_name]
}

run "too_many_tags" {
  command = plan
  variables {
    tags = { for i in range(11) : "tag${i}" => "x" }
  }
  expect_failures = [var.tags]
}
