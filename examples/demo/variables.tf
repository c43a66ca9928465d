variable "endpoint" {
  description = "Endpoint of the emulator, with {bucket} in it."
  type        = string
}

variable "ca_bundle" {
  description = "File with the emulator's CA certificate."
  type        = string
}

variable "secret_id" {
  description = "SecretId that the emulator accepts."
  type        = string
  ephemeral   = true
}

variable "secret_key" {
  description = "SecretKey that the emulator accepts."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "kms_key_id" {
  description = "Id of a KMS key that the emulator knows."
  type        = string
}

variable "customer_keys" {
  description = "The keyring: SSE-C keys by name."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

variable "contract_key_name" {
  description = "Name of the contract's key in customer_keys."
  type        = string
}

variable "payroll_key" {
  description = "The payroll's SSE-C key."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "payroll_key_version" {
  description = "Version of payroll_key. Another number announces another key."
  type        = number
}
