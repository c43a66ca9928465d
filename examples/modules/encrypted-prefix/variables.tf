variable "bucket" {
  type        = string
  description = "Bucket of the objects, with its appid: examplebucket-1250000000."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*-[0-9]+$", var.bucket))
    error_message = "bucket is <name>-<appid>, in lower case."
  }
}

variable "prefix" {
  type        = string
  default     = ""
  description = "What all keys start with, ending in a slash; \"\" is the bucket's root."

  validation {
    condition     = var.prefix == "" || (endswith(var.prefix, "/") && !startswith(var.prefix, "/"))
    error_message = "prefix is \"\", or ends with a slash and does not start with one."
  }
}

variable "source_dir" {
  type        = string
  description = "Folder whose files become objects."
}

variable "pattern" {
  type        = string
  default     = "**"
  description = "Which files, as fileset() takes it."
}

variable "kms_key_id" {
  type        = string
  default     = null
  description = "CMK of Tencent Cloud KMS. Without it, and without customer_key_name, COS keeps the key (SSE-COS)."
}

variable "customer_key_name" {
  type        = string
  default     = null
  description = "Name of a key in the provider's customer_keys, for SSE-C."

  validation {
    condition     = var.customer_key_name == null || var.kms_key_id == null
    error_message = "Set kms_key_id or customer_key_name, not both."
  }
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of every object; at most 10. Others' tags on these objects are removed."

  validation {
    condition     = length(var.tags) <= 10
    error_message = "An object has at most 10 tags."
  }
}
