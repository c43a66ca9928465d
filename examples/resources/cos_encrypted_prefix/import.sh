# The whole bucket, and a prefix of it.
terraform import cos_encrypted_prefix.data examplebucket-1250000000
terraform import cos_encrypted_prefix.reports examplebucket-1250000000/reports/
