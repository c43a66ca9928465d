output "compliant" {
  description = "Whether every object was seen to be encrypted as asked."
  value       = cos_encrypted_prefix.this.compliant
}

output "objects" {
  description = "How many objects there are, how many are not as asked, and how many by mode and key."
  value = {
    total      = cos_encrypted_prefix.this.total
    violations = cos_encrypted_prefix.this.violations
    blocked    = cos_encrypted_prefix.this.blocked
    counts     = cos_encrypted_prefix.this.counts
  }
}

output "attestation" {
  description = "The document about it in evidence_bucket, null without that."
  value       = cos_encrypted_prefix.this.attestation
}
