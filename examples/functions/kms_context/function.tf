# For a program that takes the context as COS's SDKs do (SSEKMSContext).
output "context" {
  value = provider::cos::kms_context({ team = "finance" }) # eyJ0ZWFtIjoiZmluYW5jZSJ9
}
