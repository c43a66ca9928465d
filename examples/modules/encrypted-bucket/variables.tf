variable "bucket" {
  type        = string
  description = "Bucket that is to be encrypted, with its appid: examplebucket-1250000000. It exists already."

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*-[0-9]+$", var.bucket))
    error_message = "bucket is <name>-<appid>, in lower case."
  }
}

variable "kms_key_id" {
  type        = string
  default     = null
  description = "CMK of Tencent Cloud KMS. Without it COS keeps the key (SSE-COS)."
}

variable "accept_modes" {
  type        = set(string)
  default     = []
  description = "Other modes that objects may have and keep, for example [\"SSE-C\"]."

  validation {
    condition     = alltrue([for mode in var.accept_modes : contains(["SSE-COS", "SSE-KMS", "SSE-C"], mode)])
    error_message = "accept_modes are SSE-COS, SSE-KMS and SSE-C; an object in clear is never accepted."
  }
}

variable "enforce" {
  type        = bool
  default     = true
  description = "Whether objects that are not encrypted as asked are rewritten; false only counts them."
}

variable "exclude_prefixes" {
  type        = set(string)
  default     = []
  description = "Starts of keys that somebody else looks after."
}

variable "evidence_bucket" {
  type        = string
  default     = null
  description = "Bucket for the documents that say what was found; another than bucket."

  validation {
    condition     = var.evidence_bucket != var.bucket
    error_message = "Evidence about a bucket belongs into another one."
  }
}

variable "evidence_prefix" {
  type        = string
  default     = "encryption/"
  description = "Where in it."
}
